"""The shares of a bandit: who does better gets more, within limits, and the ledger says when.

Enters: a rollout, and what closed blocks showed of its arms. Leaves: a new share, in the ledger and
then in the routing table. What never happens here: a share that follows a block that is not judged
yet (the bets would prove nothing), the live release without a tenth, a share without an entry.
"""

from __future__ import annotations

import datetime as dt

from roadworthy.domain import LEAST_SHARE, Rolling, parse_instant, plain
from roadworthy.statistics import TwoArms, better

from ..brakes.stopping import recording
from ..entries.rolling import WEIGHED, rollouts_of
from ..workspace.loop import Loop
from .moving import publish_arm, record_of

EVERY_S = 60
"""Shares change once a minute at most: each change is an entry."""

STEP = 0.05
"""And by so much at least."""


def share_of(rolling: Rolling, arms: TwoArms) -> float:
    """What the new release should get: more, the likelier it is the better one."""
    (old_n, old_sum), (new_n, new_sum) = arms.closed_old, arms.closed_new
    chance = better(old_n=old_n, old_sum=old_sum, new_n=new_n, new_sum=new_sum)
    most = rolling.here.weight_percent / 100
    return round(LEAST_SHARE + chance * (most - LEAST_SHARE), 2)


def weigh(loop: Loop, rolling: Rolling, arms: TwoArms) -> Rolling:
    """Give it the share that it should get, where that is another. Raises EvidenceError."""
    share = share_of(rolling, arms)
    since = parse_instant(max(rolling.stepped_at, rolling.weighed_at))
    if abs(share - rolling.weight) < STEP:
        return rolling
    if loop.clock.now() < since + dt.timedelta(seconds=EVERY_S):
        return rolling
    with recording(loop):
        now = rollouts_of(loop, rolling.system)[rolling.id]
        if now.state != "running" or now.step != rolling.step:
            return now
        seen = {"live": arms.closed_old, "new": arms.closed_new}
        said = plain({"share": share, "outcomes_and_failures": seen})
        record_of(loop, WEIGHED, rolling.system, rolling.id, loop.keyring.machine(), said)
        weighed = rollouts_of(loop, rolling.system)[rolling.id]
        publish_arm(loop, weighed)
    return weighed
