"""A notice in the form that its receiver reads.

    webhook        Standard Webhooks: `type`, `timestamp`, `data`
    alertmanager   POST /api/v2/alerts (OpenAPI 0.27): labels that stay, `endsAt` once it is over
    pagerduty      Events API v2: trigger, acknowledge, resolve, by one `dedup_key`
    email          a subject and a text, the same Message-ID whenever it is sent

Enters: a notice. Leaves: JSON values and texts. Never here: a secret (whoever sends it adds that),
or more than the notice holds.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from roadworthy.domain import Notice, Severity, format_instant, parse_instant

LASTS = dt.timedelta(days=365)
"""Alertmanager ends an alert that nobody repeats: ours ends when it is over."""

_PAGED: dict[Severity, str] = {
    "low": "info", "medium": "warning", "high": "error", "critical": "critical",
}  # fmt: skip


def webhook_body(notice: Notice) -> dict[str, Any]:
    """As Standard Webhooks says a payload is: what, when, and about what."""
    return {
        "type": f"roadworthy.{notice.kind}.{notice.verb}",
        "timestamp": notice.at,
        "data": {
            "id": notice.id,
            "system": notice.system,
            "severity": notice.severity,
            "key": notice.key,
            "over": notice.over,
            **notice.about,
        },
    }


def alerts_body(notice: Notice) -> list[dict[str, Any]]:
    """The alert, and where its severity changed the end of the one that it was."""
    alerts = [_alert(notice, notice.severity, over=notice.over)]
    if notice.was is not None:
        alerts.append(_alert(notice, notice.was, over=True))
    return alerts


def _alert(notice: Notice, severity: Severity, *, over: bool) -> dict[str, Any]:
    labels = {
        "alertname": f"Roadworthy{notice.kind.capitalize()}",
        "system": notice.system,
        "severity": severity,
        "key": notice.key,
    }
    ends = notice.at if over else format_instant(parse_instant(notice.at) + LASTS)
    given = {"summary": notice.summary, "verb": notice.verb, **notice.about}
    alert = {
        "labels": {name: value for name, value in labels.items() if value},
        "annotations": given,
        "endsAt": ends,
    }
    return alert if over else alert | {"startsAt": notice.at}


def pagerduty_body(notice: Notice, routing_key: str) -> dict[str, Any]:
    """An event; who acknowledges or ends something here does so there."""
    action = "acknowledge" if notice.verb == "acknowledged" else "trigger"
    body = {
        "routing_key": routing_key,
        "event_action": "resolve" if notice.over else action,
        "dedup_key": notice.key,
    }
    if body["event_action"] != "trigger":
        return body
    return body | {
        "payload": {
            "summary": notice.summary,
            "source": notice.system or "roadworthy",
            "severity": _PAGED[notice.severity],
            "timestamp": notice.at,
            "component": notice.key,
            "class": f"{notice.kind}.{notice.verb}",
            "custom_details": notice.about,
        },
        "client": "Roadworthy",
    }


def mail_text(notice: Notice) -> str:
    """The words of an e-mail."""
    rows = [
        f"{name.replace('_', ' ')}: {value}"
        for name, value in (
            ("what", f"{notice.kind} {notice.verb}"),
            ("severity", notice.severity),
            ("system", notice.system),
            ("about", notice.key),
            ("at", notice.at),
            *notice.about.items(),
        )
        if value
    ]
    return "\n".join([notice.summary, "", *rows, "", f"notice: {notice.id}"]) + "\n"
