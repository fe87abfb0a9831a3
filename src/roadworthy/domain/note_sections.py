"""What a deliberation note must say: eight sections, each in people's own words.

Enters: the note's body. Leaves: which sections say nothing, where, and what belongs there. A
comment, a heading or a placeholder says nothing; nor does what the machine wrote between its marks.
"""

from __future__ import annotations

import re
import unicodedata

from msgspec import Struct


class NoteSection(Struct, frozen=True, kw_only=True):
    """One section of the note."""

    title: str
    begins: tuple[str, ...]
    """How its heading may begin, English first, then German; what follows is the writer's."""
    write: str
    """What belongs there."""


_ROWS = (
    (
        "What changes and why",
        ("what changes", "was sich ändert", "was ändert sich", "änderung"),
        "what is different from what is live, and why",
    ),
    (
        "Failure modes raised by each voice",
        (
            "failure modes",
            "fehlerarten",
            "fehlermöglichkeiten",
            "mögliche fehler",
            "was schiefgehen",
        ),
        "how it could go wrong, each with the voice that said so",
    ),
    (
        "Alternatives considered",
        ("alternatives", "alternativen", "geprüfte alternativen", "erwogene alternativen"),
        "what else could be done, and why it is not",
    ),
    (
        "Who may be affected",
        ("who may be affected", "wer betroffen", "wen es trifft", "wen es treffen", "betroffene"),
        "who bears it when it goes wrong",
    ),
    (
        "Which feedback changed the plan",
        ("which feedback", "welche rückmeldung", "welches feedback", "rückmeldung"),
        "what somebody said that changed the plan, or that nobody's did and whom you asked",
    ),
    (
        "Thresholds set",
        ("thresholds", "schwellen", "schwellwert", "gesetzte schwell", "grenzwerte"),
        "which objectives were set, from what, and when",
    ),
    (
        "Tests added",
        ("tests added", "neue tests", "hinzugefügte tests", "ergänzte tests", "neue fälle"),
        "which cases are new, and what they are about",
    ),
    (
        "Rollout plan",
        ("rollout plan", "rollout-plan", "rolloutplan", "einführungsplan", "plan der einführung"),
        "who gets it first, for how long, and what stops it",
    ),
)
"""Title, how headings begin, what belongs there."""

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def _plain(words: str) -> str:
    """A heading without case, and umlauts as they are typed where there are none."""
    return unicodedata.normalize("NFC", words).casefold().translate(_UMLAUTS)


SECTIONS = tuple(
    NoteSection(title=title, begins=tuple(map(_plain, begins)), write=write)
    for title, begins, write in _ROWS
)

PREREAD = ("<!-- pre-read: written by the machine, not by people -->", "<!-- end of pre-read -->")
"""Between these lines stands what the machine found; it is nobody's word."""

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)\s*#*\s*")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_WORD = re.compile(r"[^\W_]+(?:/[^\W_]+)*")
_NOTHING = frozenset((
    "todo", "tbd", "tba", "tbc", "fixme", "xxx", "n/a", "na", "lorem", "ipsum", "folgt", "offen",
))  # fmt: skip


class Unsaid(Struct, frozen=True, kw_only=True):
    """A section that says nothing."""

    section: NoteSection
    line: int
    """Of its heading in the body, from 1; 0 when it is not there."""


def unsaid_sections(body: str) -> list[Unsaid]:
    """The sections of a note's body in which nobody said anything, in the note's usual order."""
    said, places = _said(_people_only(body))
    return [
        Unsaid(section=section, line=places.get(section.title, 0))
        for section in SECTIONS
        if not said.get(section.title)
    ]


def _people_only(body: str) -> str:
    """The body without the machine's part and without comments, every line where it was."""
    text = body
    while PREREAD[0] in text:
        before, _, rest = text.partition(PREREAD[0])
        written, _, after = rest.partition(PREREAD[1])
        text = before + "\n" * written.count("\n") + after
    return _COMMENT.sub(lambda found: "\n" * found.group().count("\n"), text)


def _said(text: str) -> tuple[dict[str, bool], dict[str, int]]:
    """Title -> whether something is said there, and title -> line of its heading."""
    said: dict[str, bool] = {}
    places: dict[str, int] = {}
    current, depth, fenced = "", 0, False
    for number, line in enumerate(text.split("\n"), start=1):
        fence = _FENCE.match(line)
        fenced = fenced != bool(fence)
        heading = None if fenced or fence else _HEADING.fullmatch(line)
        if heading is None:
            if current and not fence and _says(line):
                said[current] = True
            continue
        level, words = len(heading.group(1)), _plain(heading.group(2))
        known = next((one for one in SECTIONS if words.startswith(one.begins)), None)
        if known is not None:
            current, depth = known.title, level
            places.setdefault(current, number)
        elif level <= depth:
            current = ""
    return said, places


def _says(line: str) -> bool:
    """Whether a line holds a word that is no placeholder."""
    return any(word.casefold() not in _NOTHING for word in _WORD.findall(line))
