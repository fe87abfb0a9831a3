"""Whether a picture or a sound was made here, by its marks, and what anybody else's manifest says.

Enters: a file. Leaves: what its marks say, and, for the tenant whose answer it was, which. What
never happens here: another tenant's observation told; a file without marks called a person's.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import Any

from roadworthy.domain import Observation, format_instant
from roadworthy.journal import Wanted, find, query
from roadworthy.media import FALSE_ALARM, INSTALL, MarkError, Seen, missing
from roadworthy.wiring.gateway import Gateway
from roadworthy.wiring.marking import Marking, shown

from .problems import ApiError, bad_field

_NEAR = dt.timedelta(seconds=8)
"""Around the time in a mark, which is to four seconds."""
_UNMARKED = "no mark was found: it may have been taken out, or never been there"


def known_file(gateway: Gateway, text: str, tenant: str) -> dict[str, Any]:
    """What is known of a file in base64. Raises ApiError for what holds no marks."""
    if lost := missing():
        message = f"this gateway lacks what marks need ({lost}): {INSTALL}"
        raise ApiError(501, message, code="not_installed")
    try:
        data = base64.b64decode(text, validate=True)
        seen = Marking(gateway.workspace, gateway.vault).look(data)
    except (binascii.Error, ValueError):
        raise bad_field("file", "file must be base64") from None
    except MarkError as error:
        raise bad_field("file", f"file: {error.message}") from None
    ours = seen.manifest.state == "trusted"
    marked = seen.watermark is not None and seen.watermark.there
    answer = _answer(gateway, seen, tenant)
    return {
        "generated": ours or marked,
        "confidence": 1.0 if ours else 1.0 - FALSE_ALARM if marked else 0.0,
        "observation": answer.id if answer is not None else "",
        "release": answer.release if answer is not None else "",
        "time": _time(seen, answer),
        "reason": "" if ours or marked else _UNMARKED,
        "marks": shown(seen),
    }


def _answer(gateway: Gateway, seen: Seen, tenant: str) -> Observation | None:
    """The answer that the file is, where the marks name one of the tenant's alone."""
    journal = gateway.workspace.journal
    if seen.manifest.observation:
        record = find(journal, seen.manifest.observation)
        found = record.observation if record is not None else None
        return found if found is not None and found.tenant == tenant else None
    if seen.watermark is None or seen.watermark.marked_s is None:
        return None
    at = dt.datetime.fromtimestamp(seen.watermark.marked_s, dt.UTC)
    since, until = format_instant(at - _NEAR), format_instant(at + _NEAR)
    wanted = Wanted(tenant=tenant, since=since, until=until)
    made = [row.seen for row in query(journal, wanted) if row.seen.attributes.get("made")]
    return made[0] if len(made) == 1 else None


def _time(seen: Seen, answer: Observation | None) -> str:
    if answer is not None:
        return answer.time
    marked_s = seen.watermark.marked_s if seen.watermark is not None else None
    return "" if marked_s is None else format_instant(dt.datetime.fromtimestamp(marked_s, dt.UTC))
