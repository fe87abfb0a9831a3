"""How much a tenant may ask, read and spend: counted in one small file that all workers share.

Enters: who asks, later what it took. Leaves: leave to go on, or QuotaError: what is used up, until
when.
Never happens here: a limit that each worker counts for itself, a limit that a restart forgets, or
leave for a limited tenant while the counts cannot be kept.

Rates are counted by the generic cell rate algorithm (ITU-T I.371, appendix I): one instant per
rate says when all that was taken would have been due, so a minute's worth may come at once and no
more than that in any minute thereafter but what has drained. What an answer takes is known when it
has ended, so answers under way are counted late.
"""

from __future__ import annotations

import calendar
import datetime as dt
import fcntl
import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import ROUND_UP, Decimal
from pathlib import Path
from typing import Literal

from msgspec import Struct

from roadworthy.domain import CountError, QuotaError

from .tenants import MAX_SLOTS, TenantLimits

WINDOW_NS = 60_000_000_000

MOST_AHEAD_NS = 3_600_000_000_000
"""So long at most one answer, however long, keeps a tenant waiting."""

ALARMS = (0.5, 0.8, 1.0)
"""Shares of a budget at which it is said that they are spent."""

_SLOT = struct.Struct("<qqqI")
_SLOT_BYTES = 64
_HEADER = b"RWQUOTA1".ljust(_SLOT_BYTES, b"\0")
_BILLION = Decimal(1_000_000_000)


class Taken(Struct, kw_only=True):
    """What a tenant has taken, as it lies in the file."""

    requests_due: int = 0
    """Nanoseconds since the epoch at which all requests so far would have been due, one by one."""
    tokens_due: int = 0
    spent: int = 0
    """Billionths of the currency in `month`."""
    month: int = 0
    """Such as 202611, UTC."""

    def spent_in(self, month: int) -> int:
        """Billionths spent in a month."""
        return self.spent if self.month == month else 0


