"""`roadworthy journal verify`: every frame, every seal, every key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .exits import Exit, worst_exit
from .terminal import emit, say


def verify(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    trust: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The keys that you trust.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A checkpoint that you kept earlier.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Check the journal: each frame's checksum, each sealed segment by the ledger, torn ends, keys.

    The ledger is verified first, as by `ledger verify`. Exit code 5 names the segment that was
    changed, is gone or is a copy, or the key that is gone although no entry erased it; 4 when a
    torn end or a key that came back waits for somebody.
    """
    import msgspec

    from .acting import standing_workspace
    from .verify import check

    workspace = standing_workspace(directory)
    report = check(workspace.ledger, trust=trust, checkpoint=checkpoint)
    rest = _rest(workspace, tampered=report.state == "tampered")
    faults, waiting = _faults(report, rest), _waiting(rest)
    codes = [report.exit_code, Exit.BROKEN if faults else 0, Exit.UNDECIDED if waiting else 0]
    code = int(worst_exit(codes))
    if json:
        found = msgspec.to_builtins(rest) if rest is not None else {}
        said = {"ok": code == 0, "state": report.state, "fault": faults[0] if faults else None}
        emit(found | said | {"faults": faults, "waiting": waiting, "ledger": report.to_json()})
        raise typer.Exit(code)
    if rest is not None:
        say(f"{rest.segments} segments, {rest.records} records read")
        if rest.keys is not None:
            say(f"{rest.keys.standing} keys there, {rest.keys.erased} erased by the ledger")
    sealed = report.details.get("journal", {})
    say(f"{sealed.get('sealed', 0)} sealed segments held against the ledger")
    if unsealed := sealed.get("unsealed_not_checked", 0):
        say(f"{unsealed} segments not sealed yet: nothing vouches for them but their checksums")
    for line in (*faults, *waiting):
        say(line)
    if code == 0:
        any_there = rest is not None and rest.segments
        say("the journal is whole" if any_there else "no journal is here: nothing was served yet")
    elif not (faults or waiting):
        say(f"the ledger itself: {report.fault or report.state}")
    raise typer.Exit(code)


def _rest(workspace: Any, *, tampered: bool) -> Any:
    """What the ledger does not vouch for; None where it says nothing that could be held."""
    from roadworthy.domain import RoadworthyError
    from roadworthy.flows.journals.check import check_rest
    from roadworthy.wiring.loop import standing_loop

    try:
        loop = standing_loop(workspace)
        return check_rest(loop) if loop is not None else None
    except RoadworthyError:
        if tampered:
            return None  # the report says what is wrong with the ledger
        raise


def _faults(report: Any, rest: Any) -> list[str]:
    """What is broken, each by its name."""
    said = list(report.details.get("journal", {}).get("faults", ()))
    if report.state == "tampered" and not said:
        said.append(report.fault)
    if rest is not None:
        known = {line.partition(" of the journal")[0] for line in said}
        said += [line for line in rest.faults if line.partition(" of the journal")[0] not in known]
        lost = rest.keys.lost if rest.keys is not None else ()
        said += [f"key {name} of the journal is gone, and no entry erased it" for name in lost]
    return said


def _waiting(rest: Any) -> list[str]:
    """What is not broken and not right either."""
    if rest is None:
        return []
    said = [
        f"segment {torn.segment} ends in {torn.size_bytes} torn bytes of a worker that died:"
        " the next start of roadworthy serve closes it"
        for torn in rest.torn
        if not torn.worker_lives
    ]
    if rest.keys is None:
        said.append("the keys are not here and were not checked: nobody can say what was erased")
    returned = rest.keys.returned if rest.keys is not None else ()
    return said + [
        f"key {name} was erased and is there: roadworthy journal retain erases it again"
        for name in returned
    ]
