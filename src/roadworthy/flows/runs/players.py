"""Who takes part in an episode beside the candidate: simulated users and live tools.

Enters: a system and its plan. Leaves: a provider for each suite whose users a model plays, and a
function for each tool that has one. What never happens here: either made where no case needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import UNSET, Struct

from roadworthy.domain import Model, Provider, System, UsageError
from roadworthy.evaluation import Plan
from roadworthy.providers import LiveCall, make_live_tool

from .run_model import RunModel


class Players(Struct, frozen=True, kw_only=True):
    """Users and tools of one run."""

    users: Mapping[str, tuple[Provider, str]] = {}
    """Suite -> what plays its simulated users, and that model's name."""
    live: Mapping[str, LiveCall] = {}
    """Tool -> its function."""

    async def aclose(self) -> None:
        """Release the users' providers."""
        for provider, _ in self.users.values():
            await provider.aclose()


def players_of(
    system: System, planned: Plan, model: RunModel, make: Callable[[Model], Provider] | None
) -> Players:
    """The players of a plan; `make` makes a provider.

    Raises UsageError where a suite needs what cannot be made, or a live tool is not the pinned one.
    """
    users = {}
    for suite in planned.suites:
        plays = suite.file.user
        if plays is UNSET or not any(case.simulate for case in suite.cases):
            continue
        if make is None:
            raise UsageError(f"nothing can play the users of suite {suite.name} here")
        users[suite.name] = (model.wrap_user(make(plays), plays, system.assets), plays.name)
    episodes = any(item.case.is_episode for item in planned.items)
    live = {
        tool.name: make_live_tool(tool.live, system.root)
        for tool in system.candidate.tools
        if episodes and tool.live is not UNSET
    }
    return Players(users=users, live=live)
