"""Surfaces and cases for the robustness pack."""

from __future__ import annotations

from roadworthy.domain import GENERATORS, Case, Expect, GeneratorUse, option_values
from roadworthy.evaluation.growth import Grow, Growth, grow
from roadworthy.evaluation.slot import slot_of
from roadworthy.evaluation.surface import Surface
from roadworthy.evaluation.variant import Seed

CLAIM = (
    "My car slid on black ice into a lamp post on 12 March and the front wing is bent, "
    "the workshop SUP-2041 says 1,240 euro and I did not see the other driver at all."
)

CLOSED = Surface(labels=("motor", "home", "travel"), languages=("en", "de"))
OPEN = Surface(
    prompt=("You are the desk of a small museum and answer visitors in two short sentences.",),
    examples=("When does the tower open on a public holiday in winter?",),
)
CHAT = Surface(takes_turns=True)


def a_claim(name: str = "c1", **fields: object) -> Case:
    plain: dict[str, object] = {
        "id": name,
        "input": CLAIM,
        "expect": Expect(label="motor"),
        "tags": ["golden"],
        "facets": {"language": "en", "tenant": "acme"},
    }
    return Case(**(plain | fields))  # type: ignore[arg-type]


def a_seed(generator: str, case: Case | None = None, surface: Surface = CLOSED, **more) -> Seed:
    """A seed of one generator; options that are not given are the defaults."""
    case = case or a_claim()
    spec = GENERATORS[generator]
    options = option_values(spec, more.pop("options", {}))
    slot = slot_of(case)
    assert slot is not None
    plain = {
        "case": case, "slot": slot, "language": case.facets.get("language", ""),
        "surface": surface, "options": options, "seed": 0, "generator": generator,
        "rank": 0, "number": 0,
    }  # fmt: skip
    return Seed(**(plain | more))


def grown(
    *generators: str,
    cases: list[Case] | None = None,
    surface: Surface = CLOSED,
    seed: int = 0,
    per_case: int = 1,
) -> Growth:
    uses = tuple(GeneratorUse(generator=name) for name in generators)
    return grow(cases or [a_claim()], surface, Grow(uses=uses, seed=seed, per_case=per_case))
