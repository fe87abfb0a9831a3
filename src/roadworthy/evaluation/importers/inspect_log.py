"""Inspect AI: its logs, as .eval archives and as .json (log version 2).

Read of inspect_ai 0.3. A case is a sample, its epochs are repeats. Letters become numbers as
Inspect's own `value_to_float` does it: C 1, P 0.5, I and N 0. NaN is its word for a sample that was
not scored: it counts in no score, and is told.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from msgspec import Struct, field

from roadworthy.domain import Imported
from roadworthy.origins import Source, clean, without_nan

from .archive import Archive
from .tally import Tally
from .unknown import unknown

LOG = 2
_OF_A_LOG = ("_journal/", "samples/", "summaries.json", "reductions.json")
"""How names in an archive begin that Inspect wrote, from the first moment on."""
DOSSIER = "dossier.json"
"""In an archive of this platform's own."""
_LETTERS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
_WORDS = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
_MEANS = ("mean", "accuracy")
"""Metrics that are a mean over the samples."""


class _Dataset(Struct):
    samples: int | None = None


class _Spec(Struct):
    task: str
    model: str
    created: str = ""
    dataset: _Dataset = field(default_factory=_Dataset)
    packages: dict[str, str] = field(default_factory=dict)


class _Metric(Struct):
    value: Any = None


class _Scores(Struct):
    name: str
    scorer: str = ""
    reducer: str | None = None
    metrics: dict[str, _Metric] = field(default_factory=dict)


class _Results(Struct):
    total_samples: int = 0
    completed_samples: int = 0
    scores: list[_Scores] = field(default_factory=list)


class _Header(Struct):
    version: int
    status: str
    eval: _Spec
    results: _Results | None = None
    invalidated: bool = False


class _Score(Struct):
    value: Any = None


class _Sample(Struct):
    id: int | str
    epoch: int
    scores: dict[str, _Score] | None = None
    error: Any = None


class _Log(_Header):
    samples: list[_Sample] | None = None


class _Versioned(Struct):
    version: Any = None


def read_document(source: Source) -> Imported:
    """A .json log. Raises UsageError on another version or one without samples."""
    data = without_nan(source.whole())
    _require_version(source, source.decode(data, _Versioned))
    log = source.decode(data, _Log)
    if log.samples is None:
        raise source.fault("the log holds no samples", "write it with log_samples on")
    return _imported(source, log, log.samples)


def read_archive(source: Source) -> Imported:
    """An .eval archive. Raises UsageError on another version, or a log that was never ended."""
    archive = Archive(source, source.seekable())
    if "header.json" not in archive.names:
        if DOSSIER in archive.names:
            raise source.fault(
                "it is a dossier: all evidence about a system, with its own proof",
                f"roadworthy-verify {source.path}; it opens from a disk, and is not imported",
            )
        if not any(name.startswith(_OF_A_LOG) for name in archive.names):
            raise unknown(source, "an archive of no form that is known")
        raise source.fault(
            "the log was never ended: it has no header.json",
            "let Inspect finish it (`inspect eval-retry`), or export it with `inspect log dump`",
        )
    header_bytes = without_nan(archive.read("header.json"))
    _require_version(source, source.decode(header_bytes, _Versioned, "!header.json"))
    header = source.decode(header_bytes, _Header, "!header.json")
    if "summaries.json" not in archive.names:
        raise source.fault("the log holds no summaries.json", "write it with log_samples on")
    samples = source.decode(
        without_nan(archive.read("summaries.json")), list[_Sample], "!summaries.json"
    )
    kept = sum(name.startswith("samples/") for name in archive.names)
    if not samples and header.results is not None and header.results.completed_samples:
        raise source.fault("the log holds no samples", "write it with log_samples on")
    if kept != len(samples):
        raise source.fault(f"it holds {kept} samples and summaries of {len(samples)}")
    return _imported(source, header, samples)


def _require_version(source: Source, head: _Versioned) -> None:
    if head.version != LOG:
        raise source.fault(
            f"an Inspect log of version {head.version!r}; read is version {LOG}",
            "convert it with `inspect log convert` of inspect_ai 0.3",
        )


def _imported(source: Source, header: _Header, samples: list[_Sample]) -> Imported:
    tally = Tally(source)
    unread: dict[str, int] = {}
    seen: set[tuple[str, int]] = set()
    for sample in samples:
        key = (str(sample.id), sample.epoch)
        if key in seen:
            raise source.fault(f"sample {clean(key[0])!r} epoch {key[1]} stands there twice")
        seen.add(key)
        scores: dict[str, float] = {}
        for name, score in (sample.scores or {}).items():
            if not _take(scores, clean(name), score.value):
                unread[clean(name)] = unread.get(clean(name), 0) + 1
        tally.row(key[0], scores, failed=sample.error is not None)
    results = header.results
    if results is not None and results.completed_samples != tally.rows - tally.failed:
        done = tally.rows - tally.failed
        raise source.fault(f"it calls {results.completed_samples} samples done and holds {done}")
    whole = header.status == "success" and not header.invalidated
    return Imported(
        tool="inspect_ai",
        version=clean(header.eval.packages.get("inspect_ai", "")),
        format=f"Inspect log, version {LOG}",
        task=clean(header.eval.task),
        model=clean(header.eval.model),
        made_at=clean(header.eval.created),
        status="complete" if whole else "partial",
        cases=tally.cases,
        rows=tally.rows,
        failed=tally.failed,
        scores=tally.scores(_reported(results, tally.names)),
        files=(source.described(),),
        notes=_notes(header, unread),
    )


def _take(scores: dict[str, float], name: str, value: Any) -> bool:
    """Whether the value is one that a mean can be made of."""
    if isinstance(value, dict):
        taken = [_take(scores, f"{name}/{clean(str(key))}", one) for key, one in value.items()]
        return bool(taken) and all(taken)
    number = _number(value)
    if number is not None:
        scores[name] = number
    return number is not None


def _number(value: Any) -> float | None:
    if isinstance(value, bool | int | float):
        return float(value)
    if isinstance(value, str):
        return _LETTERS.get(value, _WORDS.get(value.lower()))
    return None


def _reported(results: _Results | None, names: Collection[str]) -> dict[str, float]:
    """Means of the summary; another reducer than the mean is another question.

    Of a score that is a map the summary names the key alone, beside its scorer.
    """
    found: dict[str, float] = {}
    for score in results.scores if results is not None else ():
        for metric, said in score.metrics.items():
            plain = metric in _MEANS and score.reducer in (None, "mean")
            if plain and isinstance(said.value, int | float):
                of_map = f"{clean(score.scorer)}/{clean(score.name)}"
                found[of_map if of_map in names else clean(score.name)] = float(said.value)
    return found


def _notes(header: _Header, unread: dict[str, int]) -> tuple[str, ...]:
    found = [f"{count} values of {name} are no numbers" for name, count in unread.items()]
    if header.status != "success":
        found.append(f"Inspect calls it {clean(header.status)}")
    if header.invalidated:
        found.append("its author marked it as invalid")
    return tuple(found)
