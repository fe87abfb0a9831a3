"""Cases given as chat messages: roles that every chat knows, and what a release takes of them.

What is found here would be an error row of every run, one for each such case, after the other
cases were paid for.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from roadworthy.domain import Case

from .document import Document, Path
from .reading import CHARTER, Reading
from .typed import suggest

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
"""Of the OpenAI chat API, which every provider here speaks."""


def check_messages(reading: Reading) -> None:
    """Note the faults of cases that give messages, turns or tools."""
    candidate = reading.candidate
    owned = candidate is not None and bool(candidate.prompt or candidate.decision is not None)
    _check_place_for_history(reading)
    for file, cases in reading.case_files.items():
        document = reading.document(file)
        faulty = {path[0] for path in document.faulty if path}
        for case, line in zip(cases, document.order, strict=False):
            if line in faulty or not _check_said(case, line, document):
                continue
            if owned and _is_conversation(case):
                _check_owned(case, line, document, reading)


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


def _check_place_for_history(reading: Reading) -> None:
    """A prompt that is one text holds no earlier turns: callers who send some are refused."""
    charter, prompt = reading.charter, reading.prompt
    if charter is None or prompt is None or prompt.header.format != "completion":
        return
    if charter.behaviour.history.turns:
        reading.document(CHARTER).fault(
            ("behaviour", "history"),
            f"earlier turns shall go along, and `{prompt.path}` is a `completion`, which has no "
            "place for them: a caller who sends some is refused",
            "write `turns: 0`, or `format: chat` in the prompt",
            severity="warning",
        )


def _is_conversation(case: Case) -> bool:
    return case.is_episode or bool(case.turns) or isinstance(case.input, list)


def _check_owned(case: Case, line: int, document: Document, reading: Reading) -> None:
    """Of a candidate that owns the prompt, what `flows.case_target` refuses to ask."""
    prompt = reading.prompt
    if prompt is not None and prompt.header.variables and "input" not in prompt.header.variables:
        document.fault(
            (line,),
            f"the case `{case.id}` is a conversation, and `{prompt.path}` has no variable `input`",
            "what the user says fills `input`: declare it and use it in the prompt",
            alike="a conversation, and the prompt has no variable `input`",
        )
    _check_speakers(case, line, document)
    if case.tools:
        _check_owned_tools(case, line, document, reading)
    _check_history(case, line, document, reading)


def _check_speakers(case: Case, line: int, document: Document) -> None:
    """The release speaks as system, the user speaks last, and all is text."""
    name = "input" if isinstance(case.input, list) else "turns"
    before = case.turns if any("role" in turn for turn in case.turns) else []
    given = case.input if isinstance(case.input, list) else []
    said = [*before, *given]
    own = [m["role"] for m in said if m["role"] not in ("user", "assistant", "tool")]
    if own:
        document.fault(
            (line, name),
            f"the case `{case.id}` has a `{own[0]}` message, but the candidate owns the prompt",
            "give messages of user, assistant and tool only",
            alike=f"a `{own[0]}` message, but the candidate owns the prompt",
        )
    elif given and given[-1]["role"] == "assistant":
        document.fault(
            (line, name),
            f"the case `{case.id}` ends with words of the assistant",
            "end with what the user says, or with a tool's result",
            alike="a conversation that ends with words of the assistant",
        )
    elif given and all(message["role"] != "user" for message in said):
        document.fault(
            (line, name),
            f"in the case `{case.id}` no user speaks",
            "begin with what the user says",
            alike="a conversation in which no user speaks",
        )
    elif not all(_is_text(message.get("content")) for message in said):
        document.fault(
            (line, name),
            f"the case `{case.id}` has a message that is no text",
            "give parts of type `text`; no rail looks at others",
            alike="a message that is no text",
        )


def _is_text(content: Any) -> bool:
    """Whether a content is a text, text parts, or nothing."""
    parts = content if isinstance(content, list) else ()
    return all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in parts)


def _check_owned_tools(case: Case, line: int, document: Document, reading: Reading) -> None:
    """The release tells its model of the tools on its own list, in eval as when it serves."""
    candidate, prompt = reading.candidate, reading.prompt
    assert candidate is not None
    said = ""
    if candidate.decision is not None:
        said = "but a decision calls none"
    elif prompt is not None and prompt.header.format == "completion":
        said = "but a prompt of format `completion` cannot tell of any"
    elif not candidate.tools:
        said = "but the candidate owns the prompt and lists none"
    if said:
        document.fault(
            (line, "tools"),
            f"the case `{case.id}` has `tools`, {said}",
            "name them under `tools` in the candidate, which is a chat",
            alike=f"`tools`, {said}",
        )


def _check_history(case: Case, line: int, document: Document, reading: Reading) -> None:
    """What the charter keeps of a conversation, the prompt can hold."""
    several = "turns" if case.turns else "simulate" if case.simulate is not UNSET else ""
    if not several or reading.charter is None:
        return
    kept = reading.charter.behaviour.history.turns
    prompt = reading.prompt
    if kept and prompt is not None and prompt.header.format == "completion":
        document.fault(
            (line, several),
            f"the case `{case.id}` has `{several}`, and a prompt of format `completion` has no "
            "place for earlier turns",
            "write `format: chat`, or `behaviour.history.turns: 0` in charter.yaml",
            alike=f"`{several}`, and a prompt that has no place for earlier turns",
        )
    elif not kept:
        document.fault(
            (line, several),
            f"the case `{case.id}` has `{several}`, and the charter keeps no earlier turn: each "
            "is answered by itself, as when the release serves",
            "write `behaviour.history.turns` in charter.yaml if the model shall remember",
            severity="warning",
            alike=f"`{several}`, and the charter keeps no earlier turn",
        )
