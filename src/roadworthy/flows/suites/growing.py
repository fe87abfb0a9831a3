"""Grow a suite: new cases beside it, or in a suite of their own.

Steps
  1 choose   the suite, its generators, outside sets
  2 grow     pure: the same bytes for the same seed
  3 write    whole files, replaced at once; nothing that a person wrote is overwritten

What enters: a system as loaded. What leaves: `suites/NAME.jsonl` and a suite that names it. What
never happens here: a model call (`proposing` asks models, and a person accepts what they say).
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    GENERATORS,
    Case,
    GeneratorUse,
    Suite,
    SuiteFile,
    System,
    UsageError,
)
from roadworthy.evaluation import case_lines, growth, payload_sets, surface

from ..workspace.own_files import kept_bytes

SUITES = "suites"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class GrowAsked(Struct, frozen=True, kw_only=True):
    """What a person asks for."""

    suite: str = ""
    out: str = ""
    """A suite of its own; empty: in place."""
    generators: tuple[str, ...] = ()
    seed: int = 0
    per_case: int = 1
    payloads: tuple[Path, ...] = ()
    has_model: bool = False
    """Whether a model will be asked for what needs one (`proposing`)."""


class Grown(Struct, kw_only=True):
    """What was written."""

    suite: str
    file: str
    """Relative to the system's folder."""
    growth: growth.Growth
    bases: int
    compared: int
    """Of the cases: unchanged ones and controls."""
    rewording: tuple[GeneratorUse, ...] = ()
    """The generators that a model was given for; nothing of them is in `growth`."""


def suite_named(system: System, name: str) -> Suite:
    """The suite to grow. Raises UsageError naming the choices."""
    if name:
        suite = system.suite(name)
        if suite is None:
            known = ", ".join(each.name for each in system.suites) or "none"
            raise UsageError(f"there is no suite {name!r}", fix=f"the suites are: {known}")
        return suite
    able = [each for each in system.suites if not all(map(is_grown, each.cases))]
    if len(able) == 1:
        return able[0]
    known = ", ".join(each.name for each in system.suites) or "none"
    raise UsageError("which suite should grow?", fix=f"--suite NAME; the suites are: {known}")


def is_grown(case: Case) -> bool:
    """Whether a generator made the case."""
    return growth.GROWN in case.tags


def grow_suite(system: System, asked: GrowAsked) -> Grown:
    """Grow a suite and write it. Raises UsageError before anything is written."""
    # 1 choose
    suite = suite_named(system, asked.suite)
    require_name(asked.out)
    payloads = [one for path in asked.payloads for one in payload_sets.read_payloads(path)]
    names = asked.generators
    uses = growth.uses_of(names, suite.file.generators)
    if payloads and not any(use.generator == "payloads" for use in uses):
        uses = (*uses, *growth.uses_of(("payloads",), suite.file.generators))
    uses, rewording = _divided(uses, asked)
    # 2 grow
    bases = [case for case in suite.cases if not is_grown(case)]
    grown = growth.grow(
        bases,
        surface.surface_of(system, bases),
        growth.Grow(uses=uses, seed=asked.seed, per_case=asked.per_case, payloads=tuple(payloads)),
        chosen=bool(names or suite.file.generators),
    )
    if not grown.cases and not rewording:
        raise UsageError("nothing grew: " + _reasons(grown), fix="name other generators")
    # 3 write
    root = Path(system.root)
    if not grown.cases:
        file = ""
    elif asked.out and asked.out != suite.name:
        file = _write_suite(root, asked, suite, grown.cases)
    else:
        file = _write_in_place(root, suite, grown.cases)
    return Grown(
        suite=asked.out or suite.name,
        file=file,
        growth=grown,
        bases=len(bases),
        compared=len(grown.cases) - sum(grown.made.values()),
        rewording=rewording,
    )


def _divided(
    uses: tuple[GeneratorUse, ...], asked: GrowAsked
) -> tuple[tuple[GeneratorUse, ...], tuple[GeneratorUse, ...]]:
    """Those that grow by themselves, and those that a model is asked for.

    Raises UsageError when one was named that needs a model and none is given.
    """
    need = tuple(use for use in uses if GENERATORS[use.generator].needs == "model")
    if asked.has_model:
        return tuple(use for use in uses if use not in need), need
    named = [use.generator for use in need if use.generator in asked.generators]
    if named:
        raise UsageError(
            f"{' and '.join(named)} needs a model, and none is given",
            fix="--model FILE: a candidate file here with a pinned model and no prompt",
        )
    return uses, ()


def require_name(name: str) -> None:
    """Raises UsageError when a suite cannot be called so."""
    if name and not _NAME.fullmatch(name):
        raise UsageError(
            f"a suite cannot be called {name!r}",
            fix="lower-case letters, digits, dots, hyphens, underscores; at most 64",
        )


