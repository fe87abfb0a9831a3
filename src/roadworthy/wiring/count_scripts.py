"""What Redis is told to do with counts, each step whole or not at all; and what its replies mean.

What enters: limits of one tenant. What leaves: a script, its keys and arguments; later a decision.
What never happens here: a name of a tenant in a key (a digest stands for it), a number of seconds
since the epoch in a floating point number, or the machine's own clock where Redis has one for all.

Scripts count in tenths of microseconds since 2026: Lua has doubles only, and these are exact until
2054. Every script of one `prefix` touches keys of one hash slot.
"""

from __future__ import annotations

import hashlib
from typing import Any

from msgspec import Struct

from roadworthy.domain import CountError, QuotaError
from roadworthy.serving import MOST_AHEAD_NS, WINDOW_NS, TenantLimits, billionths, used_up

TICK_NS = 100
WINDOW = WINDOW_NS // TICK_NS
CLAIM_S = 86_400
"""How long a writer's last claim is known: longer than anybody goes on trying to send it."""
_AHEAD = MOST_AHEAD_NS // TICK_NS

_COMMON = f"""
local function clock()
  local t = redis.call('TIME')
  return (t[1] - 1767225600) * 10000000 + t[2] * 10
end
local function whole(n) return string.format('%.0f', n) end
local function due(field, since, now, ahead)
  local kept = redis.call('HGET', KEYS[1], field)
  return math.min(tonumber(kept or since), now + ahead)
end
local function since()
  return redis.call('HGET', KEYS[2], 'since') or '0'
end
local function spent(month)
  local sum, all = 0, redis.call('HGETALL', KEYS[1])
  local begin = 's:' .. month .. ':'
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, #begin) == begin then sum = sum + tonumber(all[i + 1]) end
  end
  return sum
end
local WINDOW, AHEAD = {WINDOW}, {_AHEAD}
"""

ADMIT = (
    _COMMON
    + """
local machine, month, budget, tokens, gap, room = unpack(ARGV)
if redis.call('HEXISTS', KEYS[2], machine) == 0 then return {1, 0} end
local now, since = clock(), since()
if budget ~= '' then
  if tonumber(since) > now then return {1, 0} end
  if spent(month) >= tonumber(budget) then return {2, 0} end
end
if tokens ~= '0' then
  local wait = due('t', since, now, AHEAD) - now - WINDOW
  if wait >= 0 then return {3, wait} end
end
if gap ~= '0' then
  local before = due('r', since, now, tonumber(room))
  local wait = before + gap - now - room
  if wait > 0 then return {4, wait} end
  redis.call('HSET', KEYS[1], 'r', whole(math.max(before, now) + gap))
end
return {0, 0}
"""
)
"""1: spending is not known there, of this machine or, after a loss, maybe of others. 2, 3, 4: the
budget, tokens, requests are used up."""

CHARGE = (
    _COMMON
    + """
local machine, claim, keep, month, last, ticks, cost = unpack(ARGV)
if redis.call('GET', KEYS[3]) == claim then return {0, '0', '0'} end
local before, after = 0, 0
if cost ~= '' then
  before = spent(month)
  redis.call('HINCRBY', KEYS[1], 's:' .. month .. ':' .. machine, cost)
  after = spent(month)
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    local old = string.match(field, '^s:(%d+):')
    if old and tonumber(old) < tonumber(last) then redis.call('HDEL', KEYS[1], field) end
  end
end
if ticks ~= '0' then
  local now = clock()
  redis.call('HSET', KEYS[1], 't', whole(math.max(due('t', since(), now, AHEAD), now) + ticks))
end
redis.call('SET', KEYS[3], claim, 'EX', keep)
return {1, whole(before), whole(after)}
"""
)
"""What an answer took, once however often it is sent: the third key holds its last claim."""

LOOK = (
    _COMMON
    + """
local month, room = unpack(ARGV)
local now, since = clock(), since()
local requests = due('r', since, now, tonumber(room)) - now
local tokens = due('t', since, now, AHEAD) - now
return {math.max(requests, 0), math.max(tokens, 0), whole(spent(month))}
"""
)

AT_LEAST = """
local field, amount = unpack(ARGV)
local kept = redis.call('HGET', KEYS[1], field)
if not kept or tonumber(kept) < tonumber(amount) then
  redis.call('HSET', KEYS[1], field, amount)
end
return {0}
"""

KNOWN = "return {redis.call('HEXISTS', KEYS[2], ARGV[1])}"

ENROL = (
    _COMMON
    + """
local machine, lost = unpack(ARGV)
if lost == '1' and redis.call('HEXISTS', KEYS[2], machine) == 0 then
  redis.call('HSET', KEYS[2], 'since', whole(clock() + WINDOW))
end
redis.call('HSET', KEYS[2], machine, '1')
return {0}
"""
)
"""After a loss, what is not known counts as taken: a minute's worth is not given twice. For that
minute no budget is believed either: each machine says by itself what was spent through it."""

