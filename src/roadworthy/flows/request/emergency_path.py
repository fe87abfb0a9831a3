"""Emergency rails on the request line: over every call that begins, and over those under way.

    begins      the release answers under its own rails and these, on every way of a call
    under way   what has not left is looked at from where the rail came: what it finds stops the
                answer, also where it would redact a later one
    damaged     nobody in its scope is answered, as if it was killed

Enters: a call, and the routing table. Leaves: who answers it, and what may leave. What never
happens here: a rail of the release that gives way; an answer that leaves because a rail could not
be built, or came too late.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from roadworthy.domain import (
    Action,
    Call,
    Clock,
    EmergencyRail,
    KillFlag,
    Observation,
    RailVerdict,
    RoutingTable,
    TextContext,
    format_instant,
    sha256,
)
from roadworthy.serving import (
    BuiltRail,
    Guard,
    RailLine,
    Told,
    build_rail,
    delta_text,
    input_texts,
    thought_text,
    thoughts,
)

from .endings import withheld
from .input_look import check_input
from .service import Service
from .trace import Reply, Trace


class EmergencyRails:
    """Those of the newest table, each compiled once. One worker's; not for threads."""

    def __init__(self) -> None:
        self._of: tuple[EmergencyRail, ...] = ()
        self._built: tuple[BuiltRail, ...] = ()

    def turn(self, rails: tuple[EmergencyRail, ...]) -> tuple[BuiltRail, ...]:
        """Compile what is new; returns all of them."""
        if rails is not self._of:
            known = {each.rail.digest: each for each in self._built}
            found = [known.get(rail.digest) for rail in rails]
            self._built = tuple(
                built if built is not None and built.rail == rail else build_rail(rail)
                for rail, built in zip(rails, found, strict=True)
            )
            self._of = rails
        return self._built

    def stops(self, table: RoutingTable) -> list[KillFlag]:
        """What stands in the place of those that cannot look."""
        return [each.stop for each in self.turn(table.emergencies) if each.fault]

    def over(
        self, call: Call | Observation, table: RoutingTable, clock: Clock
    ) -> tuple[BuiltRail, ...]:
        """Those that look at a call, or at what was said to it, now."""
        if not table.emergencies:
            return ()
        now, built = format_instant(clock.now()), self.turn(table.emergencies)
        return tuple(
            each
            for each in built
            if each.rail.reaches(
                system=call.system, tenant=call.tenant, facets=call.facets, now=now
            )
        )

    def stop_of_text(
        self, text: str, seen: Observation, table: RoutingTable, clock: Clock
    ) -> KillFlag | None:
        """The stop of the first that lets a text not leave, which people let out before it came.

        One that holds for a person has its person's word.
        """
        looking = TextContext(side="output", input="", facets=seen.facets)
        for each in self.over(seen, table, clock):
            line = _line_of([guard for guard in each.guards if guard.action != "hold"])
            answer = line.output(looking, streamed=False)
            left = answer.feed(text)
            outcome = answer.finish()
            if each.fault or outcome.action != "answered" or left + outcome.text != text:
                return each.stop
        return None


def stop_of(rails: Sequence[BuiltRail]) -> KillFlag | None:
    """The stop of the first that cannot look."""
    return next((each.stop for each in rails if each.fault), None)


