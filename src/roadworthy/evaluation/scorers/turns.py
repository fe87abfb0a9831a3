"""The answers on the way: each turn of a scripted user may expect something of its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import structs

from roadworthy.domain import Case, Observation, Scorer


class Turns:
    """Share of the turns with an expectation whose answer met all of it.

    An answer that never came, because the conversation ended before, meets nothing; nor does one
    that was withheld where an answer was due.
    """

    def __init__(self, name: str, *, scorers: Callable[[], Iterable[Scorer]]) -> None:
        self.name = name
        self._scorers = tuple(scorers())

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """0.0 to 1.0; None when no turn expects anything. Raises DetectorError."""
        script = case.script
        if not script:
            return None
        first = 0 if not script[0].user else 1
        answers = (observation.attributes.get("trajectory") or {}).get("answers", [])
        met: list[bool] = []
        for number, turn in enumerate(script, start=first):
            asked = structs.replace(case, expect=turn.expect, turns=[])
            answer = answers[number] if number < len(answers) else None
            found = self._met(asked, answer, observation)
            if found is not None:
                met.append(found)
        return sum(met) / len(met) if met else None

    def _met(
        self, asked: Case, answer: dict[str, str] | None, observation: Observation
    ) -> bool | None:
        text = answer["text"] if answer is not None else ""
        action = answer["action"] if answer is not None else "error"
        seen = structs.replace(observation, output=text, action=action, attributes={})
        scores = [
            value
            for scorer in self._scorers
            if (value := scorer.score(asked, text, seen)) is not None
        ]
        if not scores:
            return None
        withheld = action != "answered" and asked.expect.action not in ("hold", "block")
        return answer is not None and not withheld and all(value >= 1.0 for value in scores)
