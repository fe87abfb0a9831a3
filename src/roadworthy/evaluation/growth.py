"""From cases to the cases that grow from them: the same for the same seed, on every machine.

Enters: cases, a surface, which generators, a seed. Leaves: new cases with tags, groups and where
they come from, and for every variant that could not be made the reason. Never here: a file, a
model, the clock. Each case is a pure function of (base case, generator, number, seed), so adding a
generator or a case changes no other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct, field

from roadworthy.domain import (
    GENERATORS,
    Case,
    GeneratorSpec,
    GeneratorUse,
    UsageError,
    option_faults,
    option_values,
)

from .draw import Draw
from .makers import ANCHORS, MAKERS, control
from .slot import slot_of, with_text
from .surface import Surface
from .variant import Seed, Variant

GROWN = "grown"
"""Tag of every case that a generator made; such cases do not grow again."""
MAX_GROWN = 1_000_000
MAX_PER_CASE = 1_000

NOT_INHERITED = frozenset(("golden", "tail", "consistency", "fairness", GROWN))
_OWN_PREFIXES = ("group:", "hazard:", "technique:", "language:", "trigger", "incident:")
_ATTACKS = frozenset(("adversarial", "misuse", "hidden_function"))


class Grow(Struct, frozen=True, kw_only=True):
    """What is asked of a growth."""

    uses: tuple[GeneratorUse, ...]
    seed: int = 0
    per_case: int = 1
    payloads: tuple[Any, ...] = ()


class Growth(Struct, kw_only=True):
    """What came of it."""

    cases: list[Case] = field(default_factory=list)
    made: dict[str, int] = field(default_factory=dict)
    """Generator -> cases, without the unchanged ones that they are compared with."""
    skipped: dict[str, dict[str, int]] = field(default_factory=dict)
    """Generator -> reason -> variants that could not be made."""

    def skip(self, generator: str, reason: str) -> None:
        """Count a variant that could not be made."""
        reasons = self.skipped.setdefault(generator, {})
        reasons[reason] = reasons.get(reason, 0) + 1


def uses_of(names: Sequence[str], suite: Sequence[GeneratorUse]) -> tuple[GeneratorUse, ...]:
    """Which generators grow: those named (with the suite's options), else the suite's, else all.

    "All" leaves out what needs a model or an outside set. Raises UsageError on a wrong name or
    option.
    """
    written = {use.generator: use for use in suite}
    if names:
        chosen = [written.get(name, GeneratorUse(generator=name)) for name in dict.fromkeys(names)]
    elif suite:
        chosen = list(suite)
    else:
        chosen = [
            GeneratorUse(generator=spec.name)
            for spec in GENERATORS.values()
            if spec.needs != "model" and spec.name != "payloads"
        ]
    for use in chosen:
        _check(use)
    return tuple(chosen)


def _check(use: GeneratorUse) -> None:
    spec = GENERATORS.get(use.generator)
    if spec is None:
        import difflib

        near = difflib.get_close_matches(use.generator, GENERATORS, n=1)
        meant = f"did you mean {near[0]!r}? " if near else ""
        raise UsageError(
            f"there is no generator {use.generator!r}",
            fix=f"{meant}the generators are: {', '.join(GENERATORS)}",
        )
    for fault in option_faults(spec, use.options):
        raise UsageError(fault.message, fix=fault.fix)


def grow(cases: Sequence[Case], surface: Surface, asked: Grow, *, chosen: bool = True) -> Growth:
    """Every case that grows from `cases`, in their order. Raises UsageError when far too many.

    `chosen`: the generators were named by a person. One that cannot apply to this product is left
    out, with the reason, only where nobody asked for it.
    """
    bases = [case for case in cases if GROWN not in case.tags]
    if not bases:
        raise UsageError("there is no case to grow from", fix="write cases, or name another suite")
    if not 1 <= asked.per_case <= MAX_PER_CASE:
        raise UsageError(f"--per-case must be between 1 and {MAX_PER_CASE:,}")
    planned = len(bases) * sum(use.per_case or asked.per_case for use in asked.uses)
    if planned > MAX_GROWN:
        raise UsageError(
            f"this would make {planned:,} cases; at most {MAX_GROWN:,}",
            fix="fewer generators, a smaller --per-case, or a suite with a `limit`",
        )
    growth = Growth(made={use.generator: 0 for use in asked.uses})
    uses = [use for use in asked.uses if _applies(use, surface, growth, chosen)]
    for rank, base in ranked(bases, surface):
        growth.cases.extend(_grown(base, rank, uses, surface, asked, growth))
    _refuse_doubles(growth.cases, cases)
    return growth


def ranked(bases: Sequence[Case], surface: Surface) -> Iterator[tuple[int, Case]]:
    """Each case with its place among those of its language.

    What turns from case to case turns within each language, so that cases that alternate between
    two do not leave each with its own half of the hazards.
    """
    places: Counter[str] = Counter()
    for base in bases:
        language = language_of(base, surface)
        yield places[language], base
        places[language] += 1


def _applies(use: GeneratorUse, surface: Surface, growth: Growth, chosen: bool) -> bool:
    """Whether a generator can make anything for this product, said once for all cases."""
    spec = GENERATORS[use.generator]
    if spec.needs == "prompt" and not surface.prompt and not surface.examples:
        growth.skip(use.generator, "the release has no prompt of its own")
        return False
    closed = spec.needs in ("prompt", "open_answer") and surface.closed
    if closed and not chosen:
        growth.skip(use.generator, "only a label can leave: there is nothing to leak through")
        return False
    if spec.needs == "model":
        growth.skip(use.generator, "needs a model: --model FILE")
        return False
    return True


def seeds(
    base: Case, rank: int, use: GeneratorUse, surface: Surface, asked: Grow
) -> Iterator[Seed]:
    """The seeds of one case and generator, one a variant; none where the case has no text."""
    slot = slot_of(base)
    if slot is None:
        return
    spec = GENERATORS[use.generator]
    options = option_values(spec, use.options)
    per_case = use.per_case or asked.per_case
    for number in range(per_case):
        yield Seed(
            case=base,
            slot=slot,
            language=language_of(base, surface),
            surface=surface,
            options=options,
            seed=asked.seed,
            generator=spec.name,
            rank=rank,
            number=number,
            per_case=per_case,
            payloads=asked.payloads,
        )


def language_of(case: Case, surface: Surface) -> str:
    """The language of a case's text, as two letters, as far as the case or the charter says it."""
    for tag in case.tags:
        if tag.startswith("language:"):
            return tag[9:]
    for facet in ("language", "lang", "locale"):
        if value := case.facets.get(facet, ""):
            return value.replace("_", "-").partition("-")[0].lower()
    return surface.languages[0].lower() if len(surface.languages) == 1 else ""


def _grown(
    base: Case,
    rank: int,
    uses: Sequence[GeneratorUse],
    surface: Surface,
    asked: Grow,
    growth: Growth,
) -> Iterator[Case]:
    """The variants of one case, after the unchanged cases that they are compared with."""
    variants: list[Case] = []
    anchors: dict[str, list[str]] = {}
    first: dict[str, Seed] = {}
    for use in uses:
        spec = GENERATORS[use.generator]
        if not _ATTACKS.isdisjoint(base.tags) and not _ATTACKS.isdisjoint(spec.tags):
            growth.skip(spec.name, "the case is an attack itself")
            continue
        known = {base_text(base)}
        found = 0
        for seed in seeds(base, rank, use, surface, asked):
            found += 1
            made = MAKERS[spec.name](seed, Draw(asked.seed, spec.name, base.id, seed.number))
            if isinstance(made, str):
                growth.skip(spec.name, made)
                continue
            case = case_of(seed, spec, made)
            text = base_text(case)
            if text in known:
                growth.skip(spec.name, "the same as another variant of the case")
                continue
            known.add(text)
            variants.append(case)
            growth.made[spec.name] += 1
            if spec.pairs:
                anchors.setdefault(spec.pairs, []).append(group_of(case))
                first.setdefault(spec.pairs, seed)
            if spec.pairs == "trigger" and seed.options["controls"]:
                variants.extend(_control(seed, spec, case))
        if not found:
            growth.skip(spec.name, "the case has no text that a person wrote")
    for kind, groups in anchors.items():
        yield anchor_of(base, kind, groups, first[kind])
    yield from variants


def base_text(case: Case) -> bytes:
    """What tells a variant from its base: input and turns."""
    return msgspec.json.encode([case.input, case.turns])


def case_of(seed: Seed, spec: GeneratorSpec, made: Variant, *, suffix: str = "") -> Case:
    """The case of a variant: inherited, filled, tagged."""
    base = seed.case
    name = f"{base.id}~{spec.name}-{seed.number + 1}{suffix}"
    hazard = made.hazard or spec.hazards[0]
    language = made.language or seed.language or "unknown"
    tags = [*spec.tags, GROWN, f"hazard:{hazard}", f"technique:{spec.technique}"]
    tags += [f"language:{language}", *made.tags]
    if spec.pairs:
        tags.append(f"group:{name}")
    # An attack of its own text has nothing of the base but the way in.
    own_words = made.expect is not None and not seed.guarded and not spec.pairs
    keep = [] if own_words and spec.name != "benign_look_alikes" else inherited(base)
    case = with_text(base, seed.slot, made.text)
    if made.fields and isinstance(case.input, dict):
        case = msgspec.structs.replace(case, input={**case.input, **made.fields})
    return msgspec.structs.replace(
        case,
        id=name,
        tags=list(dict.fromkeys([*tags, *keep])),
        expect=made.expect or base.expect,
        turns=[*base.turns, *made.turns],
        facets={**base.facets, **made.facets},
        source=f"grown from {base.id} by {spec.name}",
        origin={
            "generator": spec.name, "of": base.id, "seed": str(seed.seed), "detail": made.detail,
            **_group_of_base(base),
        },
    )  # fmt: skip


def _group_of_base(base: Case) -> dict[str, str]:
    """The base's own group: its variants have groups of their own, for their pairs."""
    found = next((tag for tag in base.tags if tag.startswith("group:")), "")
    return {"group": found} if found else {}


def inherited(base: Case) -> list[str]:
    """The tags of a case that stay true of its variants."""
    return [
        tag for tag in base.tags if tag not in NOT_INHERITED and not tag.startswith(_OWN_PREFIXES)
    ]


def group_of(case: Case) -> str:
    """The `group:` tag of a case that has one."""
    return next(tag for tag in case.tags if tag.startswith("group:"))


def anchor_of(base: Case, kind: str, groups: Sequence[str], seed: Seed) -> Case:
    """The case that variants are compared with: unchanged, or under its first name."""
    made = ANCHORS[kind](seed) if kind in ANCHORS else Variant(text=seed.text)
    assert isinstance(made, Variant), "a variant was made, so there is something to compare"
    # A trigger's pair is no attack: the case as it is belongs to no denominator of attacks.
    tag = {"trigger": "trigger_base"}.get(kind, kind)
    keep = [each for each in inherited(base) if each not in _ATTACKS or kind == "consistency"]
    return msgspec.structs.replace(
        with_text(base, seed.slot, made.text),
        id=f"{base.id}~{kind}-0",
        tags=list(dict.fromkeys([tag, GROWN, *groups, *keep])),
        source=f"grown from {base.id}: what its variants are compared with",
        origin={
            "generator": "unchanged",
            "of": base.id,
            "seed": str(seed.seed),
            **_group_of_base(base),
        },
    )


def _control(seed: Seed, spec: GeneratorSpec, case: Case) -> Iterator[Case]:
    """The meaningless insertion beside a trigger: compared, never counted as an attack."""
    made = control(seed)
    if isinstance(made, str):
        return
    other = case_of(seed, spec, made, suffix="-control")
    drop = (*spec.tags, "hazard:", "technique:", "language:", "group:")
    tags = [tag for tag in other.tags if not tag.startswith(drop)]
    yield msgspec.structs.replace(other, tags=[*tags, group_of(case)])


def _refuse_doubles(grown: Sequence[Case], cases: Sequence[Case]) -> None:
    """Ids must be new: a case of the user's named like ours would silently stand for it."""
    taken = {case.id for case in cases if GROWN not in case.tags}
    counted = Counter(case.id for case in grown)
    double = next((name for name, n in counted.items() if n > 1 or name in taken), "")
    if double:
        raise UsageError(
            f"the case id {double!r} is taken already", fix="rename the case: `~` is ours"
        )
