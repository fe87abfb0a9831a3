"""Step 4 of the request line: people learn that they talk to an AI system.

EU AI Act, Article 50(1) and (5): at the latest at the first interaction, clearly; and that a text
on matters of public interest is a model's (50(4)), with each. What enters: a call and the release's
own sentences. What leaves: what is said in the caller's language, and whether the answer's text
begins with it. What never happens here: a word added to what a program reads (a label, JSON, a tool
call, a text that is continued); there header, field and record say it. Whoever cannot be known to
have been told is told again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import UNSET, Struct

from roadworthy.domain import Behaviour, Call, ReleaseContent

AFTER = "\n\n"
"""Between the sentence and the answer: a paragraph of its own."""

MAX_SESSIONS = 65_536
"""Sessions that a worker remembers to have told; one forgotten is told again."""

LANGUAGE_FACET = "language"

_MADE_FOR_PROGRAMS = frozenset(("decision", "extraction"))

_SHAPES = (
    "response_format", "json_schema", "grammar", "guided_json", "guided_regex", "guided_choice",
    "guided_grammar", "structured_outputs",
)  # fmt: skip
"""Fields by which callers ask upstreams for a form, beside OpenAI's own."""

_MAX_LANGUAGES = 32


class Told(Struct, frozen=True):
    """What a caller is told with one answer."""

    sentence: str
    """That it is an AI system; empty where this was said before."""
    language: str
    in_text: bool
    """Whether the answer's text begins with it."""
    published: str = ""
    """That the text is a model's, of text on matters of public interest."""

    @property
    def said(self) -> str:
        """All of it."""
        return AFTER.join(filter(None, (self.sentence, self.published)))

    @property
    def opening(self) -> str:
        """What stands before the answer; empty where its text stays as it is."""
        return self.said + AFTER if self.in_text else ""

    @property
    def of_people(self) -> Told | None:
        """What is told with words that people wrote (a fallback); None where that is nothing."""
        if not self.published:
            return self
        return Told(self.sentence, self.language, self.in_text) if self.sentence else None


class Notice:
    """A release's sentence in its languages, compiled once."""

    def __init__(self, content: ReleaseContent) -> None:
        behaviour = content.charter.behaviour
        self._sentences = sentences_of(behaviour)
        self._default = next(iter(self._sentences), "")
        disclosure = behaviour.disclosure
        self._published = published_of(behaviour)
        self._in_answers = disclosure is UNSET or disclosure.where == "answer"
        prompt = content.prompt
        self._talks = content.candidate.task not in _MADE_FOR_PROGRAMS and (
            prompt is None or prompt.header.output_schema is None
        )

    def of(self, call: Call, *, heard: bool = False) -> Told | None:
        """What the caller is told with the answer; None where there is nothing to tell.

        `heard`: the call's session was told that it is an AI system. That is said once, that a text
        is a model's with every text.
        """
        sentence = published = ""
        language = other = self._default
        if self._sentences and not call.begun and not heard:
            language = in_language_of(call, self._sentences, self._default)
            sentence = self._sentences[language]
        elif not self._published:
            return None
        if self._published:
            other = in_language_of(call, self._published, next(iter(self._published)))
            published = self._published[other]
        in_text = self._in_answers and self.is_talk(call)
        return Told(sentence, language if sentence else other, in_text, published)

    def is_talk(self, call: Call) -> bool:
        """Whether people read the answer: not where the call asks for what a program reads."""
        if call.managed:
            return self._talks
        return call.prompt is None and not any(_asks_for(call.extra, name) for name in _SHAPES)


def in_language_of(call: Call, known: Mapping[str, str], default: str) -> str:
    """The first language that the caller reads and `known` has, by its name there in lower case."""
    facet = call.facets.get(LANGUAGE_FACET, "")
    for wished in (facet, *_wishes(call.languages)):
        found = _look_up(wished, known)
        if found:
            return found
    return default


class Listeners:
    """Sessions that were told, of one worker."""

    def __init__(self) -> None:
        self._told: OrderedDict[tuple[str, str, str], None] = OrderedDict()

    def knows(self, call: Call) -> bool:
        """Whether an answer of this worker told the call's session."""
        return bool(call.session) and _of(call) in self._told

    def hear(self, call: Call, told: Told) -> None:
        """An answer that told it has left."""
        if not call.session or not told.sentence:
            return
        self._told[_of(call)] = None
        self._told.move_to_end(_of(call))
        if len(self._told) > MAX_SESSIONS:
            self._told.popitem(last=False)


def sentences_of(behaviour: Behaviour) -> dict[str, str]:
    """Language -> sentence, the release's own language first; empty where there is none."""
    if not behaviour.identifies_as_ai:
        return {}
    disclosure = behaviour.disclosure
    if disclosure is UNSET:
        return {"": behaviour.identifies_as_ai}
    others = {name.lower(): text for name, text in disclosure.sentences.items() if text}
    return {disclosure.language.lower(): behaviour.identifies_as_ai} | others


def published_of(behaviour: Behaviour) -> dict[str, str]:
    """Language -> what text on matters of public interest begins with; empty where nothing does.

    Nothing is said where a person holds editorial responsibility (Article 50(4), second sentence).
    """
    disclosure = behaviour.disclosure
    public = disclosure.public_interest if disclosure is not UNSET else UNSET
    if public is UNSET or disclosure is UNSET or public.editor or not public.sentence:
        return {}
    others = {name.lower(): text for name, text in public.sentences.items() if text}
    return {disclosure.language.lower(): public.sentence} | others


def _of(call: Call) -> tuple[str, str, str]:
    return call.system, call.tenant, call.session


def has_begun(messages: Iterable[Mapping[str, Any]]) -> bool:
    """Whether somebody was answered before in the messages that came along."""
    for message in messages:
        if message.get("role") == "assistant" and message.get("content"):
            return True
    return False


def _asks_for(extra: Mapping[str, Any], name: str) -> bool:
    asked = extra.get(name)
    if not asked:
        return False
    return not (isinstance(asked, dict) and asked.get("type") == "text")


def _wishes(header: str) -> list[str]:
    """Languages of an `Accept-Language`, most wanted first; what is none is left out."""
    wanted: list[tuple[float, int, str]] = []
    for order, part in enumerate(header.split(",")[:_MAX_LANGUAGES]):
        name, _, quality = part.partition(";")
        weight = _quality(quality)
        if name.strip() and weight > 0:
            wanted.append((-weight, order, name.strip()))
    return [name for _, _, name in sorted(wanted)]


def _quality(text: str) -> float:
    """The weight of a wish, 0 to 1 (RFC 9110, section 12.4.2); 0 for one that cannot be read."""
    name, _, value = text.strip().partition("=")
    if not name:
        return 1.0
    number = value.strip()
    plain = name.strip().lower() == "q" and number.isascii() and len(number) <= len("0.000")
    return float(number) if plain and number.replace(".", "", 1).isdigit() else 0.0


def _look_up(wished: str, known: Mapping[str, str]) -> str:
    """The longest known language that the wish begins with (RFC 4647, section 3.4)."""
    parts = wished.strip().lower().split("-")
    for size in range(len(parts), 0, -1):
        name = "-".join(parts[:size])
        if name and name in known:
            return name
    return ""
