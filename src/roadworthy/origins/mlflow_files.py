"""MLflow's file store: a folder an experiment, a folder a run, a file a metric, parameter or tag.

Read of MLflow 2.0 to 3.17 (`FileStore`, `mlruns/`). Links are not followed; nothing outside of the
folder is read, whatever `artifact_uri` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from roadworthy.domain import UsageError
from roadworthy.manifests import Document, read_yaml

from .mlflow_artifacts import hashed
from .mlflow_run import MOST_NAMES, MOST_POINTS, Dataset, NotThereError, Point, Run, Version
from .source import Limits, opened

META = "meta.yaml"
_STATUS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_SMALL = Limits(document=4 << 20, streamed=256 << 20, line=64 << 10)
_RUN_KEYS = frozenset(("run_id", "experiment_id", "status", "start_time"))


def is_store(folder: Path) -> bool:
    """Whether a folder is a file store: an experiment in it describes itself."""
    return any(_experiment_file(each) for each in sorted(folder.iterdir())[:MOST_NAMES])


def _experiment_file(folder: Path) -> bool:
    return (
        folder.is_dir()
        and not folder.is_symlink()
        and (folder / META).is_file()
        and (folder.name not in ("models", ".trash") and _ID.fullmatch(folder.name) is not None)
    )


class FileStore:
    """One tracking folder."""

    form = "MLflow file store"
    version = ""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        """What is read under it has this very path: another one leads through a link."""
        self.place = folder.name or str(folder)

    def names(self, most: int) -> Sequence[tuple[str, str]]:
        """Ids and names of its runs, the newest first."""
        found = []
        for _, run in self._runs():
            meta = _meta(run / META)
            found.append((_whole(meta.get("start_time")), run.name, str(meta.get("run_name", ""))))
        return [(run_id, name) for _, run_id, name in sorted(found, reverse=True)[:most]]

    def run(self, run_id: str) -> Run:
        """One run, whole."""
        if not _ID.fullmatch(run_id):
            raise NotThereError(f"{run_id!r} is no id of a run")
        for experiment, folder in self._runs():
            if folder.name == run_id:
                return self._read(experiment, folder)
        raise NotThereError(f"{self._folder} has no run {run_id}")

    def run_of(self, model: str, version: str, alias: str) -> str:
        """The run that a version of a model came from."""
        folder = self._model(model)
        if alias:
            version = self._aliases(folder).get(alias, "")
            if not version:
                raise NotThereError(f"{self._folder}: model {model!r} has no alias {alias!r}")
        meta = folder / f"version-{version}" / META
        if not version.isdigit() or not meta.is_file():
            raise NotThereError(f"{self._folder}: model {model!r} has no version {version!r}")
        run_id = str(_meta(meta).get("run_id") or "")
        if not run_id:
            raise UsageError(f"{meta}: this version came out of no run", fix="--run ID")
        return run_id

    def _model(self, model: str) -> Path:
        for folder in self._models():
            if _meta(folder / META).get("name") == model:
                return folder
        raise NotThereError(f"{self._folder} has no model {model!r}")

    def _models(self) -> Iterator[Path]:
        yield from _folders(self._folder / "models")

    def _runs(self) -> Iterator[tuple[Path, Path]]:
        for experiment in _folders(self._folder):
            if not _experiment_file(experiment):
                continue
            for folder in _folders(experiment):
                if folder.name not in ("models", "traces", "datasets", "tags"):
                    yield experiment, folder

    def _read(self, experiment: Path, folder: Path) -> Run:
        meta = _meta(folder / META)
        if lacks := sorted(_RUN_KEYS - set(meta)):
            raise UsageError(
                f"{folder / META}: another version of MLflow's files: no {', '.join(lacks)}",
                fix="export the run again with MLflow 2 or 3",
            )
        for said, is_in in (("run_id", folder), ("experiment_id", experiment)):
            if str(meta[said]) != is_in.name:
                raise UsageError(
                    f"{folder / META}: its {said} is {meta[said]!r}, and it lies in {is_in.name}:"
                    " it claims to be another run",
                    fix="take the folder as MLflow wrote it",
                )
        number = meta["status"]
        return Run(
            run_id=folder.name,
            experiment=str(_meta(experiment / META).get("name", experiment.name)),
            name=str(meta.get("run_name") or ""),
            status=_STATUS.get(number, str(number)) if isinstance(number, int) else str(number),
            user=str(meta.get("user_id") or ""),
            started_ms=_whole(meta.get("start_time")),
            ended_ms=_whole(meta.get("end_time")),
            params=_texts(folder / "params"),
            tags=_texts(folder / "tags"),
            points=tuple(_points(folder / "metrics")),
            datasets=tuple(self._datasets(experiment, folder)),
            versions=tuple(self._versions(folder.name)),
            artifacts=tuple(hashed(folder / "artifacts")),
        )

    def _datasets(self, experiment: Path, folder: Path) -> Iterator[Dataset]:
        for each in _folders(folder / "inputs"):
            said = _meta(each / META)
            source = str(said.get("source_id", ""))
            if said.get("source_type") != "DATASET" or not _ID.fullmatch(source):
                continue
            told = _meta(experiment / "datasets" / source / META)
            tags = said.get("tags")
            context = tags.get("mlflow.data.context", "") if isinstance(tags, dict) else ""
            yield Dataset(
                name=str(told.get("name", "")), digest=str(told.get("digest", "")),
                source=str(told.get("source", "")), context=str(context),
            )  # fmt: skip

    def _versions(self, run_id: str) -> Iterator[Version]:
        for model in self._models():
            name = str(_meta(model / META).get("name", model.name))
            aliases = self._aliases(model)
            for folder in _folders(model):
                if not folder.name.startswith("version-"):
                    continue
                meta = _meta(folder / META)
                if meta.get("run_id") != run_id:
                    continue
                number = str(meta.get("version", ""))
                yield Version(
                    name=name, version=number, stage=str(meta.get("current_stage") or ""),
                    aliases=tuple(sorted(a for a, one in aliases.items() if one == number)),
                    status=str(meta.get("status") or ""), tags=_texts(folder / "tags"),
                )  # fmt: skip

    def _aliases(self, model: Path) -> dict[str, str]:
        return {name: text.strip() for name, text in _texts(model / "aliases").items()}


def _folders(folder: Path) -> Iterator[Path]:
    """Folders in a folder that describe themselves; links are left out, the folder itself too."""
    if folder.is_symlink() or not folder.is_dir():
        return
    for each in sorted(folder.iterdir()):
        if each.is_dir() and not each.is_symlink() and (each / META).is_file():
            yield each


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """(name, file): a slash in a name is a folder; a link is none."""
    if folder.is_symlink() or not folder.is_dir():
        return
    number = 0
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        number += 1
        if number > MOST_NAMES:
            raise UsageError(f"{folder} holds more than {MOST_NAMES:,} files")
        yield path.relative_to(folder).as_posix(), path


def _texts(folder: Path) -> dict[str, str]:
    return {name: _text(path) for name, path in _files(folder)}


def _text(path: Path) -> str:
    if path.resolve() != path:
        raise UsageError(
            f"{path} is a link, or lies behind one, which is not followed",
            fix="take the folder as MLflow wrote it",
        )
    with opened(path, _SMALL) as source:
        try:
            return source.whole().decode("utf-8")
        except UnicodeDecodeError:
            raise source.fault("it is not UTF-8") from None


def _meta(path: Path) -> dict[str, Any]:
    document = Document(str(path))
    if not read_yaml(_text(path), document) or not isinstance(document.data, dict):
        fault = next(iter(document.faults), None)
        why = f"line {fault.line}: {fault.message}" if fault else "it is no mapping"
        raise UsageError(f"{path}: {why}", fix="take the folder as MLflow wrote it")
    return document.data


def _points(folder: Path) -> Iterator[Point]:
    seen = 0
    for name, path in _files(folder):
        with opened(path, _SMALL) as source:
            for number, line in source.lines():
                seen += 1
                if seen > MOST_POINTS:
                    raise source.fault(f"the run has more than {MOST_POINTS:,} values of metrics")
                yield _point(name, line, f"{path}:{number}")


def _point(name: str, line: bytes, where: str) -> Point:
    """`TIME VALUE STEP`, in MLflow 3 perhaps with a dataset's name and digest behind."""
    parts = line.split()
    try:
        if len(parts) not in (2, 3, 5) or not line.endswith(b"\n"):
            raise ValueError
        return Point(
            name=name, time=int(parts[0]), value=float(parts[1]),
            step=int(parts[2]) if len(parts) > 2 else 0, where=where,
        )  # fmt: skip
    except ValueError:
        raise UsageError(
            f"{where}: {line[:80]!r} is no `TIME VALUE STEP`",
            fix="the line was cut off or is of another version: take the file as MLflow wrote it",
        ) from None


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
