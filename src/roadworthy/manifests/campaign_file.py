"""campaigns/NAME.yaml: read with every fault at once."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from roadworthy.domain import Campaign, ManifestError, UsageError

from .document import Document
from .folder import Folder


def load_campaign(path: Path) -> Campaign:
    """A campaign's report. Raises UsageError without a file, ManifestError with all its faults."""
    if not path.is_file():
        found = f"{path} is a folder, not a file" if path.is_dir() else f"there is no file {path}"
        raise UsageError(found, fix="`roadworthy schema campaign` shows it")
    folder = Folder(path.resolve().parent)
    campaign = folder.yaml(path.name, Campaign)
    if campaign is not None:
        _check(campaign, folder.document(path.name))
    errors = [fault for fault in folder.faults() if fault.severity == "error"]
    if errors or campaign is None:
        raise ManifestError(errors)
    return campaign


def _check(campaign: Campaign, document: Document) -> None:
    for key in ("title", "scope", "limits"):
        if document.sound((key,)) and not getattr(campaign, key).strip():
            document.fault((key,), f"`{key}` is empty", "say it in a sentence")
    if document.sound(("team",)) and not any(name.strip() for name in campaign.team):
        document.fault(("team",), "nobody is named", "name who attacked")
    days = [_day(getattr(campaign, key), key, document) for key in ("started", "ended")]
    if days[0] and days[1] and days[1] < days[0]:
        document.fault(("ended",), "it ended before it started", "correct one of the dates")
    seen: set[str] = set()
    for index, finding in enumerate(campaign.findings):
        place = ("findings", index)
        if not document.sound(place):
            continue
        if not finding.id.strip() or finding.id in seen:
            document.fault(
                (*place, "id"), f"the finding id `{finding.id}` is empty or stands twice",
                "give each finding an id of its own",
            )  # fmt: skip
        seen.add(finding.id)
        if finding.succeeded > finding.attempts:
            document.fault(
                (*place, "succeeded"),
                f"it worked {finding.succeeded} times in {finding.attempts} tries",
                "`succeeded` is at most `attempts`",
            )
        if finding.state == "accepted" and not finding.accepted_by.strip():
            document.fault(
                place, f"the finding `{finding.id}` is accepted by nobody",
                "write `accepted_by: NAME, because …`",
            )  # fmt: skip


def _day(text: str, key: str, document: Document) -> dt.date | None:
    if not document.sound((key,)):
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        document.fault((key,), f"`{text}` is no date", "write it as YYYY-MM-DD, in quotes")
        return None
