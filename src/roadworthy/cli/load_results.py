"""What `roadworthy load` says at its end, for people and for scripts."""

from __future__ import annotations

from typing import Any

from msgspec import to_builtins

from roadworthy.domain import Entry, Measurement
from roadworthy.flows.load.capacity import Ramp
from roadworthy.flows.load.loading import Soaked
from roadworthy.flows.load.soaking import Growth

from .exits import Exit
from .load_stage import Stage, Wanted, told
from .terminal import emit, same_system, say, table


def show_capacity(
    found: tuple[tuple[Ramp, ...], Measurement, Entry],
    stage: Stage,
    wanted: Wanted,
    *,
    as_json: bool,
) -> Exit:
    """Print it; returns the exit code."""
    ramps, free, entry = found
    code = _fits(free)
    if as_json:
        emit(
            _about(stage, entry)
            | {
                "peak": stage.peak,
                "capacity": [ramp.capacity for ramp in ramps],
                "at_least": any(ramp.at_least for ramp in ramps),
                "headroom": {
                    "value": free.value, "low": free.low, "high": free.high, "n": free.n,
                    "reason": free.reason,
                },
                "ramps": to_builtins(ramps),
            }
        )  # fmt: skip
        return code
    table(
        ("ramp", "capacity a second", "why not more"),
        [
            (str(at), f"{'at least ' * ramp.at_least}{ramp.capacity:.4g}", ramp.why)
            for at, ramp in enumerate(ramps, start=1)
        ],
        title=f"{stage.system}, release {stage.route.live[7:19]}",
    )
    if free.value is None:
        say(f"headroom: {free.reason}")
    else:
        between = _between(free)
        say(
            f"headroom {free.value:.1%} ({between}, {free.n} ramps) at a peak of "
            f"{stage.peak:.4g} a second{'; ' * bool(free.reason)}{free.reason}"
        )
    _left(stage)
    say(f"ledger entry {entry.seq} ({entry.kind}). {_next(code, wanted)}")
    return code


def show_soak(found: tuple[Soaked, Entry], stage: Stage, *, as_json: bool) -> Exit:
    """Print it; returns the exit code."""
    soaked, entry = found
    code = _stood(soaked)
    if as_json:
        said = to_builtins(soaked)
        for each, built in zip(soaked.growth, said["growth"], strict=True):
            built["grows"] = each.grows
        emit(_about(stage, entry) | said)
        return code
    say(told(soaked.step))
    if soaked.most_ms is not None:
        say(f"99.9 % within {soaked.p999_ms:.4g} ms, the slowest {soaked.most_ms:.4g} ms")
    say(f"{soaked.asked} requests, {soaked.step.failed} failed, {soaked.lost} of them lost")
    for name, times in soaked.restarts.items():
        say(f"{name} ended and was started again {times} times")
    for why, count in soaked.failures.items():
        say(f"  {count} x {why}")
    table(
        ("process", "MB at first", "at last", "MB an hour", "readings", ""),
        [_growth_row(each) for each in soaked.growth],
        title="memory (RSS), after a fifth of the time as warm-up",
    )
    _left(stage)
    say(f"ledger entry {entry.seq} ({entry.kind}).")
    return code


def _growth_row(each: Growth) -> tuple[str, ...]:
    slope = "-"
    if each.mb_per_hour is not None:
        slope = f"{each.mb_per_hour:+.3g} ({each.low:+.3g} to {each.high:+.3g})"
    said = "GROWS" if each.grows else each.reason
    return (each.process, f"{each.first_mb:.1f}", f"{each.last_mb:.1f}", slope, str(each.n), said)


def _about(stage: Stage, entry: Entry) -> dict[str, Any]:
    return {
        "system": stage.system,
        "release": stage.route.live,
        "objectives": {each.name: each.said for each in stage.objectives},
        "cases": len(stage.requests),
        "cases_left_out": stage.left,
        "entry": entry.seq,
    }


def _fits(free: Measurement) -> Exit:
    """Whether the peak fits; no bounds above 0 prove nothing."""
    if free.value is None or free.value < 0:
        return Exit.REFUSED
    return Exit.DONE if free.low is not None and free.low >= 0 else Exit.UNDECIDED


def _stood(soaked: Soaked) -> Exit:
    if not soaked.step.kept_up:
        return Exit.UNDECIDED
    if soaked.restarts or not soaked.step.holds or any(each.grows for each in soaked.growth):
        return Exit.REFUSED
    known = soaked.growth and all(each.mb_per_hour is not None for each in soaked.growth)
    return Exit.DONE if known else Exit.UNDECIDED


def _between(free: Measurement) -> str:
    if free.low is None:
        return "no bounds"
    return f"at least {free.low:.1%}" if free.high is None else f"{free.low:.1%} to {free.high:.1%}"


def _left(stage: Stage) -> None:
    if stage.left:
        say(f"{stage.left} cases are not asked: attacks, and conversations with a played user.")


def _next(code: Exit, wanted: Wanted) -> str:
    where = same_system(wanted.directory)
    if code is Exit.DONE:
        return f"Next: roadworthy journal query{where} --indicators shows it for 30 days."
    if code is Exit.UNDECIDED:
        return f"Next: bound it with more ramps: roadworthy load{where} --ramps 8"
    return "Next: more workers or machines (`serve --workers`), a faster model, or less expected."
