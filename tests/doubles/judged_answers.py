"""Answers of many days with what was learned of them, and objectives that are judged over them."""

from __future__ import annotations

import datetime as dt
import math
import random
from typing import Any

from msgspec import structs

from roadworthy.domain import (
    NeverRecord,
    Observation,
    Outcome,
    SafetySLO,
    Shift,
    format_instant,
    parse_instant,
)
from roadworthy.flows.objectives.live_judging import Judged

NOW = "2026-11-22T12:00:00.000000Z"
SINCE = "2026-11-01T00:00:00.000000Z"
DESKS = ("motor", "home", "liability")


def slo(name: str, target: str, **more: Any) -> SafetySLO:
    return SafetySLO(name=name, target=target, **more)


OBJECTIVES = [
    slo("routing_accuracy", ">= 0.5", metric="accuracy", min_samples=20),
    slo(
        "accuracy_foreign", ">= 0.2", metric="accuracy",
        where='has(facets.language) && facets.language != "en"',
    ),
    slo("decision_ece", "<= 0.3", min_samples=20),
    slo("never_event_violations", "== 0", action_on_breach="kill_switch"),
    slo("ood_recall_7d", ">= 0.9", window="7d"),
    slo("new_supplier", "<= 0.2", metric="facet_novelty", window="24h", by=["supplier"]),
    slo("out_of_scope", "<= 0.25", metric="ood_rate", window="24h"),
    slo(
        "liability_found_7d", ">= 0.3", metric="accuracy", window="7d",
        where='label == "liability"',
    ),
    slo("decision_ece_p95_24h", "<= 0.4", window="24h", min_samples=20),
    slo("never_event_attempts_24h", "<= 2 x previous 7d", metric="never_event_attempts",
        window="24h"),
    slo("availability_7d", ">= 0.995", window="7d", by=["tenant", "language"]),
    slo("latency_p95_1h", "<= 2000", window="1h"),
    slo("latency_p50_7d", "<= 900", window="7d", by=["tenant"]),
    slo("cost_per_request", "<= 2", at=["runtime"]),
    slo("hold_recall", ">= 0.85", at=["gate"]),
]  # fmt: skip


def answers(n: int, seed: int) -> list[tuple[Observation, list[Outcome]]]:
    source = random.Random(seed)
    now = parse_instant(NOW)
    found = []
    for place in range(n):
        age = source.choice((1800, 40_000, 300_000, 1_000_000, 3_000_000)) * source.random()
        at = format_instant(now - dt.timedelta(seconds=age))
        decision, truth = source.choice(DESKS), source.choice(DESKS)
        seen = Observation(
            id=f"{place:032x}", time=at, system=source.choice(("desk", "desk", "desk", "other")),
            release=source.choice(("sha256:aa", "sha256:aa", "sha256:bb")),
            stage=source.choice(("live", "live", "canary", "shadow", "probe")),
            tenant=source.choice(("acme", "globex")),
            facets={} if source.random() < 0.1 else {
                "language": source.choice(("en", "de")), "supplier": f"S-{source.randint(1, 4)}",
            },
            status=source.choice(("ok",) * 9 + ("error",)),
            action=source.choice(("answered",) * 4 + ("held", "blocked")),
            decision=decision, confidence=source.choice((None, round(source.random(), 3))),
            latency_ms=source.choice((None, source.expovariate(1 / 700), 5.0)),
            cache_hit=source.random() < 0.1, cost=source.choice((None, "0.25", "1.5")),
            never=(NeverRecord(event="rude", kind="attempt", found_by="rail"),)
            if source.random() < 0.05 else (),
        )  # fmt: skip
        said = []
        for reporter in ("look:shift", "tenant:acme", "person:k1"):
            if source.random() < 0.4:
                later = format_instant(parse_instant(at) + dt.timedelta(hours=source.random()))
                looked = reporter.startswith("look")
                said.append(
                    Outcome(
                        observation=seen.id, time=min(later, NOW), reporter=reporter,
                        label="" if looked else truth, ood=source.random() < 0.2 or None,
                        feedback=source.choice(("", "up", "2/5")),
                        shift=Shift(
                            reference="sha256:r", flagged=source.random() < 0.3,
                            new_facets=("supplier",) if source.random() < 0.2 else (),
                        ) if looked else None,
                    )
                )  # fmt: skip
        found.append((seen, said))
    return found


def told(judged: Judged) -> dict[str, Any]:
    found = structs.asdict(judged.found)
    found.pop("slo")
    return {"name": judged.slo.name, "part": judged.part, "since": judged.since, **found}


def alike(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert one.keys() == other.keys()
    for name, mine in one.items():
        theirs = other[name]
        if isinstance(mine, float) and isinstance(theirs, float):
            assert math.isclose(mine, theirs, rel_tol=1e-12, abs_tol=1e-13), (one, other)
        else:
            assert mine == theirs, (name, one, other)
