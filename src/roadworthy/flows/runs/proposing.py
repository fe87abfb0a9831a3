"""Cases that a model writes: asked, checked for what is plainly wrong, proposed to a person.

Steps
  1 ask      the pinned model, one text a call; its answers are kept
  2 drop     what is plainly wrong, with the reason
  3 propose  into suites/NAME.proposed.jsonl, which no suite names: no run asks them

What enters: a system, a writer. What leaves: proposals; `accepting` makes cases of them. What
never happens here: a proposal that replaces another, or one of a case that stands already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct, field

from roadworthy.domain import (
    GENERATORS,
    Case,
    Expect,
    GeneratorUse,
    System,
    UsageError,
    sha256,
)
from roadworthy.evaluation import case_digest, draw, growth, passages, perturbations, questions
from roadworthy.evaluation import surface as surfaces
from roadworthy.evaluation import variant as variants

from ..suites.growing import is_grown, suite_named
from ..suites.proposals import Proposal, add_proposals, proposals_path
from .writer import Writer

MAX_ASKED = 100_000
"""Questions to a model in one command."""

Progress = Callable[[int, int], None]
"""(done, of how many)."""


class Proposed(Struct, kw_only=True):
    """What came of it."""

    suite: str
    file: str
    asked: int = 0
    added: list[Proposal] = field(default_factory=list)
    standing: int = 0
    """Proposed or accepted before; left as they are and not asked again."""
    dropped: dict[str, int] = field(default_factory=dict)
    """Reason -> answers."""
    unread: dict[str, str] = field(default_factory=dict)
    """Document -> why it was not read."""

    def drop(self, reason: str) -> None:
        """Count an answer that was dropped."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1


class Reword(Struct, frozen=True, kw_only=True):
    """Which suite is said otherwise, and where the proposals go."""

    suite: str = ""
    out: str = ""
    uses: tuple[GeneratorUse, ...]
    seed: int = 0
    per_case: int = 1


async def propose_rewordings(
    system: System, asked: Reword, writer: Writer, on_progress: Progress | None = None
) -> Proposed:
    """Paraphrases and translations of a suite's cases. Raises UsageError, ProviderError."""
    suite = suite_named(system, asked.suite)
    name = asked.out or suite.name
    path = proposals_path(Path(system.root), name)
    bases = [case for case in suite.cases if not is_grown(case)]
    seeds = list(_seeds(system, bases, asked))
    if len(seeds) > MAX_ASKED:
        raise UsageError(f"this would ask the model {len(seeds):,} times; at most {MAX_ASKED:,}")
    found = Proposed(suite=name, file=_relative(system, path))
    standing = {case.id for each in system.suites for case in each.cases}
    made: list[Proposal] = []
    for done, seed in enumerate(seeds, start=1):
        if _id(seed) in standing:
            found.standing += 1
            continue
        # 1 ask, 2 drop
        rewriting = perturbations.rewording
        if seed.generator == "translation" and not rewriting.target_language(seed):
            found.drop("there is no other language to translate into")
            continue
        text = rewriting.request(seed, draw.Draw(seed.seed, seed.generator, seed.case.id))
        said = await writer.say(text, repeat=seed.number)
        found.asked += 1
        believed, why = rewriting.believed(seed, said.text)
        if said.failure or why:
            found.drop(said.failure or why)
        else:
            made.append(_reworded(seed, believed, asked=text, answer=said.text, writer=writer))
        if on_progress is not None:
            on_progress(done, len(seeds))
    # 3 propose
    found.added = add_proposals(path, made)
    found.standing += len(made) - len(found.added)
    return found


def _seeds(system: System, bases: Sequence[Case], asked: Reword) -> Iterator[variants.Seed]:
    surface = surfaces.surface_of(system, bases)
    grow = growth.Grow(uses=asked.uses, seed=asked.seed, per_case=asked.per_case)
    for rank, base in growth.ranked(bases, surface):
        for use in asked.uses:
            yield from growth.seeds(base, rank, use, surface, grow)


def _id(seed: variants.Seed) -> str:
    return f"{seed.case.id}~{seed.generator}-{seed.number + 1}"


