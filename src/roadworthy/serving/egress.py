"""Step 3.1 of the request line, where a release's upstream is elsewhere: what may leave.

Enters: the texts of a call that the rails let pass. Leaves: the texts as the upstream may read
them, or that they may not leave. Never happens here: personal data that is found and goes out all
the same; what stands across two texts, or behind escapes, cannot be taken out of one: it is
blocked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from roadworthy.detectors import make_detector
from roadworthy.domain import (
    Detector,
    DetectorError,
    Egress,
    Finding,
    Inspector,
    ModelRequest,
    RailVerdict,
    ReleaseContent,
    TextContext,
    Upstream,
    is_inside,
    regions_of,
)

from .escapes import unescaped
from .pseudonyms import Pseudonyms
from .texts import message_texts

RAIL = "egress"
"""What records call it."""

_HERE = TextContext(side="input")

_SHORTEST = 3
"""Letters of a name that is taken out wherever it stands."""
_IN_NAMES = ("<", "_")
"""What stands before a word within a placeholder."""


class Border(Struct, frozen=True):
    """What a release's personal data meets on the way out, compiled once."""

    detectors: tuple[Detector, ...]
    action: str
    """block | redact | pseudonymise."""
    own: frozenset[str]
    """Values in the release's own texts: its author sends those."""
    where: str
    """Which upstream, in words."""
    names: Inspector | None = None
    """Finds what has no shape, such as names of people; None: nothing does."""

    def find(self, text: str) -> list[Finding]:
        """Personal data in a text, in order. Raises DetectorError."""
        found = [one for each in self.detectors for one in each.detect(text, _HERE)]
        return sorted(found, key=lambda one: (one.start, -one.end))

    async def passed(
        self, texts: Sequence[str], names: Pseudonyms | None
    ) -> tuple[list[str], set[str]]:
        """The texts as they may leave, and the kinds of what was taken out of them.

        What was found in one is taken out of all: a name is not found wherever it stands.
        Raises DetectorError.
        """
        left: list[str] = []
        kinds: set[str] = set()
        unshaped: dict[str, str] = {}
        for text in texts:
            shaped = self.find(text)
            named = [] if self.names is None else await self.names.inspect(text, _HERE)
            out: list[str] = []
            at = 0
            for kind, start, end in _clusters([*shaped, *named]):
                value = text[start:end]
                instead = f"<{kind}>" if names is None else names.name(kind, value)
                out += [text[at:start], instead]
                at = end
                if named:
                    unshaped[value] = instead
            left.append("".join([*out, text[at:]]))
            kinds |= {one.kind for one in (*shaped, *named)}
        for value in sorted((each for each in unshaped if len(each) >= _SHORTEST), key=len)[::-1]:
            left = [_taken_out(text, value, unshaped[value]) for text in left]
        return left, kinds

    async def without(self, text: str) -> str:
        """The text with nothing of what may not leave, for who reads it and answers nobody.

        Raises DetectorError where it may not leave at all.
        """
        (left,), kinds = await self.passed([text], None)
        if (kinds and self.action == "block") or self.kinds_in([left]):
            raise DetectorError(f"personal data may not go to {self.where}")
        return left

    async def aclose(self) -> None:
        """Release what finds names."""
        if self.names is not None:
            await self.names.aclose()

    def kinds_in(self, texts: Sequence[str]) -> set[str]:
        """Kinds of what still stands in texts, each alone or read one after the other."""
        return {one.kind for text in _readings(texts) for one in self.find(text)}

    def kinds_leaving(self, request: ModelRequest) -> set[str]:
        """Kinds of what a composed request holds that is not the release's own."""
        texts = [*_texts_of(request)]
        texts += [said for text in texts for said in unescaped(text)]
        return {
            one.kind
            for text in _readings(texts)
            for one in self.find(text)
            if text[one.start : one.end] not in self.own
        }

    def verdict(self, outcome: Any, kinds: set[str], reason: str = "") -> RailVerdict:
        """What the record says."""
        return RailVerdict(
            rail=RAIL,
            side="input",
            outcome=outcome,
            kinds=tuple(sorted(kinds)),
            score=1.0 if kinds else None,
            reason=reason,
        )


def compile_border(content: ReleaseContent, name: str, upstream: Upstream | None) -> Border | None:
    """What a text meets on its way to an upstream; None where nothing stands in its way.

    An address without a region is in none of those allowed. Raises ManifestError for options of the
    detector that cannot be used.
    """
    egress = content.rails.egress
    if egress is UNSET or upstream is None:
        return None
    allowed = egress.regions or content.charter.use.allowed.jurisdictions
    outside = [region for region in regions_of(upstream) if not is_inside(region, allowed)]
    if not outside:
        return None
    detectors = detectors_of(egress)
    region = ", ".join(sorted({each or "no region" for each in outside}))
    border = Border(detectors, egress.personal_data, frozenset(), f"the upstream {name} ({region})")
    return msgspec.structs.replace(border, own=frozenset(_own(content, border)))


def detectors_of(egress: Egress) -> tuple[Detector, ...]:
    """What looks for personal data. Raises ManifestError."""
    options: dict[str, Any] = {}
    if egress.kinds:
        options["kinds"] = egress.kinds
    if egress.countries:
        options["countries"] = egress.countries
    made = [make_detector("pii", options, {})]
    if egress.patterns:
        made.append(make_detector("pattern", {"patterns": egress.patterns}, {}))
    return tuple(made)


def _own(content: ReleaseContent, border: Border) -> Iterator[str]:
    """Values in what the release itself tells a model."""
    prompt = content.prompt
    told = [
        content.charter.behaviour,
        [tool.schema for tool in content.candidate.tools],
        [tool.description for tool in content.candidate.tools if tool.description is not UNSET],
        [prompt.body, *prompt.examples] if prompt is not None else [],
    ]
    for text in _strings(msgspec.to_builtins(told)):
        for one in border.find(text):
            yield text[one.start : one.end]


def _readings(texts: Sequence[str]) -> list[str]:
    """Each text, and all of them together: by lines, and as one line."""
    return [*texts, "\n".join(texts), " ".join(texts)] if len(texts) > 1 else list(texts)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


def _texts_of(request: ModelRequest) -> Iterator[str]:
    for message in request.messages:
        yield from message_texts(message)
    if request.prompt is not None:
        yield request.prompt
    yield from message_texts(request.extra)
    yield from request.sampling.stop


def _taken_out(text: str, value: str, instead: str) -> str:
    """The text with something in a value's place, wherever it stands as words of its own."""
    out: list[str] = []
    at = 0
    while value and (begin := text.find(value, at)) >= 0:
        end = begin + len(value)
        before, behind = text[max(0, begin - 1) : begin], text[end : end + 1]
        alone = not (before.isalnum() or behind.isalnum() or before in _IN_NAMES or behind == "_")
        out += [text[at:begin], instead if alone else value]
        at = end
    return "".join([*out, text[at:]])


def _clusters(found: Sequence[Finding]) -> Iterator[tuple[str, int, int]]:
    """Findings that overlap are one, named by the first."""
    if not found:
        return
    found = sorted(found, key=lambda one: (one.start, -one.end))
    kind, start, end = found[0].kind, found[0].start, found[0].end
    for one in found[1:]:
        if one.start < end:
            end = max(end, one.end)
            continue
        yield kind, start, end
        kind, start, end = one.kind, one.start, one.end
    yield kind, start, end
