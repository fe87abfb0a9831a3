"""`roadworthy journal query`: observations that match, streamed."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import RoadworthyError, UsageError, format_instant

from .terminal import printable, say, seen_json

Row = dict[str, Any]


def query(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    system: Annotated[str, typer.Option(help="Of this system.")] = "",
    release: Annotated[str, typer.Option(help="By this release: how its digest begins.")] = "",
    tenant: Annotated[str, typer.Option(help="Asked by this tenant.")] = "",
    action: Annotated[str, typer.Option(help="answered, blocked, held, fallback, killed …")] = "",
    since: Annotated[
        str, typer.Option(metavar="INSTANT", help="From this day or instant (UTC) on.")
    ] = "",
    until: Annotated[
        str, typer.Option(metavar="INSTANT", help="Before this day or instant (UTC).")
    ] = "",
    facet: Annotated[
        list[str] | None, typer.Option(metavar="K=V", help="With this facet; may be repeated.")
    ] = None,
    observation: Annotated[str, typer.Option(metavar="ID", help="This one only.")] = "",
    limit: Annotated[int, typer.Option(help="The first N; 0: all.", min=0, max=10**9)] = 0,
    texts: Annotated[
        bool, typer.Option("--texts", help="Unseal the texts; the ledger says who did.")
    ] = False,
    indicators: Annotated[
        bool, typer.Option("--indicators", help="What these answers say, not the answers.")
    ] = False,
    misuse: Annotated[bool, typer.Option("--misuse", help="Who shows misuse.")] = False,
    as_: Annotated[str | None, typer.Option("--as", help="Who reads the texts.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Answers that match, with what was learned of them later; oldest segment first.

    Texts and notes only with --texts, for a reviewer, risk officer, operator, auditor or admin.
    """
    from itertools import islice

    from roadworthy.journal import Wanted
    from roadworthy.journal import query as rows_of
    from roadworthy.wiring.places import place

    wanted = Wanted(
        observation=observation,
        system=system,
        release=release,
        tenant=tenant,
        action=action,
        since=instant_of("since", since),
        until=instant_of("until", until),
        facets=_facets(facet or []),
    )
    spot = place(directory, standing=True, create=False)
    if indicators or misuse:
        tell = _tell_indicators if indicators else _tell_misuse
        tell(spot.workspace, wanted, limit, texts=texts, as_json=json)
        return
    unsealed = _texts_for(directory, wanted, as_) if texts else _no_texts
    rows = islice(rows_of(spot.workspace.journal, wanted), limit or None)
    shown = (_row(row, unsealed) for row in rows)
    if json:
        _print_json(shown)
    else:
        _print_rows(shown)


def _tell_indicators(
    workspace: Any, wanted: Any, limit: int, *, texts: bool, as_json: bool
) -> None:
    """Every indicator that the answers have data for, with n and interval."""
    if texts:
        raise UsageError("--indicators shows no text", fix="leave --texts out")
    from roadworthy.flows.objectives.live_indicators import measured
    from roadworthy.wiring.loop import standing_loop

    from .evaluate_results import calls_for, cells, numbers
    from .terminal import emit, table, warn

    found = measured(workspace, wanted, standing_loop(workspace), limit)
    if as_json:
        said = [
            numbers(each)
            | {"counted": each.counted, "reason": each.reason, "calls_for": calls_for(each)}
            for each in found.indicators
        ]
        emit({"n": found.n, "unread": found.unread, "unheld": found.unheld, "indicators": said})
        return
    table(
        ("indicator", "value", "95 % interval", "n"),
        [cells(each.name, each) for each in found.indicators if each.value is not None],
        title=f"{found.n} live answers",
    )
    for each in found.indicators:
        wanted = calls_for(each)
        if each.value is None or each.name in ("energy", "carbon", "headroom") or wanted:
            say(printable(f"{each.name}: {each.reason or wanted}"))
    if found.unheld:
        say(printable(f"no drift is measured: {found.unheld}"))
    if found.unread:
        warn(f"{found.unread} answers have feedback or an outcome that is no number: left out")


