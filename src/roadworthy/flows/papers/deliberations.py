"""Every deliberation of a system, as it may be shown to others: what was seen, said and decided.

1 the entries, each note once, 2 its text by digest, 3 what was due before it, 4 what stays hidden.

Enters: a ledger, a charter, the system's folder. Leaves: values for pages. Never: a text that is
not the one that was entered; unless they are asked for, a name of anybody but who signed, or what
looks like personal data; a secret at all.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from roadworthy.compliance import ReviewDue, day_due
from roadworthy.domain import (
    Charter,
    Entry,
    EvidenceError,
    Finding,
    VerificationError,
    parse_instant,
    sha256,
)
from roadworthy.incidents import redact
from roadworthy.manifests import DELIBERATION
from roadworthy.policy import note_parts
from roadworthy_verify.plain_file import read_plain

from ..entries.release_records import ACTIVATED
from ..entries.reviews_owed import RECORDED, review_owed
from ..workspace.loop import Loop
from .preread import KEPT

Show = Literal["names", "personal"]
SHOWS: tuple[str, ...] = get_args(Show)
Sensitive = Callable[[str], Sequence[Finding]]
"""Finds what is personal, or secret, in a text."""
_MOST_NOTE = 4 << 20
_DIGEST = re.compile(r"sha256:[0-9a-f]{8,64}")
_WORD = re.compile(r"\w+")


class Signature(Struct, frozen=True, kw_only=True):
    """Who entered a note."""

    name: str
    key: str
    roles: tuple[str, ...]
    entry: int
    digest: str
    time: str


class Held(Struct, frozen=True, kw_only=True):
    """One deliberation, as it may be shown."""

    note: str
    """Digest of its text."""
    candidate: str
    day: str
    """On which it was entered, in the charter's time zone."""
    review: bool
    """Whether it was about what was live already."""
    decision: str
    heard: tuple[tuple[str, str], ...]
    """Name (empty: not shown) and voice."""
    limits: tuple[str, ...]
    dissent: tuple[str, ...]
    actions: tuple[tuple[str, str, str, str], ...]
    """What, owner, due, closed by."""
    never_changes: tuple[tuple[str, str, str], ...]
    signed: tuple[Signature, ...]
    due: str
    """The last day on which it was in time; empty: nothing was owed yet."""
    late: int
    """Days after it."""
    preread: str
    """Markdown: what the machine found and people saw."""
    checked: bool
    """Whether the pre-read was held against what the machine had written when it was entered."""
    said: str
    """Markdown: what people wrote. Empty where the text is not kept."""
    kept: bool


class Book(Struct, frozen=True, kw_only=True):
    """All of them, the newest first."""

    system: str
    title: str
    time_zone: str
    made_at: str
    head: int
    """Entries of the ledger by then."""
    began: str
    """The day from which reviews are owed; empty: it was never on the road."""
    review: ReviewDue
    held: tuple[Held, ...]
    hidden: dict[str, int] = field(default_factory=dict)
    """What was left out (`names`, `personal`, `secrets`), and how often."""


def deliberations(
    loop: Loop, charter: Charter, root: Path, *, finders: dict[str, Sensitive],
    show: Iterable[str] = (),
) -> Book:  # fmt: skip
    """What was deliberated about a system. `finders`: `personal` and `secrets`.

    Raises VerificationError where the text of a note was changed in the workspace.
    """
    notes: dict[str, list[Entry]] = {}
    for entry in loop.ledger.entries(kind=RECORDED, system=charter.system):  # 1
        notes.setdefault(entry.subject, []).append(entry)
    lived = list(loop.ledger.entries(kind=ACTIVATED, system=charter.system))
    began = lived[0].time if lived else ""
    texts = _texts(root)
    shut = _Shut(loop, notes, set(show), finders)
    held: list[Held] = []
    looked = began
    for digest, entries in notes.items():
        first = entries[0]
        text = _text(loop, digest, texts)  # 2
        due = day_due(looked, charter.review.cadence, charter.time_zone) if looked else None  # 3
        day = _day(first.time, charter)
        live = [each for each in lived if each.seq < first.seq]
        review = bool(live) and live[-1].payload.get("candidate") == first.payload["candidate"]
        late = max(0, (day - due).days) if due is not None else 0
        about = {
            "day": day.isoformat(), "due": due.isoformat() if due else "", "late": late,
            "review": review, "signed": tuple(shut.signature(one) for one in entries),
        }  # fmt: skip
        held.append(shut.held(first, text, about))  # 4
        looked = first.time
    return Book(
        system=charter.system, title=charter.title, time_zone=charter.time_zone,
        made_at=loop.clock.now().astimezone(ZoneInfo(charter.time_zone)).isoformat()[:16],
        head=loop.ledger.size(), began=_day(began, charter).isoformat() if began else "",
        review=review_owed(loop, charter), held=tuple(reversed(held)), hidden=shut.hidden,
    )  # fmt: skip


def _day(instant: str, charter: Charter) -> dt.date:
    return parse_instant(instant).astimezone(ZoneInfo(charter.time_zone)).date()


