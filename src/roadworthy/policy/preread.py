"""What people read before they deliberate: found by the machine, marked as such. Pure text.

Enters: values about one candidate. Leaves: Markdown between the marks of a pre-read, and a new note
around it. What never happens here: a text of a user's that could end the marks, or a word that
counts as people's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from roadworthy.domain import PREREAD, SECTIONS, GateDecision

from .rendering import cell, shown, to_markdown

_MOST = 40
"""Changed values listed; more are counted."""
_CASES = 12
"""Flipped cases named each way; more are counted."""
_WIDTH = 90


class Change(Struct, frozen=True, kw_only=True):
    """One value of the release's content, before and now."""

    path: str
    before: str
    now: str


class Flip(Struct, frozen=True, kw_only=True):
    """Cases that came out otherwise than with the live release."""

    score: str
    said: str
    """The difference with its interval, in words."""
    fixed: Sequence[str]
    broken: Sequence[str]


class SliceSeen(Struct, frozen=True, kw_only=True):
    """One slice of an indicator, as the run saw it."""

    indicator: str
    slice: str
    value: float | None
    low: float | None
    high: float | None
    n: int


class PreRead(Struct, frozen=True, kw_only=True):
    """All that is known before anybody speaks."""

    name: str
    live: str
    """The live release; empty: there is none yet."""
    decision: GateDecision
    changes: Sequence[Change]
    prompt: Sequence[str]
    """Lines of a unified diff."""
    flips: Sequence[Flip]
    slices: Sequence[SliceSeen]
    incidents: Sequence[str]
    findings: Sequence[str]
    stale: Sequence[str]
    actions: Sequence[str]
    """What earlier deliberations decided and nobody closed."""
    evidence: Sequence[str] = ()
    """What the figures rest on, by entry and digest."""


def preread_block(pre: PreRead) -> str:
    """The machine's part of a note, between its marks."""
    live = f"release `{pre.live[:19]}…`" if pre.live else "nothing: this is the first release"
    lines = [
        "# Pre-read",
        "",
        f"Candidate **{cell(pre.name)}** (`{pre.decision.candidate}`) against {live}.",
        "",
        "## Changed since the live release",
        "",
        *_changes(pre),
        "",
        to_markdown(pre.decision, title="Gate but for this note").rstrip(),
        "",
        "## Cases that flipped",
        "",
        *_flips(pre.flips),
        "",
        "## Slices, the worst first",
        "",
        *_slices(pre.slices),
    ]
    for title, texts, none in (
        ("Open incidents", pre.incidents, "None."),
        ("Findings", pre.findings, "None was entered."),
        ("Stale evidence", pre.stale, "None."),
        ("Actions still open", pre.actions, "None."),
        ("What the figures rest on", pre.evidence, "Nothing yet: no run was entered."),
    ):
        lines += ["", f"## {title}", "", *_list(texts, none)]
    body = "\n".join(lines)
    for mark in ("<!--", "-->"):
        body = body.replace(mark, mark.replace("<", "&lt;").replace(">", "&gt;"))
    return f"{PREREAD[0]}\n{body}\n{PREREAD[1]}"


def _changes(pre: PreRead) -> Iterable[str]:
    if not pre.changes and not pre.prompt:
        yield "Nothing that changes behaviour." if pre.live else "There is nothing to compare with."
        return
    if pre.changes:
        yield from ("| what | before | now |", "| --- | --- | --- |")
        for each in pre.changes[:_MOST]:
            yield f"| `{_short(each.path)}` | {_short(each.before)} | {_short(each.now)} |"
        if len(pre.changes) > _MOST:
            yield f"\n{len(pre.changes) - _MOST} more values changed."
    if pre.prompt:
        yield from ("", "The prompt:", "")
        yield from (f"    {line}" for line in pre.prompt)


def _flips(flips: Sequence[Flip]) -> Iterable[str]:
    if not flips:
        yield "There is no run of the live release on these cases."
    for each in flips:
        yield f"- {cell(each.said)}"
        for title, cases in (("broken", each.broken), ("fixed", each.fixed)):
            more = f" and {len(cases) - _CASES} more" if len(cases) > _CASES else ""
            yield f"  - {title}: {cell(', '.join(cases[:_CASES]) or 'none')}{more}"


