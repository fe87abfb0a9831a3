"""How commands say what is stopped now, and the one command that lifts it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from roadworthy.domain import KillFlag

from .terminal import printable, same_system, say, warn


def named(flags: Sequence[KillFlag]) -> str:
    """The scopes that are stopped, with the ids of the kills. A facet's value is a stranger's."""
    from roadworthy.flows.brakes.stopping import words_of

    return ", ".join(f"{printable(words_of(flag))} ({flag.id})" for flag in flags)


def lifting(what: Sequence[str], directory: Path) -> str:
    """The command that lifts those kills, or an incident's."""
    return f"roadworthy resume {' '.join(what)}{same_system(directory)} --as A --as B --reason TEXT"


def say_standing(
    flags: Sequence[KillFlag], directory: Path, *, incident: str = "", then: str = ""
) -> None:
    """What still stands, if anything, and how two people lift it: whatever just succeeded.

    `incident` lifts all of them at once; `then` is what holds meanwhile, to be said.
    """
    if flags:
        what = [incident] if incident else [flag.id for flag in flags]
        say(f"still stopped: {named(flags)}{then}")
        say(f"To lift: {lifting(what, directory)}")


def put_back(loop: Any) -> None:
    """Set every kill and route again that somebody edited in the routing table, and say so."""
    from roadworthy.flows.brakes.stopping import put_back_kills, put_back_words
    from roadworthy.flows.releasing.live_routes import put_back_routes

    for flag in put_back_kills(loop):
        warn(printable(put_back_words(flag)))
    for strayed in put_back_routes(loop):
        warn(printable(strayed.words))


def lift_left_drills(loop: Any) -> None:
    """Take away what a drill left that was cut off, and say so. It stops nobody: serving begins."""
    from roadworthy.domain import RoadworthyError
    from roadworthy.flows.drills.drilling import alone

    try:
        with alone(loop, lambda words: warn(printable(words))):
            pass
    except (RoadworthyError, OSError) as error:
        warn(printable(f"what drills may have left was not looked at: {error}"))


def warn_of_lost(loop: Any) -> None:
    """Say, without writing anything, which kills and routes the routing table has otherwise.

    Raises VerificationError when the ledger has an entry that is no kill.
    """
    from roadworthy.domain import EvidenceError
    from roadworthy.flows.entries.entered_kills import ledger_kills, lost_kills
    from roadworthy.flows.releasing.live_routes import ledger_routes, strayed_routes
    from roadworthy.flows.workspace.routing import read_table

    stand, live = ledger_kills(loop), ledger_routes(loop)
    try:
        table = read_table(loop.workspace.routing)
    except EvidenceError:
        return  # such a table stops everything
    lost, strayed = lost_kills(table, stand), strayed_routes(table, live)
    if strayed:
        warn(
            f"the routing table names another release for {printable(', '.join(strayed))} than was"
            " activated last: somebody edited that file. `roadworthy serve`, kill and resume put it"
            " back"
        )
    if lost:
        warn(
            f"nobody lifted {named(lost)}, but the routing table lacks it or has it otherwise:"
            " somebody edited that file. `roadworthy serve`, kill and resume set it again"
        )
