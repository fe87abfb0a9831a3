"""`roadworthy observations`: all answers and runs as one table; what they say, slice by slice."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import UsageError

from .exits import Exit
from .terminal import emit, printable, say, table

Selected = Any


Instant = Annotated[str, typer.Option(metavar="INSTANT", help="A day or instant (UTC).")]


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    system: Annotated[str, typer.Option(help="Of this system.")] = "",
    release: Annotated[str, typer.Option(help="By this release: how its digest begins.")] = "",
    tenant: Annotated[str, typer.Option(help="Asked by this tenant.")] = "",
    stage: Annotated[
        list[str] | None,
        typer.Option(help="Of this stage, `eval` among them; default: what reached somebody."),
    ] = None,
    since: Instant = "",
    until: Instant = "",
    where: Annotated[str, typer.Option(help="A CEL filter, as an objective's `where`.")] = "",
    by: Annotated[str, typer.Option(metavar="FACETS", help="In slices: tenant,language.")] = "",
    indicator: Annotated[
        list[str] | None, typer.Option(help="This one; default: all that can be counted.")
    ] = None,
    objectives: Annotated[
        bool, typer.Option("--objectives", help="Judge what is live by its objectives instead.")
    ] = False,
    over: Annotated[
        str, typer.Option(metavar="DURATION", help="With --objectives: all of 30d.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the rows as one Parquet file.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Answers, evaluation runs and what was learned of them, read as one table; without texts.

    It is brought up to date first: sealed segments and completed runs become Parquet in the
    workspace, what is newer is read beside them. With --objectives exit code 3 where one is
    missed, 4 where one cannot be judged; nothing is done about it.
    Needs `pip install 'roadworthy[observations]'`.
    """
    from roadworthy.table import Selection

    from .journal_query import instant_of

    slices = [name.strip() for name in by.split(",") if name.strip()]
    selection = Selection(
        systems=(system,) if system else (),
        release=_digest(release),
        stages=tuple(stage or ("live", "canary")),
        tenant=tenant,
        since=instant_of("since", since),
        until=instant_of("until", until),
    )
    if objectives:
        told = (release, tenant, stage, since, until, where, indicator, out)
        _judge(directory, system, slices, over, as_json=json, more=any(told))
    elif over:
        raise UsageError("--over is for --objectives", fix="--since INSTANT selects answers")
    elif out is not None:
        if slices or indicator or where:
            raise UsageError("--out writes rows, not what they say", fix="leave --by … out")
        _write(directory, selection, out, as_json=json)
    else:
        _tell(directory, selection, (slices, indicator or [], where), as_json=json)


def _opened(directory: Path) -> tuple[Any, Any, Any]:
    """The loop, the table as it is now, and what was added to it."""
    from roadworthy.flows.table.observing import open_table, refresh
    from roadworthy.wiring.loop import standing_loop

    from .acting import standing_workspace

    loop = standing_loop(standing_workspace(directory))
    if loop is None:
        raise UsageError("nothing was recorded here yet", fix="roadworthy eval, or serve a release")
    added = refresh(loop)
    return loop, open_table(loop), added


def _tell(
    directory: Path,
    selection: Selected,
    asked: tuple[list[str], list[str], str],
    *,
    as_json: bool,
) -> None:
    """What the answers say."""
    import msgspec

    from roadworthy.domain import format_instant
    from roadworthy.flows.objectives.live_indicators import samples_in
    from roadworthy.flows.table.indicators import indicators_of

    from .evaluate_results import cells, numbers

    by, names, where = asked
    loop, opened, added = _opened(directory)
    with opened as rows:
        n = rows.cube((), selection).n
        now = format_instant(loop.clock.now())
        found = list(
            indicators_of(
                rows, selection, now=now, names=names, by=by, where=where,
                samples=samples_in(loop.workspace),
            )
        )  # fmt: skip
    if as_json:
        said = [
            numbers(each.found)
            | {"slice": each.part, "answers": each.answers, "counted": each.found.counted}
            | {"reason": each.found.reason}
            for each in found
        ]
        emit({"n": n, "added": msgspec.to_builtins(added), "indicators": said})
        return
    shown = [
        cells(f"{each.found.name}{{{each.part}}}" if each.part else each.found.name, each.found)
        for each in found
        if each.found.value is not None
    ]
    table(("indicator", "value", "95 % interval", "n"), shown, title=f"{n:,} rows")
    for each in found:
        if each.found.value is None or each.found.reason:
            where_it_is = f"{{{each.part}}}" if each.part else ""
            say(printable(f"{each.found.name}{where_it_is}: {each.found.reason}"))
    _say_left_out(selection, added)


def _write(directory: Path, selection: Selected, out: Path, *, as_json: bool) -> None:
    """The rows, for whoever asks with SQL."""
    from roadworthy.flows.workspace.own_files import begins, own_file, require_own

    require_own(out, begins(b"PAR1"), kind="Parquet file")
    _, opened, added = _opened(directory)
    with opened as rows, own_file(out) as file:
        n = rows.write(file, selection)
    if as_json:
        emit({"out": str(out), "rows": n, "unfinished": added.unfinished})
    else:
        say(f"{n:,} rows: {out}")
        _say_left_out(selection, added)


def _say_left_out(selection: Selected, added: Any) -> None:
    """Where runs are asked for: how many are not among them."""
    if added.unfinished and "eval" in selection.stages:
        runs = "1 run was" if added.unfinished == 1 else f"{added.unfinished} runs were"
        say(f"{runs} not completed, and left out whole: roadworthy eval goes on with one")


def _judge(
    directory: Path, system: str, by: list[str], over: str, *, as_json: bool, more: bool
) -> None:
    """Every objective of what is live, over the table."""
    from roadworthy.domain import Verdict
    from roadworthy.wiring.table_objectives import objectives_over

    if more:
        raise UsageError(
            "objectives say themselves which answers count",
            fix="with --objectives give --system, --by and --over only",
        )
    loop, opened, _ = _opened(directory)
    with opened as rows:
        found = objectives_over(loop, rows, system=system, by=by, over=over)
    if as_json:
        emit({"objectives": [_as_json(name, each) for name, each in found]})
    else:
        table(
            ("objective", "target", "value", "95 %", "n", "verdict"),
            [_cells(each) for _, each in found],
        )
    verdicts = {each.found.verdict for _, each in found}
    if Verdict.FAIL in verdicts:
        raise typer.Exit(Exit.REFUSED)
    if Verdict.ERROR in verdicts:
        raise typer.Exit(Exit.UNDECIDED)


def _as_json(system: str, each: Any) -> dict[str, Any]:
    found = each.found
    return {
        "system": system,
        "objective": each.slo.name,
        "slice": each.part,
        "target": found.target,
        "value": found.estimate,
        "low": found.low,
        "high": found.high,
        "n": found.n,
        "since": each.since,
        "verdict": str(found.verdict),
        "reason": found.reason,
    }


def _cells(each: Any) -> tuple[str, ...]:
    found = each.found
    return (
        printable(f"{each.slo.name}{{{each.part}}}" if each.part else each.slo.name),
        found.target,
        "-" if found.estimate is None else f"{found.estimate:.4g}",
        "-" if found.low is None or found.high is None else f"{found.low:.4g} to {found.high:.4g}",
        f"{found.n:,}",
        str(found.verdict),
    )


def _digest(release: str) -> str:
    return f"sha256:{release.removeprefix('sha256:')}" if release else ""