def _slices(slices: Sequence[SliceSeen]) -> Iterable[str]:
    if not slices:
        yield "No case carries a facet."
        return
    yield from ("| indicator | slice | value | interval | n |", "| --- | --- | --: | --: | --: |")
    for each in slices:
        between = (
            "-"
            if each.low is None or each.high is None
            else f"{shown(each.low)} to {shown(each.high)}"
        )
        yield (
            f"| {cell(each.indicator)} | {cell(each.slice)} | {shown(each.value)} | {between} "
            f"| {each.n} |"
        )


def _list(texts: Sequence[str], none: str) -> list[str]:
    return [f"- {cell(text)}" for text in texts] or [none]


def _short(text: str) -> str:
    return cell(text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…")


def new_note(block: str, *, candidate: str, date: str, voices: Sequence[str]) -> str:
    """A note with its pre-read, and eight sections that wait for people."""
    people = "".join(f'  - {{name: "", voice: {_quoted(voice)}}}\n' for voice in voices)
    head = (
        "---\n"
        "roadworthy: 1\n"
        f"candidate: {_quoted(candidate)}\n"
        f"date: {_quoted(date)}\n"
        "participants:                # who was heard, each with a voice\n"
        f"{people}"
        "decision: hold               # ship | ship_limited | hold | stop\n"
        "limits: []                   # what ship_limited leaves out\n"
        "dissent: []                  # who disagrees, and why\n"
        'actions: []                  # - {what: "", owner: "", due: YYYY-MM-DD}\n'
        'never_changes: []            # - {event: "", by: "", why: ""}: see the notes of the gate\n'
        "---\n"
    )
    sections = "".join(
        f"\n## {each.title}\n<!-- people write here: {each.write} -->\n\n" for each in SECTIONS
    )
    return f"{head}{block}\n{sections}"


def note_parts(note: str) -> tuple[str, str]:
    """The machine's pre-read in a note without its marks, and what people wrote below its head."""
    lines = note.split("\n")
    end = 0
    if lines[0].rstrip() == "---":
        ends = (at for at, line in enumerate(lines[1:], start=1) if line.rstrip() == "---")
        end = next(ends, -1) + 1
    body = "\n".join(lines[end:])
    before, mark, rest = body.partition(PREREAD[0])
    inside, ended, after = rest.partition(PREREAD[1])
    return (inside.strip("\n"), before + after) if mark and ended else ("", body)


def machine_part(body: str) -> tuple[int, str]:
    """The machine's part of a note with its marks, and the line on which it begins, from 1.

    (0, "") without one. Raises ValueError where the marks do not stand once each, in their order:
    what lies between the others would look like the machine's.
    """
    lines = body.split("\n")
    begins, ends = ([at for at, line in enumerate(lines) if mark in line] for mark in PREREAD)
    if not begins and not ends:
        return 0, ""
    if len(begins) != 1 or len(ends) != 1 or ends[0] < begins[0]:
        raise ValueError(
            f"the marks of the machine's part stand {len(begins)} and {len(ends)} times,"
            " once each is right"
        )
    part = "\n".join(lines[begins[0] : ends[0] + 1])
    return begins[0] + 1, part


def changed_by_hand(part: str, written: str) -> tuple[int, str, str] | None:
    """The first line that is not as it was written: its number from 1, as it is, as it was.

    None where every line is the same but for spaces at its end, which editors take away.
    """
    now, before = ([line.rstrip() for line in text.split("\n")] for text in (part, written))
    for at in range(max(len(now), len(before))):
        is_now, was = (each[at] if at < len(each) else "" for each in (now, before))
        if is_now != was:
            return at + 1, is_now, was
    return None


def with_preread(note: str, block: str) -> str:
    """A note whose pre-read is replaced; every other character stays. One without gets it."""
    before, mark, rest = note.partition(PREREAD[0])
    if mark and PREREAD[1] in rest:
        return before + block + rest.partition(PREREAD[1])[2]
    lines = note.split("\n")
    end = next(at for at, line in enumerate(lines[1:], start=1) if line.rstrip() == "---")
    return "\n".join([*lines[: end + 1], block, *lines[end + 1 :]])


def _quoted(text: str) -> str:
    """Text as a YAML scalar in double quotes; JSON's escapes are YAML's."""
    import json

    return json.dumps(text, ensure_ascii=False)