def _reworded(
    seed: variants.Seed, text: str, *, asked: str, answer: str, writer: Writer
) -> Proposal:
    """The proposal of a rewording: expectation inherited, paired with the unchanged case."""
    spec = GENERATORS[seed.generator]
    language = ""
    facets: dict[str, str] = {}
    if seed.generator == "translation":
        language = perturbations.rewording.target_language(seed)
        facets = {
            name: language for name in ("language", "lang", "locale") if name in seed.case.facets
        }
    made = variants.Variant(text=text, language=language, facets=facets)
    case = growth.case_of(seed, spec, made)
    case = msgspec.structs.replace(
        case, origin={**case.origin, "model": writer.name, "digest": writer.pin}
    )
    anchor = growth.anchor_of(seed.case, spec.pairs, [growth.group_of(case)], seed)
    anchor = msgspec.structs.replace(anchor, id=f"{case.id}-unchanged")
    return Proposal(
        case=case, pair=anchor, asked=asked, answer=answer, model=writer.name,
        digest=writer.pin, written=case_digest(case),
    )  # fmt: skip


class FromDocuments(Struct, frozen=True, kw_only=True):
    """Which documents, how many questions, and where the proposals go."""

    documents: Path
    suite: str
    count: int = 50
    seed: int = 0


async def propose_questions(
    system: System, asked: FromDocuments, writer: Writer, on_progress: Progress | None = None
) -> Proposed:
    """Questions and answers of passages drawn from documents. Raises UsageError, ProviderError."""
    if not 1 <= asked.count <= MAX_ASKED:
        raise UsageError(f"--count must be between 1 and {MAX_ASKED:,}")
    path = proposals_path(Path(system.root), asked.suite)
    read, unread = passages.read_passages(asked.documents)
    if not read:
        raise UsageError(
            f"no passage of {passages.SHORTEST} characters was found in {asked.documents}",
            fix="; ".join(f"{one.file}: {one.reason}" for one in unread[:5]) or "name other files",
        )
    found = Proposed(
        suite=asked.suite,
        file=_relative(system, path),
        unread={one.file: one.reason for one in unread},
    )
    standing = {case.id for each in system.suites for case in each.cases}
    drawn = draw.Draw(asked.seed, "questions").sample(read, asked.count)
    made: list[Proposal] = []
    for done, passage in enumerate(drawn, start=1):
        name = _name(passage)
        if name in standing:
            found.standing += 1
            continue
        text = questions.request(passage)
        said = await writer.say(text)
        found.asked += 1
        result = said.failure or questions.believed(passage, said.text)
        if isinstance(result, str):
            found.drop(result)
        else:
            case = _asked_case(system, name, passage, result, writer)
            made.append(
                Proposal(
                    case=case, asked=text, answer=said.text, model=writer.name,
                    digest=writer.pin, written=case_digest(case),
                )
            )  # fmt: skip
        if on_progress is not None:
            on_progress(done, len(drawn))
    found.added = add_proposals(path, made)
    found.standing += len(made) - len(found.added)
    return found


def _name(passage: passages.Passage) -> str:
    """The id of a passage's case: the same as long as the passage stands there unchanged."""
    return f"doc-{sha256(chr(10).join((passage.place, passage.text)).encode())[7:19]}"


def _asked_case(
    system: System, name: str, passage: passages.Passage, found: questions.Question, writer: Writer
) -> Case:
    """The case of a question: the answer expected, its passage and quote kept."""
    return Case(
        id=name,
        input=as_input(system, found.question),
        expect=Expect(text=found.answer, rubric=f"Says what the source says: {found.quote}"),
        tags=["from_documents"],
        source=f"{passage.place} {passage.heading}".strip(),
        origin={
            "generator": "questions",
            "model": writer.name,
            "digest": writer.pin,
            "passage": sha256(passage.text.encode()),
            "quote": found.quote,
        },
    )


def as_input(system: System, question: str) -> str | dict[str, str]:
    """The question where the product takes it: `input`, else its only variable of text."""
    if system.prompt is None:
        return question
    declared = system.prompt.header.variables
    texts = [name for name, one in declared.items() if one.type == "string" and one.required]
    if not declared or "input" in declared:
        return question
    if len(texts) == 1:
        return {texts[0]: question}
    raise UsageError(
        f"{system.prompt.path} takes {', '.join(declared)}: where a question goes cannot be told",
        fix="name one variable `input`",
    )


def _relative(system: System, path: Path) -> str:
    return path.relative_to(system.root).as_posix()