def _tell_misuse(workspace: Any, wanted: Any, limit: int, *, texts: bool, as_json: bool) -> None:
    """Who shows what: a sign for people, no finding."""
    if texts:
        raise UsageError("--misuse shows no text", fix="leave --texts out")
    import msgspec

    from roadworthy.flows.late.session_signs import signs_of

    from .terminal import emit, table

    found = signs_of(workspace.journal, wanted)[: limit or None]
    if as_json:
        emit({"count": len(found), "askers": msgspec.to_builtins(found)})
        return
    if not found:
        say("None of these answers carries a sign of misuse.")
        return
    rows = [
        (each.tenant, each.asker, ", ".join(each.kinds), str(each.answers), each.last[:19] + "Z",
         each.observation)
        for each in found
    ]  # fmt: skip
    columns = ("tenant", "asker", "signs of", "answers", "last", "observation")
    table(columns, [tuple(map(printable, row)) for row in rows])


def instant_of(option: str, text: str) -> str:
    """The instant that an option gives; a day is its begin, UTC. Raises UsageError."""
    if not text:
        return ""
    try:
        read = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--{option}: {text!r} is no day or instant",
            fix="write 2026-11-21 or 2026-11-21T10:00:00Z",
        ) from None
    return format_instant(read if read.tzinfo else read.replace(tzinfo=dt.UTC))


def _facets(pairs: list[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise UsageError(f"--facet {pair!r} is no facet", fix="write --facet supplier=S-9")
        found[name] = value
    return found


Unsealed = Callable[[Any], Row]


def _no_texts(row: Any) -> Row:
    return {}


def _texts_for(directory: Path, wanted: Any, as_: str | None) -> Unsealed:
    """What gives the texts of a row, once the ledger says who asked for them."""
    import msgspec

    from roadworthy.flows.journals.reading_texts import TEXT_READERS, enter_reading
    from roadworthy.flows.workspace.people import Acting
    from roadworthy.journal import unseal
    from roadworthy.wiring.road import vault_of

    from .acting import acting_person, begun_loop

    loop, deployment = begun_loop(directory)
    name, signer, key = acting_person(loop.workspace, as_, roles=TEXT_READERS)
    by = Acting(name=name, signer=signer, key=key)
    asked = {name: value for name, value in msgspec.to_builtins(wanted).items() if value}
    vault = vault_of(loop.workspace, deployment)
    enter_reading(asked, loop, by, system=wanted.system)

    def unsealed(row: Any) -> Row:
        found = unseal(row.record, vault)
        texts = msgspec.to_builtins(found) if found is not None else None
        return {"texts": texts, "erased": found is None and row.record.sealed is not None}

    return unsealed


def _row(row: Any, unsealed: Unsealed) -> Row:
    import msgspec

    texts = unsealed(row)
    learned = [{"kind": said.kind} | msgspec.to_builtins(said.outcome) for said in row.learned]
    if not texts:  # what somebody wrote about an answer is a text, too
        learned = [{k: v for k, v in said.items() if k != "note"} for said in learned]
    return {
        "observation": msgspec.to_builtins(row.seen),
        "closed": row.closed,
        "recovered": row.record.recovered,
        "learned": learned,
        **texts,
    }


def _print_json(rows: Iterable[Row]) -> None:
    """One document, row by row: what was read when it broke off is followed by why.

    Raises typer.Exit with the error's code: the document is whole, its content is not.
    """
    import msgspec

    from .exits import exit_of

    write, between, count = sys.stdout.write, "\n", 0
    write('{"observations": [')
    end: Row = {}
    code = 0
    try:
        for row in rows:
            write(between + seen_json(msgspec.json.encode(row).decode()))
            between, count = ",\n", count + 1
    except RoadworthyError as error:
        end, code = {"error": error.message, "fix": error.fix}, int(exit_of(error))
    said = msgspec.json.encode({"count": count, "complete": not end} | end).decode()
    write(f"\n], {seen_json(said[1:])}\n")
    if code:
        raise typer.Exit(code)


def _print_rows(rows: Iterable[Row]) -> None:
    count = 0
    for row in rows:
        _say(row)
        count += 1
    say(f"{count} observations")


def _say(row: Row) -> None:
    seen = row["observation"]
    became = seen.get("action", "answered") if row["closed"] else "under way"
    facts = [
        seen["time"][:19], seen["id"], seen["system"], seen.get("tenant", ""), became,
        seen.get("decision", ""), *(f"{k}={v}" for k, v in seen.get("facets", {}).items()),
        *(said["kind"] for said in row["learned"]),
    ]  # fmt: skip
    say(printable("  ".join(fact for fact in facts if fact)))
    if "texts" in row:
        shown = row["texts"] or {"texts": "erased" if row["erased"] else "never kept"}
        for name in ("input", "output", "raw_output", "called", "error", "texts"):
            if shown.get(name):
                say(printable(f"    {name}: {shown[name]}"))
