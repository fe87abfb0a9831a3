"""Writes a run as one HTML file: whole or not at all, in one pass over the rows.

Enters: an inspection and a path. Leaves: the file. The fixed part is rendered from a template
whose every value is escaped; the cases follow as compressed blocks that hold no markup. A content
security policy allows the page's own script and style by their digests and nothing else: no
network, no other script, no markup made from text. What never happens here: a clock is read, so
the same run gives the same bytes.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

from msgspec import Struct

from roadworthy.domain import Observation
from roadworthy.flows.gate.inspection import Inspection
from roadworthy.flows.workspace.own_files import begins, beside, own_file, require_own

from .calibration import calibration_view
from .data import CaseData
from .decision import decision_view
from .evidence import indicator_rows, proofs
from .flips import flip_of, flipped_cases, flips_view
from .links import Links
from .objectives import level, objective_rows
from .one_file import Parts, block, packed
from .rails_seen import OUTCOMES, confusion_view, rail_rows
from .robustness import robustness_view
from .slices import sliced_indicators
from .tally import Tally

PAGE = Parts(
    scripts=(
        "inflate.js",
        "store.js",
        "prose.js",
        "conversation.js",
        "case.js",
        "theme.js",
        "cases.js",
    ),
    styles=("page.css", "charts.css", "texts.css", "cases.css"),
    template="page.html.j2",
)

_WAITING = 8
"""Chunks that wait to be deflated."""

_MARK = "<!--the data-->"
_OURS = b"<!doctype html>\n<!-- roadworthy report -->"


class Written(Struct, frozen=True, kw_only=True):
    """What was written."""

    path: Path
    cases: int
    rows: int
    bytes: int
    digest: str


class _Counted(Struct):
    """What the pass over the rows leaves behind."""

    tally: Tally
    data: CaseData
    flipped: dict[str, int]
    """Flipped case -> its number."""
    chunks: int = 0


def write_report(inspection: Inspection, out: Path, *, texts: bool = True) -> Written:
    """Write the report.

    Without `texts` no input, output, error or other free text of a case is in the file; ids,
    tags, facets, labels, scores and verdicts are. Raises UsageError when `out` is something else
    than a report, EvidenceError when it cannot be written.
    """
    require_own(out, begins(_OURS), kind="report", streams=True)
    with own_file(out) as file, tempfile.TemporaryFile(dir=beside(out)) as spool:
        counted = _count(inspection, spool, texts=texts)
        links = Links()
        head, tail = _rendered(inspection, counted, links, texts=texts).split(_MARK)
        file.write(head.encode("utf-8", "replace"))
        index = counted.data.index(links=links.listed(), chunks=counted.chunks)
        file.write(block("index", packed(index)))
        file.write(f"<script>{PAGE.script()}</script>\n".encode())
        spool.seek(0)
        shutil.copyfileobj(spool, file, 1 << 20)
        file.write(tail.encode())
    return Written(
        path=out,
        cases=counted.tally.cases,
        rows=counted.tally.rows,
        bytes=file.size,
        digest=file.digest,
    )


def _count(inspection: Inspection, spool: IO[bytes], *, texts: bool) -> _Counted:
    """One pass over the rows: counts, columns, and the chunks into `spool`."""
    counted = _Counted(Tally(), CaseData(texts=texts), {})
    against, flipped = inspection.against, flipped_cases(inspection.against)
    with _Packing(spool) as packing:
        for number, (key, rows) in enumerate(inspection.rows.cases()):
            case, absent = inspection.texts.of(*key)
            verdict = counted.tally.add(rows)
            flip = flip_of(against, key, flipped)
            before: tuple[Observation, ...] = ()
            if against is not None and flip in ("fixed", "broken"):
                counted.flipped.setdefault(key[1], number)
                before = against.rows.repeats_of(key)
            packing.take(counted.data.add(rows, case, absent, verdict, flip=flip, before=before))
        packing.take(counted.data.flush())
    counted.chunks = packing.chunks
    return counted


class _Packing:
    """Deflates chunks beside the thread that makes them, and writes them in their order."""

    def __init__(self, spool: IO[bytes]) -> None:
        self.chunks = 0
        self._spool = spool
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._waiting: deque[Future[bytes]] = deque()

    def __enter__(self) -> _Packing:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            while self._waiting and kind is None:
                self._write()
        finally:
            self._pool.shutdown(cancel_futures=True)

    def take(self, text: bytes | None) -> None:
        """Take a chunk's JSON; a few wait at most, so memory stays bounded."""
        if text is None:
            return
        self._waiting.append(self._pool.submit(packed, text))
        if len(self._waiting) > _WAITING:
            self._write()

    def _write(self) -> None:
        self._spool.write(block(f"chunk-{self.chunks}", self._waiting.popleft().result()))
        self.chunks += 1


def _rendered(inspection: Inspection, counted: _Counted, links: Links, *, texts: bool) -> str:
    """The fixed part, with a mark where the data go. No text can hold the mark: `<` is escaped."""
    view = _view(inspection, counted, links)
    return PAGE.rendered(view=view, texts=texts)


def _view(inspection: Inspection, counted: _Counted, links: Links) -> dict[str, Any]:
    charter, tally = inspection.system.charter, counted.tally
    return {
        "title": charter.title or charter.system,
        "system": charter.system,
        "goal": charter.human_goal,
        "run": inspection.run,
        "decision": decision_view(inspection, tally),
        "notes": inspection.judged.notes,
        "objectives": objective_rows(inspection),
        "based": any(each.baseline is not None for each in inspection.judged.assessments),
        "level": level(inspection),
        "flips": flips_view(inspection, links, counted.flipped),
        "alone": inspection.alone,
        "sliced": sliced_indicators(inspection, links),
        "calibration": calibration_view(inspection, tally),
        "robustness": robustness_view(inspection, tally, links),
        "rails": rail_rows(tally, links),
        "outcomes": OUTCOMES,
        "confusion": confusion_view(tally),
        "indicators": indicator_rows(inspection),
        "proofs": proofs(inspection),
        "changed": tally.changed,
        "cases": tally.cases,
        "failed": links.to(verdict="failed"),
        "flaky": links.to(verdict="flaky"),
        "errors": links.to(verdict="error"),
        "never": links.to(special="never"),
    }