class Quota:
    """The shared counts. Every method may raise CountError: then nobody who is limited asks.

    The file is made by `create`, before anybody asks. One that is gone is no empty one: whoever
    holds the old file, and whoever finds none, both say so.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = -1

    def create(self) -> None:
        """Make the file where there is none."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._handle = self._open(os.O_CREAT)
        except OSError as error:
            raise self._unreadable(error) from None

    def admit(self, limits: TenantLimits, now: float) -> None:
        """Count a request that begins at `now` (seconds since the epoch). Raises QuotaError."""
        with self._slot(limits.slot) as taken:
            _require(limits, taken, now)
            if limits.requests_per_minute:
                gap, room = _pace(limits)
                due = max(_sane(taken.requests_due, now, room), _ns(now))
                taken.requests_due = due + gap

    def charge(self, limits: TenantLimits, now: float, *, tokens: int, cost: str | None) -> str:
        """Count what an answer took. `cost` is a decimal amount in the budget's currency.

        Returns which alarm of the budget it set off, in words; mostly none.
        """
        with self._slot(limits.slot) as taken:
            if limits.tokens_per_minute:
                due = max(_sane(taken.tokens_due, now, MOST_AHEAD_NS), _ns(now))
                took = min(tokens * WINDOW_NS // limits.tokens_per_minute, MOST_AHEAD_NS)
                taken.tokens_due = due + took
            if cost is not None:
                month = month_of(now)
                before = taken.spent_in(month)
                taken.spent = before + billionths(cost)
                taken.month = month
                return alarm(limits, before, taken.spent)
        return ""

    def taken(self, limits: TenantLimits) -> Taken:
        """What the tenant has taken so far."""
        with self._slot(limits.slot) as taken:
            return taken

    def requests_left(self, limits: TenantLimits, now: float) -> int:
        """How many requests could come at once."""
        if not limits.requests_per_minute:
            return 0
        gap, room = _pace(limits)
        due = _sane(self.taken(limits).requests_due, now, room)
        return max(0, room - max(0, due - _ns(now))) // gap

    def spent(self, limits: TenantLimits, month: int) -> int:
        """Billionths spent in a month."""
        return self.taken(limits).spent_in(month)

    def half_left(self, limits: TenantLimits, now: float) -> bool:
        """Whether at most half a minute's requests and tokens are taken."""
        taken = self.taken(limits)
        due = _sane(taken.requests_due, now, _pace(limits)[1]) if limits.requests_per_minute else 0
        read = _sane(taken.tokens_due, now, MOST_AHEAD_NS) if limits.tokens_per_minute else 0
        return max(due, read) - _ns(now) <= WINDOW_NS // 2

    def close(self) -> None:
        """Let the file go; the next call opens it again."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def open(self) -> None:
        """Nothing to be done: who finds the file may count in it."""

    def exists(self) -> bool:
        """Whether there are counts at all."""
        return self._path.exists()

    def at_least(self, limits: TenantLimits, spent: int, month: int) -> None:
        """Correct the spending of a month upwards to what the journal knows."""
        with self._slot(limits.slot) as taken:
            taken.spent = max(taken.spent_in(month), spent)
            taken.month = month

    @contextmanager
    def _slot(self, slot: int) -> Iterator[Taken]:
        """Hold one tenant's counts; what was changed is written on leaving."""
        if not 0 <= slot < MAX_SLOTS:
            raise CountError(f"{self._path} has no place {slot}", fix="set the limits again")
        place = (slot + 1) * _SLOT_BYTES
        try:
            handle = self._held()
            fcntl.lockf(handle, fcntl.LOCK_EX, _SLOT_BYTES, place)
            try:
                data = os.pread(handle, _SLOT.size, place)
                before = _SLOT.unpack(data) if len(data) == _SLOT.size else (0, 0, 0, 0)
                taken = Taken(
                    requests_due=before[0], tokens_due=before[1], spent=before[2], month=before[3]
                )
                yield taken
                after = (taken.requests_due, taken.tokens_due, taken.spent, taken.month)
                if after != before:
                    os.pwrite(handle, _SLOT.pack(*after), place)
            finally:
                fcntl.lockf(handle, fcntl.LOCK_UN, _SLOT_BYTES, place)
        except (OSError, struct.error) as error:
            raise self._unreadable(error) from None

    def _unreadable(self, error: Exception) -> CountError:
        return CountError(
            f"limits cannot be counted in {self._path}: {error}",
            fix="see to the file (remove what is no file of counts), and start the gateway again",
        )

    def _held(self) -> int:
        if self._handle < 0:
            self._handle = self._open()
        elif os.fstat(self._handle).st_nlink == 0:
            raise OSError("the file was removed while it was in use")
        return self._handle

    def _open(self, create: int = 0) -> int:
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | create
        handle = os.open(self._path, flags, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError("it is no file")
            if os.pread(handle, len(_HEADER), 0) not in (b"", _HEADER):
                raise OSError("it is no file of counts")
            os.pwrite(handle, _HEADER, 0)
        except OSError:
            os.close(handle)
            raise
        return handle


def _require(limits: TenantLimits, taken: Taken, now: float) -> None:
    if limits.budget and taken.spent_in(month_of(now)) >= billionths(limits.budget):
        raise used_up("budget", limits)
    if limits.tokens_per_minute:
        wait = _sane(taken.tokens_due, now, MOST_AHEAD_NS) - _ns(now) - WINDOW_NS
        if wait >= 0:
            raise used_up("tokens", limits, wait)
    if limits.requests_per_minute:
        gap, room = _pace(limits)
        wait = _sane(taken.requests_due, now, room) + gap - _ns(now) - room
        if wait > 0:
            raise used_up("requests", limits, wait)


def used_up(
    what: Literal["requests", "tokens", "budget"], limits: TenantLimits, wait_ns: int = 0
) -> QuotaError:
    """What is said to who has taken what it may."""
    if what == "budget":
        return QuotaError(
            f"the month's budget of {limits.budget} {limits.currency} is spent",
            what=what,
            fix="it begins anew with the month (UTC); the operator may raise it",
        )
    most = limits.tokens_per_minute if what == "tokens" else limits.requests_per_minute
    return QuotaError(f"{most} {what} a minute are used up", what=what, retry_after_s=wait_ns / 1e9)


def _pace(limits: TenantLimits) -> tuple[int, int]:
    """Nanoseconds between two requests, never too few, and those of all that may come at once."""
    gap = -(-WINDOW_NS // limits.requests_per_minute)
    return gap, gap * limits.requests_per_minute


def alarm(limits: TenantLimits, before: int, after: int) -> str:
    """What is said when spending passes a mark."""
    if not limits.budget:
        return ""
    budget = billionths(limits.budget)
    passed = [mark for mark in ALARMS if before < budget * mark <= after]
    return f"{passed[-1]:.0%} of {limits.budget} {limits.currency} is spent" if passed else ""


def _sane(due: int, now: float, ahead: int) -> int:
    """An instant that a clock put right since did not leave in a far future."""
    return min(due, _ns(now) + ahead)


def _ns(now: float) -> int:
    return int(now * 1e9)


def billionths(amount: str) -> int:
    """A decimal amount in billionths, rounded up. Raises ValueError."""
    try:
        return int((Decimal(amount) * _BILLION).to_integral_value(ROUND_UP))
    except ArithmeticError:
        raise ValueError(f"{amount!r} is no amount") from None


def month_of(now: float) -> int:
    """The UTC month of seconds since the epoch, such as 202611."""
    moment = dt.datetime.fromtimestamp(now, dt.UTC)
    return moment.year * 100 + moment.month


def forecast(spent: int, now: float) -> float:
    """Billionths at the end of the month if it goes on as so far."""
    moment = dt.datetime.fromtimestamp(now, dt.UTC)
    days = calendar.monthrange(moment.year, moment.month)[1]
    begin = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    elapsed = max((moment - begin).total_seconds(), 3600.0)
    return spent * days * 86_400 / elapsed
