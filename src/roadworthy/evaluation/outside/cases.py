"""A set by name, its rows made cases with origin, licence and digest.

Enters: a name of `SETS`, a local file, how many and the seed of the draw. Leaves: cases in the
order of the file, the scorers they need, and why other rows were left out. The same file and seed
give the same cases.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from roadworthy.domain import Case, ScorerSpec, UsageError

from . import known, logs
from .rows import Limits, Row, digest_of_file, rows

MARK = "borrowed"
"""Tag of every case that came from outside."""


class SetKind(Struct, frozen=True, kw_only=True):
    """A set that is known by name."""

    title: str
    home: str
    """Where its authors publish it."""
    licence: str
    """As its authors state it; empty: only who has the file knows."""
    convert: Callable[[dict[str, Any], random.Random], Case | str]
    """A row as a case without id, or why it is left out."""
    scorers: tuple[ScorerSpec, ...] = ()
    reads: Callable[[Path, Limits], Any] = rows
    """How its rows are read."""


class Borrowed(Struct, frozen=True, kw_only=True):
    """What was read."""

    cases: tuple[Case, ...]
    scorers: tuple[ScorerSpec, ...]
    left_out: dict[str, int]
    """Reason -> rows."""
    digest: str
    """Of the file."""
    licence: str
    drawn_from: int
    """Rows that could have been cases."""


_GLUE = "https://gluebenchmark.com"

SETS: dict[str, SetKind] = {
    "gsm8k": SetKind(
        title="GSM8K", home="https://github.com/openai/grade-school-math", licence="MIT",
        convert=known.gsm8k, scorers=(ScorerSpec(scorer="numeric"),),
    ),
    "humaneval": SetKind(
        title="HumanEval", home="https://github.com/openai/human-eval", licence="MIT",
        convert=known.humaneval, scorers=(ScorerSpec(scorer="python"),),
    ),
    "ifeval": SetKind(
        title="IFEval",
        home="https://github.com/google-research/google-research",
        licence="Apache-2.0",
        convert=known.ifeval, scorers=(ScorerSpec(scorer="instructions"),),
    ),
    "squad": SetKind(
        title="SQuAD", home="https://rajpurkar.github.io/SQuAD-explorer/",
        licence="CC-BY-SA-4.0", convert=known.squad,
        scorers=(ScorerSpec(scorer="exact", options={"squad": True}),
                 ScorerSpec(scorer="token_f1")),
    ),
    "truthfulqa": SetKind(
        title="TruthfulQA, one of several (MC1)", home="https://github.com/sylinrl/TruthfulQA",
        licence="Apache-2.0", convert=known.truthfulqa,
        scorers=(ScorerSpec(scorer="label", options={"ignore_case": True}),),
    ),
    **{
        f"glue-{task}": SetKind(
            title=f"GLUE {task.upper()}", home=_GLUE, licence="", convert=known.glue(task),
            scorers=(ScorerSpec(scorer="label", options={"ignore_case": True}),),
        )
        for task in known.GLUE
    },
    "glue-stsb": SetKind(
        title="GLUE STS-B", home=_GLUE, licence="", convert=known.stsb,
        scorers=(ScorerSpec(scorer="absolute_error", options={"worst": 5}),),
    ),
    "inspect": SetKind(
        title="samples of an Inspect AI log", home="", licence="", convert=logs.inspect_sample,
        reads=logs.inspect_rows,
    ),
    "lm-eval": SetKind(
        title="documents of an lm-eval task (samples_*.jsonl)", home="", licence="",
        convert=logs.lm_eval_document,
    ),
    "garak": SetKind(
        title="prompts of garak's probes (report.jsonl)", home="", licence="",
        convert=logs.garak_attempt,
        scorers=(ScorerSpec(scorer="refusal", name="refused", options={"want": "present"}),),
    ),
    "dataset": SetKind(
        title="any set with columns `input` (or question, prompt, text) and `expected` (or answer, "
        "target, label)", home="", licence="", convert=known.plain_row,
    ),
}  # fmt: skip
"""By name."""


def borrow(
    name: str,
    path: Path,
    *,
    limit: int = 0,
    seed: int = 0,
    limits: Limits = Limits(),  # noqa: B008
) -> Borrowed:
    """The cases of a file. `limit`: so many, drawn at random with the seed; 0: all.

    Raises UsageError on an unknown set, a file that cannot be read, or no row that is a case.
    """
    kind = SETS.get(name)
    if kind is None:
        raise UsageError(f"there is no set {name!r}", fix=f"the sets are: {', '.join(SETS)}")
    digest = digest_of_file(path, limits)
    left_out: Counter[str] = Counter()
    found: dict[str, Case] = {}
    for row in kind.reads(path, limits):
        made = _case(name, kind, row, digest, seed)
        if isinstance(made, str):
            left_out[made] += 1
        elif found.setdefault(made.id, made) is not made:
            left_out["its id stands there twice"] += 1
    if not found:
        reasons = "; ".join(f"{count} x {why}" for why, count in left_out.most_common(3))
        raise UsageError(f"{path}: no row is a case of {name}: {reasons or 'there is none'}")
    return Borrowed(
        cases=_drawn(list(found.values()), limit, seed),
        scorers=kind.scorers,
        left_out=dict(left_out),
        digest=digest,
        licence=kind.licence,
        drawn_from=len(found),
    )


def _case(name: str, kind: SetKind, row: Row, digest: str, seed: int) -> Case | str:
    place, values = row
    drawing = random.Random(f"{seed}/{name}/{place}")  # noqa: S311 - an order, not a secret
    made = kind.convert(values, drawing)
    if isinstance(made, str):
        return made
    return structs.replace(
        made,
        id=made.id or f"{name}-{place}",
        tags=[MARK, *made.tags],
        source=f"{kind.title}, row {place}",
        origin={**made.origin, "set": name, "row": place, "file": digest},
    )


def _drawn(cases: list[Case], limit: int, seed: int) -> tuple[Case, ...]:
    if not 0 < limit < len(cases):
        return tuple(cases)
    drawing = random.Random(f"{seed}/draw")  # noqa: S311 - a sample, not a secret
    return tuple(cases[place] for place in sorted(drawing.sample(range(len(cases)), limit)))