class Latecomers:
    """The rails that came while one call was under way."""

    def __init__(
        self,
        call: Call,
        service: Service,
        *,
        table: RoutingTable,
        begun: Sequence[BuiltRail],
        sent: list[str],
        told: Told | None,
    ) -> None:
        """`service` is who answers it; `begun` those rails of `table` that it began under.

        `sent` grows with what leaves, behind what its reader is `told`.
        """
        self._call = call
        self._service = service
        self._seen = table.emergencies
        self._begun = begun
        self._sent = sent
        self._opening = told.opening if told is not None else ""
        self._joined = False

    def behind(self, table: RoutingTable) -> bool:
        """Whether rails came, or went, since it began."""
        return self._joined or table.emergencies is not self._seen

    def join(self, rails: Sequence[BuiltRail], table: RoutingTable) -> KillFlag | None:
        """Look with the newest rails, those of the table that cover the call, from now on.

        Gives the stop of a damaged one.
        """
        if self._joined and table.emergencies is self._seen:
            return None
        if not self._joined:
            self._walked = "".join(self._sent)[len(self._opening) :]
            """All that the walk gave out."""
            self._left = len(self._walked)
            """Characters of it that left."""
        self._joined, self._seen = True, table.emergencies
        known = {each.rail.digest for each in self._begun}
        late = [each for each in rails if each.rail.digest not in known]
        self._line = _line_of([guard for each in late for guard in each.guards])
        self._idle = not late and self._left == len(self._walked)
        self._asked = False
        self._action: Action = "answered"
        self._verdicts: list[RailVerdict] = []
        self._answer = self._line.output(self._looking())
        self._passed = self._answer.feed(self._walked)
        """What of it these rails let pass."""
        return stop_of(late)

    def look(self, item: str | Reply, clock: Clock) -> str | Reply:
        """What may leave now of what the walk gives out."""
        if self._line.inputs and not self._asked:
            self._action, self._asked = self._of_input(clock), True
        return self._piece(item) if isinstance(item, str) else self._reply(item)

    def _looking(self) -> TextContext:
        call = self._call
        asked = "\n".join(input_texts(call))
        return TextContext(side="output", input=asked, facets=call.facets, context=call.context)

    def _of_input(self, clock: Clock) -> Action:
        """What would have become of the call."""
        alone, texts = self._service.under(self._line), input_texts(self._call)
        trace = Trace(self._call, alone, clock, clock.monotonic(), asked="\n".join(texts))
        _, action = check_input(self._call, texts, alone, trace)
        self._verdicts += trace.verdicts
        return action

    def _piece(self, piece: str) -> str:
        self._walked += piece
        self._passed += self._answer.feed(piece)
        if self._idle:
            self._left += len(piece)
            return piece
        if self._action != "answered":
            return ""
        leaves = self._passed[self._left :]
        self._left += len(leaves)
        return leaves

    def _reply(self, reply: Reply) -> Reply:
        if self._idle:
            return reply
        left, seen = self._walked[: self._left], reply.observation
        if seen.action != "answered":
            text = left + reply.rest
            seen = structs.replace(seen, output=text, output_digest=sha256(text.encode()))
            return structs.replace(reply, text=text, observation=seen)
        passed = self._passed + self._answer.feed(reply.rest)
        outcome = self._answer.finish()
        self._verdicts += outcome.verdicts
        action = self._action if self._action != "answered" else outcome.action
        rest = (passed + outcome.text)[self._left :]
        whole = left + rest == self._walked + reply.rest and self._beside_passes(reply)
        if action == "answered" and whole:
            ended = structs.replace(reply, rest=rest, logprobs=())
        else:
            fallback = self._service.endpoint(self._call.endpoint).fallback
            action = "blocked" if action == "answered" else action
            ended = withheld(reply, left + fallback, rest=fallback, action=action)
        seen = ended.observation
        seen = structs.replace(seen, rails=(*seen.rails, *self._verdicts))
        return structs.replace(ended, observation=seen)

    def _beside_passes(self, reply: Reply) -> bool:
        """Whether what leaves beside the text may: calls, thoughts, words about files."""
        said = [delta_text(reply.deltas), thought_text(thoughts(reply.deltas))]
        said += [str(each["words"]) for each in reply.deltas if each.get("words")]
        text = "\n".join(filter(None, said))
        answer = self._line.output(self._looking(), streamed=False)
        left = answer.feed(text)
        outcome = answer.finish()
        self._verdicts += outcome.verdicts
        return outcome.action == "answered" and left + outcome.text == text


def _line_of(guards: Sequence[Guard]) -> RailLine:
    """A line of these alone; what would redact stops: half of it may have left."""
    stopping = [
        structs.replace(guard, action="block") if guard.action == "redact" else guard
        for guard in guards
    ]
    return RailLine(
        inputs=[guard for guard in stopping if guard.side == "input"],
        outputs=[guard for guard in stopping if guard.side == "output"],
    )
