"""Step 3.1 of the request line: the input rails look at all that a model may read.

    1 all at once      nearly every call: one look finds nothing in any of its texts
    2 one by one       where a rail can change a text
    3 all together     in the model's order: words may be divided among two, or read another way
    4 words alone      the same without the ids, names and arguments that stand between

What enters: a call and its texts. What leaves: the texts as the model may see them, and what
becomes of the call. What never happens here: a text that one look replaces half; it is blocked.
"""

from __future__ import annotations

from roadworthy.domain import Action, Call, TextContext
from roadworthy.serving import escaped_texts, is_plain_talk, spoken_texts, texts_between, with_texts

from .service import Service
from .trace import Trace


def check_input(
    call: Call, texts: list[str], service: Service, trace: Trace
) -> tuple[list[str], Action]:
    """What the model may see of the texts, and what becomes of the call.

    Each is looked at by itself, where a rail can change it, and then all of them together, as the
    model reads them: words may be divided among two, written as escapes, or have an id between.
    """
    plain = is_plain_talk(call)
    beside, words = (escaped_texts(texts), []) if plain else _other_readings(call, texts)
    several = len(texts) + len(beside) > 1
    clear = service.rails.clear_input([*texts, *beside, *words]) if several else None
    if clear is not None:
        trace.note(clear)
        return texts, clear.action
    passed: list[str] = []
    clean = True
    for text in texts:
        outcome = service.rails.check_input(text, looked_into(call, text))
        trace.note(outcome)
        passed.append(outcome.text)
        clean = clean and outcome.clean
        if outcome.action != "answered":
            return passed, outcome.action
    if not several:
        return passed, "answered"
    if beside and passed != texts:  # what was replaced is read in no other way either
        beside = _other_readings(with_texts(call, passed), passed)[0]
    joined = "\n".join([*passed, *beside])
    whole = service.rails.check_input(joined, looked_into(call, joined))
    if whole.action != "answered" or (clean and not whole.clean):
        trace.note(whole)
    if whole.action != "answered":
        return passed, whole.action
    if whole.text != joined:
        if beside:
            return passed, "blocked"
        passed, action = divided(whole.text, passed)
        if action != "answered":
            return passed, action
    if not words:
        return passed, "answered"
    return passed, _said_together(call, passed, service, trace)


def _other_readings(call: Call, texts: list[str]) -> tuple[list[str], list[str]]:
    """What a model may read beside the texts, and the words alone where they are other texts."""
    spoken = spoken_texts(call)
    beside = [*escaped_texts(texts), *texts_between(call)]
    return beside, [] if spoken == texts else spoken


def _said_together(call: Call, passed: list[str], service: Service, trace: Trace) -> Action:
    """What becomes of a call whose words alone were looked at, one after the other."""
    joined = "\n".join(spoken_texts(with_texts(call, passed)))
    outcome = service.rails.check_input(joined, looked_into(call, joined))
    if outcome.action == "answered" and outcome.text == joined:
        return "answered"
    trace.note(outcome)
    return "blocked" if outcome.action == "answered" else outcome.action


def looked_into(call: Call, text: str) -> TextContext:
    """What a rail may know of a text that came in."""
    return TextContext(side="input", input=text, facets=call.facets, context=call.context)


def divided(text: str, passed: list[str]) -> tuple[list[str], Action]:
    """The joined text divided again; what was replaced across two of them cannot be: blocked."""
    lines = text.split("\n")
    sizes = [each.count("\n") + 1 for each in passed]
    if sum(sizes) != len(lines):
        return passed, "blocked"
    left = iter(lines)
    return ["\n".join(next(left) for _ in range(size)) for size in sizes], "answered"
