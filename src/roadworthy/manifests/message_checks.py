"""Cases given as chat messages: roles that every chat knows, and a release that takes messages.

What is found here would be an error row of every run, one for each such case, after the other
cases were paid for.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from roadworthy.domain import Candidate, Case

from .document import Document, Path
from .reading import Reading
from .typed import suggest

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
"""Of the OpenAI chat API, which every provider here speaks."""


def check_messages(reading: Reading) -> None:
    """Note the faults of cases that give messages, turns or tools."""
    owner = _owner(reading.candidate)
    for file, cases in reading.case_files.items():
        document = reading.document(file)
        faulty = {path[0] for path in document.faulty if path}
        for case, line in zip(cases, document.order, strict=False):
            if line in faulty or not _check_said(case, line, document):
                continue
            if owner:
                _check_owned(case, line, document, owner)


def _check_said(case: Case, line: int, document: Document) -> bool:
    """Each message has a role that is known, and a content that can be read."""
    noted = document.noted
    before = case.turns if any("role" in turn for turn in case.turns) else []
    given = case.input if isinstance(case.input, list) else []
    for name, messages in (("input", given), ("turns", before)):
        for index, message in enumerate(messages):
            _check_message(message, f"message {index + 1}", case, (line, name, index), document)
    return document.noted == noted


def _check_message(
    message: dict[str, Any], named: str, case: Case, place: Path, document: Document
) -> None:
    role = message.get("role")
    if role not in ROLES:
        what = "has no `role`" if role is None else f"has the role `{role}`, which nobody knows"
        document.fault(
            place,
            f"{named} of the case `{case.id}` {what}",
            suggest(str(role), list(ROLES), "the roles are"),
            alike=f"a message {what}",
        )
    elif not isinstance(message.get("content"), str | list | None):
        document.fault(
            (*place, "content"),
            f"`content` in {named} of the case `{case.id}` is no text",
            'write {"role": "user", "content": "…"}',
            alike="`content` of a message is no text",
        )


def _owner(candidate: Candidate | None) -> str:
    """What of the candidate owns the prompt; empty where messages go through as they are."""
    if candidate is None:
        return ""
    if candidate.prompt:
        return f"`prompt: {candidate.prompt}`"
    return "`decision`" if candidate.decision is not None else ""


def _check_owned(case: Case, line: int, document: Document, owner: str) -> None:
    """Of a release that owns the prompt, what `flows.case_target` refuses to ask."""
    several = "turns" if case.turns else "tools" if case.tools is not UNSET else ""
    several = several or ("simulate" if case.simulate is not UNSET else "")
    if several:
        document.fault(
            (line, several),
            f"the case `{case.id}` has `{several}`, but the candidate owns the prompt ({owner})",
            "give the conversation as the prompt's variables, or name a candidate without "
            "`prompt` and `decision` with --candidate",
            alike=f"`{several}`, but the candidate owns the prompt",
        )
    elif isinstance(case.input, list) and not _one_text(case.input):
        document.fault(
            (line, "input"),
            f"the case `{case.id}` gives messages, but the candidate owns the prompt ({owner})",
            "give a text, the prompt's variables, or a single user message",
            alike="messages, but the candidate owns the prompt",
        )


def _one_text(messages: list[dict[str, Any]]) -> bool:
    """Whether they are one user message with a text: that is a text said in another form."""
    only = messages[0] if len(messages) == 1 else {}
    return only.get("role") == "user" and isinstance(only.get("content"), str)
