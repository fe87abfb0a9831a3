"""A suite that others wrote becomes a suite of this system, read from a file or fetched once.

    fetch    a file that is named on the Hugging Face Hub, pinned by its commit
    read     the file: cases with origin and digest, and why rows were left out
    write    suites/NAME.jsonl and suites/NAME.yaml, whole, or nothing

Enters: a system, a set's name, a path or an address. Leaves: files. What never happens here: a
model call, code of the set that is run, or a case of a person that is overwritten.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from roadworthy.domain import SuiteFile, System, UsageError
from roadworthy.evaluation import case_lines, outside

from ..suites.growing import SUITES, replace_file, require_name, require_ours, spoken_file
from .proposing import as_input


class BorrowAsked(Struct, frozen=True, kw_only=True):
    """What a person asks for."""

    kind: str
    """One of `outside.SETS`."""
    source: str
    """A file here, or `hf:OWNER/NAME@REVISION/PATH`."""
    out: str
    """The suite's name."""
    limit: int = 0
    seed: int = 0
    licence: str = ""
    """Of this copy, where it is another than the set's authors state."""


class BorrowedSuite(Struct, frozen=True, kw_only=True):
    """What was written."""

    suite: str
    file: str
    found: outside.Borrowed
    licence: str
    address: str = ""
    """On the Hub, with the commit; empty for a file that was here."""


def borrow_suite(system: System, asked: BorrowAsked) -> BorrowedSuite:
    """Write the suite. Raises UsageError before anything is written."""
    require_name(asked.out)
    if not asked.out:
        raise UsageError("what should the suite be called?", fix="--out NAME")
    root = Path(system.root)
    lines, file = root / SUITES / f"{asked.out}.jsonl", root / SUITES / f"{asked.out}.yaml"
    _require_ours(lines, file)
    found, fetched, name = _read(asked)
    licence = asked.licence or (fetched.licence if fetched else "") or found.licence
    address = fetched.address if fetched else ""
    if not licence:
        raise UsageError(
            f"nobody says under which licence {name} may be used",
            fix="--licence TEXT, as its authors state it; `unknown` if you looked and found none",
        )
    cases = [
        structs.replace(
            case,
            input=as_input(system, case.input) if isinstance(case.input, str) else case.input,
            origin={**case.origin, "licence": licence, **({"hub": address} if address else {})},
        )
        for case in found.cases
    ]
    replace_file(lines, case_lines.case_lines(cases))
    kind = outside.SETS[asked.kind]
    written = SuiteFile(
        name=asked.out,
        description=(
            f"{kind.title}: {len(cases)} of {found.drawn_from} cases of {address or name} "
            f"({found.digest}), seed {asked.seed}, licence {licence}. Written by `roadworthy suite "
            "borrow`; others wrote the cases, so keep them out of your repository unless their "
            "licence lets you."
        ),
        cases=[lines.name],
        scorers=list(found.scorers),
    )
    replace_file(file, msgspec.yaml.encode(spoken_file(written)))
    return BorrowedSuite(
        suite=asked.out,
        file=lines.relative_to(root).as_posix(),
        found=found,
        licence=licence,
        address=address,
    )


def _read(asked: BorrowAsked) -> tuple[outside.Borrowed, outside.Fetched | None, str]:
    """The cases, what was fetched for them, and the file's name. A fetched file is not kept."""
    if not outside.is_address(asked.source):
        path = Path(asked.source)
        return outside.borrow(asked.kind, path, limit=asked.limit, seed=asked.seed), None, path.name
    if asked.kind not in outside.SETS:  # before anything is fetched
        raise UsageError(
            f"there is no set {asked.kind!r}", fix=f"the sets are: {', '.join(outside.SETS)}"
        )
    with tempfile.TemporaryDirectory(prefix="roadworthy-hub-") as folder:
        fetched = outside.fetch(asked.source, Path(folder))
        found = outside.borrow(asked.kind, fetched.path, limit=asked.limit, seed=asked.seed)
    return found, fetched, fetched.path.name


def _require_ours(lines: Path, file: Path) -> None:
    """Raises UsageError when a file there was not borrowed: it is not ours to replace."""
    fix = "give another --out NAME"
    if file.exists() and not lines.exists():
        raise UsageError(f"{file.name} is there already", fix=fix)
    require_ours(lines, mark=outside.MARK, otherwise="a case of yours", fix=fix)
