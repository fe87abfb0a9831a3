"""The objectives of what is live, judged over the table of observations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from roadworthy.domain import UsageError, format_instant, parse_duration
from roadworthy.flows.entries.answering_content import answering_content
from roadworthy.flows.late.references import against_reference
from roadworthy.flows.objectives.host_view import HostView
from roadworthy.flows.objectives.live_indicators import samples_in
from roadworthy.flows.objectives.live_judging import Judged, Looking
from roadworthy.flows.table.judging import judge_table
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import read_table
from roadworthy.table import Table


def objectives_over(
    loop: Loop, table: Table, *, system: str = "", by: Sequence[str] = (), over: str = ""
) -> list[tuple[str, Judged]]:
    """Each system's objectives, of what its live release answered since it is live.

    `over`: of all its answers of so long, whichever release gave them, instead of each
    objective's own window. Raises UsageError where nothing is live, or for a duration that is none.
    """
    routes = read_table(loop.workspace.routing).routes
    chosen = {name: route for name, route in routes.items() if system in ("", name)}
    if not chosen:
        raise UsageError(f"no release of {system or 'any system'} is live here")
    now = loop.clock.now()
    machine, samples = HostView(loop), samples_in(loop.workspace)
    found: list[tuple[str, Judged]] = []
    for name, route in chosen.items():
        content = answering_content(loop.workspace, name, route.live)
        looking = Looking(
            system=name,
            release="" if over else route.live,
            live_since=format_instant(now - _lasting(over)) if over else route.activated_at,
            now=format_instant(now),
            against=against_reference(content),
            samples=samples,
            beside=lambda slo, since, name=name, live=route.live: machine.measured(  # type: ignore[misc]
                slo, system=name, release=live, since=since
            ),
        )
        judged = judge_table(content.slos.slos, table, looking, by=by, whole=bool(over))
        found += [(name, each) for each in judged]
    return found


def _lasting(text: str) -> dt.timedelta:
    try:
        return dt.timedelta(seconds=parse_duration(text))
    except ValueError as error:
        raise UsageError(f"--over {text!r}: {error}", fix="write 30d, 24h or 90m") from None
