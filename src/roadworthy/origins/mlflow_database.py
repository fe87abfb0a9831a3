"""MLflow's database, where it is a SQLite file: opened for reading only, its schema not trusted.

Read of MLflow 2.0 to 3.17. A table or column that is asked for and is not there is another
version, and refused; what others were added is not looked at.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from roadworthy.domain import UsageError

from . import mlflow_run as mlflow
from .mlflow_artifacts import hashed

MAGIC = b"SQLite format 3\0"
_MOST_BYTES = 16 << 30
_MOST_VALUE = 64 << 20
_MOST_ANSWER = 512 << 20
"""Bytes of all texts of one answer: a view can make them out of nothing."""
_STEPS = 1_000_000
_MOST_STEPS = 100
"""Millions of steps of one question: a view in the place of a table could count without end."""
_RUN = (
    "select r.run_uuid, r.name, r.user_id, r.status, r.start_time, r.end_time, r.artifact_uri,"
    " e.name from runs r join experiments e on e.experiment_id = r.experiment_id"
)


class _Patience:
    """Says stop when a question takes too long."""

    def __init__(self) -> None:
        self._steps = 0

    def __call__(self) -> int:
        self._steps += 1
        return int(self._steps > _MOST_STEPS)


class Database:
    """One database file. The connection lives for one question."""

    form = "MLflow database"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.place = path.name
        if path.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{path} has more than {_MOST_BYTES >> 30} GiB", fix="use its server")
        (row, *_) = self._rows("select version_num from alembic_version") or [("",)]
        self.version = ""
        self.form = f"MLflow database, schema {row[0]}"

    def names(self, most: int) -> Sequence[tuple[str, str]]:
        """Ids and names of its runs, the newest first."""
        asked = "select run_uuid, name from runs order by start_time desc limit ?"
        return [(str(one[0]), str(one[1] or "")) for one in self._rows(asked, most)]

    def run(self, run_id: str) -> mlflow.Run:
        """One run, whole."""
        found = self._rows(f"{_RUN} where r.run_uuid = ?", run_id)
        if not found:
            raise mlflow.NotThereError(f"{self._path} has no run {run_id}")
        _, name, user, status, started, ended, uri, experiment = found[0]
        return mlflow.Run(
            run_id=run_id,
            experiment=str(experiment),
            name=str(name or ""),
            status=str(status or ""),
            user=str(user or ""),
            started_ms=_whole(started),
            ended_ms=_whole(ended),
            params=self._pairs("select key, value from params where run_uuid = ?", run_id),
            tags=self._pairs("select key, value from tags where run_uuid = ?", run_id),
            points=tuple(self._points(run_id)),
            datasets=tuple(self._datasets(run_id)),
            versions=tuple(self._versions(run_id)),
            artifacts=tuple(self._artifacts(str(uri or ""))),
        )

    def run_of(self, model: str, version: str, alias: str) -> str:
        """The run that a version of a model came from."""
        if alias:
            asked = "select version from registered_model_aliases where name = ? and alias = ?"
            found = self._rows(asked, model, alias)
            if not found:
                raise mlflow.NotThereError(f"{self._path}: model {model!r} has no alias {alias!r}")
            version = str(found[0][0])
        asked = "select run_id from model_versions where name = ? and version = ?"
        found = self._rows(asked, model, version) if version.isdigit() else []
        if not found:
            raise mlflow.NotThereError(f"{self._path}: model {model!r} has no version {version!r}")
        if not found[0][0]:
            raise UsageError(f"{self._path}: {model} {version} came out of no run", fix="--run ID")
        return str(found[0][0])

    def _points(self, run_id: str) -> Iterator[mlflow.Point]:
        asked = (
            "select key, value, step, timestamp, is_nan from metrics where run_uuid = ?"
            " order by key, step, timestamp limit ?"
        )
        for key, value, step, time, is_nan in self._rows(asked, run_id, mlflow.MOST_POINTS + 1):
            where = f"{self._path}, table metrics, run {run_id}"
            if not isinstance(value, int | float):
                raise UsageError(f"{where}: metric {key!r} is {value!r}, which is no number")
            yield mlflow.Point(
                name=str(key), value=float("nan") if is_nan else float(value), step=_whole(step),
                time=_whole(time), where=where,
            )  # fmt: skip

    def _datasets(self, run_id: str) -> Iterator[mlflow.Dataset]:
        asked = (
            "select d.name, d.digest, d.dataset_source, i.input_uuid from inputs i"
            " join datasets d on d.dataset_uuid = i.source_id where i.source_type = 'DATASET'"
            " and i.destination_type = 'RUN' and i.destination_id = ?"
            " order by d.name, d.digest limit ?"
        )
        for name, digest, source, uuid in self._rows(asked, run_id, mlflow.MOST_NAMES + 1):
            tags = self._pairs("select name, value from input_tags where input_uuid = ?", uuid)
            yield mlflow.Dataset(
                name=str(name), digest=str(digest), source=str(source),
                context=tags.get("mlflow.data.context", ""),
            )  # fmt: skip

    def _versions(self, run_id: str) -> Iterator[mlflow.Version]:
        asked = (
            "select name, version, current_stage, status from model_versions where run_id = ?"
            " order by name, version limit ?"
        )
        for name, version, stage, status in self._rows(asked, run_id, mlflow.MOST_NAMES + 1):
            aliases = self._rows(
                "select alias from registered_model_aliases where name = ? and version = ?"
                " order by alias limit ?", name, version, mlflow.MOST_NAMES,
            )  # fmt: skip
            tags = "select key, value from model_version_tags where name = ? and version = ?"
            yield mlflow.Version(
                name=str(name), version=str(version), stage=str(stage or ""),
                aliases=tuple(str(one[0]) for one in aliases), status=str(status or ""),
                tags=self._pairs(tags, name, version),
            )  # fmt: skip

    def _artifacts(self, uri: str) -> Iterator[mlflow.Artifact]:
        """Files beside the database; of an address elsewhere none are read."""
        folder = Path(uri.removeprefix("file://"))
        beside = self._path.resolve().parent
        inside = folder.is_absolute() and folder.resolve().is_relative_to(beside)
        if inside and folder.is_dir():
            yield from hashed(folder.resolve())
        elif uri:
            why = "they lie elsewhere; give the server's address to read them"
            yield mlflow.Artifact(path="*", why=why)

    def _pairs(self, asked: str, *given: Any) -> dict[str, str]:
        rows = self._rows(f"{asked} limit {mlflow.MOST_NAMES + 1}", *given)
        return {str(key): str(value) for key, value in rows}

    def _rows(self, asked: str, *given: Any) -> list[tuple[Any, ...]]:
        address = f"file:{quote(str(self._path.resolve()))}?mode=ro"
        try:
            with closing(sqlite3.connect(address, uri=True, timeout=5)) as database:
                database.set_progress_handler(_Patience(), _STEPS)
                database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_VALUE)
                database.execute("pragma trusted_schema = off")
                database.execute("pragma query_only = on")
                return self._bounded(database.execute(asked, given))
        except sqlite3.OperationalError as error:
            if "no such" in str(error):
                raise UsageError(
                    f"{self._path}: another version of MLflow's database: {error}",
                    fix="export the run with MLflow 2 or 3, or `mlflow db upgrade` it",
                ) from None
            raise UsageError(f"{self._path} cannot be read: {error}") from None
        except (sqlite3.Error, UnicodeError) as error:
            raise UsageError(f"{self._path}: it is damaged: {error}") from None

    def _bounded(self, rows: sqlite3.Cursor) -> list[tuple[Any, ...]]:
        found, left = [], _MOST_ANSWER
        for row in rows:
            left -= sum(len(value) for value in row if isinstance(value, str | bytes))
            if left < 0:
                raise UsageError(f"{self._path}: a table has more than {_MOST_ANSWER >> 20} MiB")
            found.append(row)
        return found


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0