def _texts(root: Path) -> dict[str, str]:
    """Notes in the folder, by digest: for those that were entered before their text was kept."""
    found = {}
    for path in (root / DELIBERATION, *sorted((root / KEPT).glob("*.md"))):
        try:
            data = read_plain(path, _MOST_NOTE)
            found[sha256(data)] = data.decode("utf-8", "replace")
        except OSError:
            continue
    return found


def _text(loop: Loop, digest: str, texts: dict[str, str]) -> str | None:
    """A note as it was entered; None where nobody kept it."""
    try:
        return loop.blobs.get(digest).decode("utf-8", "replace")
    except VerificationError:
        raise
    except EvidenceError:  # entered before texts were kept
        return texts.get(digest)


def _composed(text: str) -> str:
    """Each letter as one: a name is the same name however its accents were typed."""
    return unicodedata.normalize("NFC", text)


class _Shut:
    """What is left out of pages, and counted."""

    def __init__(
        self, loop: Loop, notes: dict[str, list[Entry]], show: set[str],
        finders: dict[str, Sensitive],
    ) -> None:  # fmt: skip
        self.hidden = dict.fromkeys(("names", "personal", "secrets"), 0)
        self._keys = {key.key_id: key for key in loop.trust.keys}
        self._show = show
        self._finders = finders
        signers = {self._name(entry).casefold() for entries in notes.values() for entry in entries}
        people: dict[str, str] = {
            key.name: key.roles[0] if key.roles else "person"
            for key in loop.trust.keys
            if key.kind == "person"
        }
        for entries in notes.values():
            for one in entries[0].payload.get("participants", ()):
                people[str(one["name"]).strip()] = str(one["voice"])
        self._people = {
            name: voice for name, voice in people.items() if name and name.casefold() not in signers
        }
        self._words = self._names_of()

    def _name(self, entry: Entry) -> str:
        key = self._keys.get(entry.actor.partition(":")[2])
        return key.name if key is not None else entry.actor

    def signature(self, entry: Entry) -> Signature:
        """Who signed; a signature without a name is none."""
        key = self._keys.get(entry.actor.partition(":")[2])
        return Signature(
            name=self._name(entry), key=entry.actor.partition(":")[2],
            roles=tuple(key.roles) if key is not None else (), entry=entry.seq,
            digest=entry.digest, time=entry.time,
        )  # fmt: skip

    def held(self, entry: Entry, text: str | None, about: dict[str, Any]) -> Held:
        """One deliberation without what is not shown."""
        said = entry.payload
        seen, people = note_parts(text) if text is not None else ("", "")
        return Held(
            note=entry.subject, candidate=str(said["candidate"]), decision=str(said["decision"]),
            heard=tuple(
                (self._shown_name(str(one["name"])), self._clean(str(one["voice"])))
                for one in said.get("participants", ())
            ),
            limits=self._all(said.get("limits", ())),
            dissent=self._all(said.get("dissent", ())),
            actions=tuple(
                (self._clean(str(one.get("what", ""))), self._clean(str(one.get("owner", ""))),
                 str(one.get("due", "")), self._clean(str(one.get("closed_by", ""))))
                for one in said.get("actions", ())
            ),
            never_changes=tuple(
                (str(one.get("event", "")), self._clean(str(one.get("by", ""))),
                 self._clean(str(one.get("why", ""))))
                for one in said.get("never_changes", ())
            ),
            preread=self._clean(seen), said=self._clean(people), kept=text is not None,
            checked=bool(said.get("preread")), **about,
        )  # fmt: skip

    def _all(self, texts: Iterable[Any]) -> tuple[str, ...]:
        return tuple(self._clean(str(text)) for text in texts)

    def _shown_name(self, name: str) -> str:
        if "names" in self._show or name.strip() not in self._people:
            return name.strip()
        self.hidden["names"] += 1
        return ""

    def _clean(self, text: str) -> str:
        """A text without secrets; without personal data and names unless they are asked for."""
        text = self._without(_composed(text), "secrets")
        if "personal" not in self._show:
            text = self._without(text, "personal")
        if "names" not in self._show:
            text = self._unnamed(text)
        return text

    def _without(self, text: str, kind: str) -> str:
        ours = [found.span() for found in _DIGEST.finditer(text)]  # a digest is nobody's
        found = [
            one
            for one in self._finders[kind](text)
            if not any(start <= one.start and one.end <= end for start, end in ours)
        ]
        self.hidden[kind] += len(found)
        return redact(text, found) if found else text

    def _names_of(self) -> dict[str, str]:
        """Word of a name -> the voice that stands in its place."""
        words: dict[str, str] = {}
        for name, voice in self._people.items():
            parts = _WORD.findall(_composed(name))
            for word in parts:
                if word[0].isupper() or len(parts) == 1:
                    for spelt in (word, word.capitalize(), word.upper()):
                        words.setdefault(spelt, f"[{voice}]")
        return words

    def _unnamed(self, text: str) -> str:
        """A text with voices in the place of names; the words of one name are one voice."""
        out: list[str] = []
        at, last, ended = 0, "", 0
        for found in _WORD.finditer(text):
            voice = self._words.get(found[0])
            if voice is None:
                continue
            between = text[at : found.start()]
            if voice == last and at == ended and not between.strip(" .-"):
                at = ended = found.end()
                continue
            out += [between, voice]
            at = ended = found.end()
            last = voice
            self.hidden["names"] += 1
        return "".join((*out, text[at:]))