SCRIPTS = (ADMIT, CHARGE, LOOK, AT_LEAST, KNOWN, ENROL)


def digest_of_script(script: str) -> str:
    """Under which name Redis keeps a script (SHA-1 is its choice)."""
    return hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()


DIGESTS = {script: digest_of_script(script) for script in SCRIPTS}


class Ask(Struct, frozen=True):
    """One script with its keys and arguments."""

    script: str
    keys: tuple[str, ...]
    arguments: tuple[str, ...]

    def by_digest(self) -> tuple[str, ...]:
        """As a command."""
        return ("EVALSHA", DIGESTS[self.script], *self._given())

    def by_text(self) -> tuple[str, ...]:
        """As a command that a store knows which never ran the script."""
        return ("EVAL", self.script, *self._given())

    def _given(self) -> tuple[str, ...]:
        return (str(len(self.keys)), *self.keys, *self.arguments)


class Standing(Struct, frozen=True):
    """How a tenant stands."""

    requests_ahead: int
    """Ticks until what was asked would have been due."""
    tokens_ahead: int
    spent: int
    """Billionths, in the month that was asked for, by all machines."""


class Keys:
    """The keys of one prefix, as one machine uses them."""

    def __init__(self, prefix: str, machine: str) -> None:
        self.machine = machine
        self._start = f"{{{prefix}}}"

    def of(self, tenant: str) -> tuple[str, str]:
        """A tenant's own, and the one of all machines."""
        digest = hashlib.sha256(tenant.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return f"{self._start}:tenant:{digest}", f"{self._start}:machines"

    def admit(self, limits: TenantLimits, month: int) -> Ask:
        """Count a request."""
        gap, room = pace(limits.requests_per_minute)
        budget = str(billionths(limits.budget)) if limits.budget else ""
        said = (self.machine, str(month), budget, str(limits.tokens_per_minute), str(gap))
        return Ask(ADMIT, self.of(limits.tenant), (*said, str(room)))

    def charge(
        self, tenant: str, month: int, *, writer: str, claim: str, ticks: int, cost: int | None
    ) -> Ask:
        """Count what answers took: `ticks` of tokens, and `cost` in billionths."""
        last = month - 1 if month % 100 > 1 else month - 89
        money = "" if cost is None else str(cost)
        said = (self.machine, claim, str(CLAIM_S), str(month), str(last), str(ticks), money)
        own, machines = self.of(tenant)
        return Ask(CHARGE, (own, machines, f"{own}:{self.machine}:{writer}"), said)

    def look(self, limits: TenantLimits, month: int) -> Ask:
        """See how a tenant stands."""
        room = pace(limits.requests_per_minute)[1]
        return Ask(LOOK, self.of(limits.tenant), (str(month), str(room)))

    def at_least(self, tenant: str, month: int, spent: int) -> Ask:
        """Correct upwards what was spent through this machine."""
        return Ask(AT_LEAST, self.of(tenant), (f"s:{month}:{self.machine}", str(spent)))

    def known(self) -> Ask:
        """Whether this machine's spending is known."""
        return Ask(KNOWN, self.of(""), (self.machine,))

    def enrol(self, *, lost: bool) -> Ask:
        """From now on it is. `lost`: it was before."""
        return Ask(ENROL, self.of(""), (self.machine, "1" if lost else ""))


def pace(per_minute: int) -> tuple[int, int]:
    """Ticks between two requests, never too few, and ticks of all that may come at once."""
    gap = -(-WINDOW // per_minute) if per_minute else 0
    return gap, gap * per_minute


def token_ticks(limits: TenantLimits, tokens: int) -> int:
    """How long so many tokens take to drain; at most as long as anybody is kept waiting."""
    if not limits.tokens_per_minute:
        return 0
    return min(-(-tokens * WINDOW // limits.tokens_per_minute), _AHEAD)


def whole(reply: Any) -> list[int]:
    """The numbers of a reply. Raises CountError for what is none of ours."""
    try:
        if isinstance(reply, list):
            return [int(each) for each in reply]
    except (TypeError, ValueError):
        pass
    raise CountError("the store of counts answers what was not asked")


def require_admitted(reply: Any, limits: TenantLimits) -> None:
    """Raises QuotaError, or CountError where nothing can be counted."""
    said = whole(reply)
    if len(said) != 2 or not 0 <= said[0] <= 4:
        raise CountError("the store of counts answers what was not asked")
    code, wait = said
    if code == 1:
        raise CountError("what was spent has to be counted anew first, here and elsewhere")
    if code:
        raise _refusal(code, limits, wait * TICK_NS)


def _refusal(code: int, limits: TenantLimits, wait_ns: int) -> QuotaError:
    kinds = {2: "budget", 3: "tokens", 4: "requests"}
    return used_up(kinds[code], limits, wait_ns)  # type: ignore[arg-type]


def standing(reply: Any) -> Standing:
    """How a tenant stands. Raises CountError."""
    said = whole(reply)
    if len(said) != 3:
        raise CountError("the store of counts answers what was not asked")
    return Standing(*said)