def _reasons(grown: growth.Growth) -> str:
    said = [f"{name}: {reason}" for name, each in grown.skipped.items() for reason in each]
    return "; ".join(said[:6]) or "no generator"


def _write_suite(root: Path, asked: GrowAsked, suite: Suite, cases: Sequence[Case]) -> str:
    """A suite of its own: the cases' file and, where it is new, the suite's."""
    lines = root / SUITES / f"{asked.out}.jsonl"
    file = root / SUITES / f"{asked.out}.yaml"
    require_ours(lines)
    if file.exists() and f"{asked.out}.jsonl" not in file.read_text(encoding="utf-8"):
        raise UsageError(
            f"{file.relative_to(root)} exists and does not name {lines.name}",
            fix="give another --out NAME",
        )
    replace_file(lines, case_lines.case_lines(cases))
    if not file.exists():
        written = SuiteFile(
            name=asked.out,
            description=(
                f"Grown from `{suite.name}` by `roadworthy suite grow`, seed {asked.seed}. The "
                "same command writes the same cases; do not edit them by hand."
            ),
            cases=[lines.name],
            scorers=suite.file.scorers,
        )
        replace_file(file, msgspec.yaml.encode(spoken_file(written)))
    return lines.relative_to(root).as_posix()


def _write_in_place(root: Path, suite: Suite, cases: Sequence[Case]) -> str:
    """Beside the suite's own cases; the suite's file then names the new one."""
    path = root / suite.path
    lines = path.parent / f"{path.stem}.grown.jsonl"
    require_ours(lines)
    before = path.read_text(encoding="utf-8")
    after = before if lines.name in suite.file.cases else with_cases_file(before, lines.name)
    replace_file(lines, case_lines.case_lines(cases))
    if after != before:
        replace_file(path, after.encode())
    return lines.relative_to(root).as_posix()


def require_ours(
    lines: Path,
    *,
    mark: str = growth.GROWN,
    otherwise: str = "a case that did not grow",
    fix: str = "give another --out NAME, or move that case to a file of its own",
) -> None:
    """Raises UsageError when a file holds a case without our mark: it is not ours to replace."""
    if not lines.exists():
        return
    for number, line in enumerate(kept_bytes(lines).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            tags = msgspec.json.decode(line).get("tags", [])
        except (msgspec.MsgspecError, AttributeError):
            tags = []
        if mark not in tags:
            raise UsageError(f"{lines.name}:{number}: {otherwise} would be overwritten", fix=fix)


def with_cases_file(text: str, name: str) -> str:
    """A suite's YAML that names one more file of cases; comments and order stay.

    Raises UsageError when that cannot be done without changing anything else.
    """
    import yaml

    lines = text.splitlines(keepends=True)
    at = next((i for i, line in enumerate(lines) if line.startswith("cases:")), None)
    if at is None:
        end = "" if not text or text.endswith("\n") else "\n"
        changed = f"{text}{end}cases: [{name}]\n"
    elif match := re.fullmatch(r"(cases:\s*\[)(.*?)(\s*\]\s*(?:#.*)?\n?)", lines[at]):
        inside = match[2].rstrip().rstrip(",")
        lines[at] = f"{match[1]}{inside}{', ' if inside.strip() else ''}{name}{match[3]}"
        changed = "".join(lines)
    else:
        last = at
        while last + 1 < len(lines) and re.match(r"\s*(- |#|$)", lines[last + 1]):
            last += 1
        items = [i for i in range(at, last + 1) if lines[i].lstrip().startswith("- ")]
        if items:
            indent = lines[items[-1]][: len(lines[items[-1]]) - len(lines[items[-1]].lstrip())]
            end = "" if lines[items[-1]].endswith("\n") else "\n"
            lines[items[-1]] += f"{end}{indent}- {name}\n"
        changed = "".join(lines)
    try:
        before, after = yaml.safe_load(text) or {}, yaml.safe_load(changed)
    except yaml.YAMLError:
        before, after = {}, None
    wanted = {**before, "cases": [*(before.get("cases") or []), name]}
    if after != wanted:
        raise UsageError(
            "the suite's file cannot be changed safely", fix=f"add `{name}` to its `cases:`"
        )
    return changed


def spoken_file(value: object) -> dict[str, Any]:
    """A file's struct without the fields that only say their default, nested ones too."""
    built = msgspec.to_builtins(value)
    built["scorers"] = [
        {key: item for key, item in each.items() if item not in ("", [], {}, None)}
        for each in built["scorers"]
    ]
    return {
        key: item
        for key, item in built.items()
        if item not in ("", [], {}, None) and (key, item) not in (("repeats", 1),)
    }


def replace_file(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
