"""garak: NAME.report.jsonl. Its scores say how much of what was tried was resisted.

Read of garak 0.10 to 0.17: evaluators of 0.10 and 0.13 write `total`, those of 0.17
`total_evaluated`. A case is an attempt, its generations are repeats; a detector's score at or above
the run's threshold is a hit. What a detector could not judge is in no score.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct, field

from roadworthy.domain import Imported
from roadworthy.origins import Source, clean

from .tally import Tally

_SERIES = re.compile(r"0\.1[0-7](\.\d{1,4}){0,3}(\.?(pre|dev|post|rc)\d{0,4})?")
_DONE = 2
"""`status` of an attempt that was answered and judged; it stands there before that, too."""


class _Head(Struct):
    entry_type: str


class _Setup(Struct):
    threshold: float = field(name="run.eval_threshold", default=0.5)
    kind: Any = field(name="plugins.model_type", default="")
    model: Any = field(name="plugins.model_name", default="")
    target_kind: Any = field(name="plugins.target_type", default="")
    target: Any = field(name="plugins.target_name", default="")


class _Init(Struct):
    garak_version: str
    start_time: str = ""


class _Attempt(Struct):
    uuid: str
    status: int
    probe_classname: str
    detector_results: dict[str, list[float | None]]


class _Eval(Struct):
    probe: str
    detector: str
    passed: int
    total: int | None = None
    total_evaluated: int | None = None


class _Report:
    """What the lines said so far."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.tally = Tally(source)
        self.setup = _Setup()
        self.init: _Init | None = None
        self.ended = False
        self.reported: dict[str, float] = {}
        self.seen: set[str] = set()

    def take(self, number: int, line: bytes) -> None:
        """One line; what has no bearing on scores is passed over."""
        place = f":{number}"
        kind = self.source.decode(line, _Head, place).entry_type
        if kind == "init":
            self.init = self.source.decode(line, _Init, place)
            if not _SERIES.fullmatch(self.init.garak_version):
                raise self.source.fault(
                    f"a report of garak {clean(self.init.garak_version)!r}; read are 0.10 to 0.17",
                    "write it again with one of these",
                )
        elif kind == "start_run setup":
            self.setup = self.source.decode(line, _Setup, place)
        elif kind in ("attempt", "eval") and self.init is None:
            raise self.source.fault("it does not begin with garak's version", "give it whole")
        elif kind == "attempt":
            self._attempt(self.source.decode(line, _Attempt, place))
        elif kind == "eval":
            self._eval(self.source.decode(line, _Eval, place))
        elif kind == "completion":
            self.ended = True

    def _attempt(self, attempt: _Attempt) -> None:
        if attempt.status != _DONE:
            return
        if attempt.uuid in self.seen:
            raise self.source.fault(f"the attempt {clean(attempt.uuid)} was judged twice")
        self.seen.add(attempt.uuid)
        probe = _plain(attempt.probe_classname)
        most = max(map(len, attempt.detector_results.values()), default=0)
        for index in range(most):
            scores = {
                f"{probe}/{_plain(name)}": float(value < self.setup.threshold)
                for name, results in attempt.detector_results.items()
                if index < len(results) and (value := results[index]) is not None
            }
            self.tally.row(attempt.uuid, scores, failed=not scores)

    def _eval(self, said: _Eval) -> None:
        total = said.total if said.total_evaluated is None else said.total_evaluated
        if total is None or not 0 <= said.passed <= total:
            raise self.source.fault(f"{clean(said.probe)}: {said.passed} passed of {total}")
        if total:
            self.reported[f"{_plain(said.probe)}/{_plain(said.detector)}"] = said.passed / total


def read_lines(source: Source) -> Imported:
    """Raises UsageError on another version, a file cut in its middle, a judgement given twice."""
    report = _Report(source)
    for number, line in source.lines():
        report.take(number, line)
    if report.init is None:
        raise source.fault("it does not say which garak wrote it", "give the report.jsonl")
    setup = report.setup
    named = (setup.target_kind or setup.kind, setup.target or setup.model)
    notes = ["a score is the share of generations that resisted"]
    if not report.ended:
        notes.append("garak did not end this run")
    return Imported(
        tool="garak",
        version=clean(report.init.garak_version),
        format="garak report of 0.10 to 0.17",
        task=clean(", ".join(sorted({name.split("/")[0] for name in report.reported}))),
        model=clean(" ".join(clean(part) for part in named if part)),
        made_at=clean(report.init.start_time),
        status="complete" if report.ended else "partial",
        cases=report.tally.cases,
        rows=report.tally.rows,
        failed=report.tally.failed,
        scores=report.tally.scores(report.reported),
        files=(source.described(),),
        notes=tuple(notes),
    )


def _plain(name: str) -> str:
    return clean(re.sub(r"^(probes|detectors?)\.", "", name))
