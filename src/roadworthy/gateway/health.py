"""GET /healthz, /readyz, /v1/models: is it alive, what does it serve, and why not."""

from __future__ import annotations

import shutil

import msgspec

from roadworthy.domain import parse_instant
from roadworthy.serving import names
from roadworthy.wiring.gateway import Gateway

from .wire import Answer


class HealthDoor:
    """What a worker says of itself."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def alive(self, answer: Answer) -> None:
        """200 as long as the process turns."""
        answer.whole(200, b'{"status":"ok"}')

    def ready(self, answer: Answer) -> None:
        """200 when everything that is live is served and can be kept, else 503 and why."""
        state = readiness(self._gateway)
        answer.whole(200 if state["ready"] else 503, msgspec.json.encode(state))

    def models(self, answer: Answer) -> None:
        """What may stand in `model`, with the fields of OpenAI's list and of Anthropic's."""
        fronts = self._gateway.fronts
        known = names({system: front.model for system, front in fronts.items()})
        openai = {"object": "model", "created": 0, "owned_by": "roadworthy"}
        anthropic = {"type": "model", "created_at": "1970-01-01T00:00:00Z"}
        said = {
            "object": "list",
            "data": [{"id": name, "display_name": name, **openai, **anthropic} for name in known],
            "has_more": False,
            "first_id": known[0] if known else None,
            "last_id": known[-1] if known else None,
        }
        answer.whole(200, msgspec.json.encode(said))


def _age_s(gateway: Gateway) -> float | None:
    """Seconds since the table was published; None when none was."""
    if not gateway.table.published_at:
        return None
    published = parse_instant(gateway.table.published_at)
    return round((gateway.clock.now() - published).total_seconds(), 3)


def readiness(gateway: Gateway) -> dict[str, object]:
    """The truth about one worker, as /readyz prints it."""
    systems: dict[str, object] = {}
    stops = [*gateway.table.kills, *gateway.path.emergencies.stops(gateway.table)]
    for name, front in sorted(gateway.fronts.items()):
        systems[name] = {
            "release": front.service.digest,
            "served": True,
            "reason": front.warning,
            "killed": [flag.id for flag in stops if flag.system in ("", name)],
            "upstreams": {one.address: one.state for one in front.service.addresses()},
        }
    for name, reason in sorted(gateway.refused.items()):
        systems[name] = {"release": "", "served": False, "reason": reason, "killed": []}
    try:
        free: int | None = shutil.disk_usage(gateway.workspace.root).free
    except OSError:
        free = None
    journal_fault, keys_read = gateway.journal.fault, gateway.tenants is not None
    ready = bool(gateway.fronts) and keys_read
    ready = ready and not (gateway.refused or gateway.fault or journal_fault)
    return {
        "ready": ready,
        "worker": gateway.plan.worker,
        "systems": systems,
        "table": {
            "version": gateway.table.version,
            "published_at": gateway.table.published_at,
            "age_s": _age_s(gateway),
            "fault": gateway.fault,
        },
        "keys": {"readable": keys_read},
        "journal": {"writable": not journal_fault, "fault": journal_fault},
        "limits": {"counted": not gateway.allowance.fault, "fault": gateway.allowance.fault},
        "disk_free_bytes": free,
        "in_flight": len(gateway.flight),
    }
