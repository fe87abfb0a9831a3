"""The questions that matter next, asked one by one in the terminal; each answer is kept at once.

First the roles, which decide more than anything else: what `init` or a charter says of them is
shown, and no answer of ours is kept as somebody's.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from roadworthy.compliance import ROLES
from roadworthy.domain import Catalogue, Charter, FactSheet, FactSpec, UsageError
from roadworthy.flows.law.answers import FACTS, catalogues_of, read_answers_of
from roadworthy.flows.law.assure import classify_sheet
from roadworthy.flows.workspace.own_files import write_own
from roadworthy.manifests import load_facts, wrong_fact

from .terminal import printable, say

_FLAGS = {"y": True, "yes": True, "true": True, "n": False, "no": False, "false": False}
_NO = frozenset(("n", "no", "none", "-"))
_HEAD = "# Answers to `roadworthy classify`: what is left out is unknown, never no.\n"
_STOP = "q"
_ASKED = "Which roles do you hold? Several are usual: separate them by commas."
_MORE = """\
  Who develops a system, or has it developed, and offers it or puts it to use under their own name
  is its provider (Art. 3(3)), also where the model is another's. Who uses it is its deployer."""


def ask_open(
    directory: Path, charter: Charter, *, catalogue: str, on: str, given: Path | None
) -> None:
    """Ask until nothing that matters is open, or the person stops. Raises UsageError."""
    if given is not None:
        raise UsageError("--ask keeps answers in facts.yaml", fix="leave --answers away")
    if not sys.stdin.isatty():
        raise UsageError("--ask needs a terminal", fix="write facts.yaml, or give --answers FILE")
    catalogues = catalogues_of(directory, catalogue)
    specs = {fact.id: fact for one in catalogues for fact in one.facts}
    sheet, _ = read_answers_of(directory, charter, catalogues, None)
    own = _own_roles(directory, catalogues)
    say("y, n, the choice or the number; ?: help; empty: unknown for now; q: stop.")
    say("Each answer is kept at once.")
    if not own:
        named = _asked_roles(charter, catalogues)
        if named == _STOP:
            return
        own = tuple(named or ())
        sheet = FactSheet(facts=sheet.facts, roles=tuple(dict.fromkeys((*charter.roles, *own))))
        _keep(directory, charter, sheet, own)
    left = {ROLES}
    while True:
        found = classify_sheet(catalogues, sheet, on=on)
        name = next((each for each in found.open_questions if each not in left), None)
        if name is None:
            return
        answer = _asked(specs[name])
        if answer == _STOP:
            return
        if answer is None:
            left.add(name)
            continue
        sheet = FactSheet(facts={**sheet.facts, name: answer}, roles=sheet.roles)
        _keep(directory, charter, sheet, own)


def _own_roles(directory: Path, catalogues: list[Catalogue]) -> tuple[str, ...]:
    """Roles that facts.yaml names: somebody was asked."""
    path = directory / FACTS
    return load_facts(path, catalogues).roles if path.is_file() else ()


def _keep(directory: Path, charter: Charter, sheet: FactSheet, own: tuple[str, ...]) -> None:
    """Write what was answered, and nothing that the charter says already."""
    facts = {k: v for k, v in sheet.facts.items() if k not in charter.facts}
    if not facts and not own:
        return
    kept = {"roadworthy": 1, **({"roles": list(own)} if own else {}), "facts": facts}
    text = _HEAD + yaml.safe_dump(kept, sort_keys=False, allow_unicode=True)
    write_own(directory / FACTS, text.encode())


def _asked_roles(charter: Charter, catalogues: list[Catalogue]) -> Any:
    """The roles that were named; None for unknown, `q` to stop."""
    known = {role.id: role for one in catalogues for role in one.roles}
    say()
    say(f"{_ASKED} (Art. 3)")
    for role in known.values():
        say(f"  {role.id}: {printable(role.title)}" + (f" ({role.cite})" if role.cite else ""))
    if charter.roles:
        say(f"  charter.yaml says: {', '.join(charter.roles)}; empty leaves it at that")

    def read(said: str) -> tuple[Any, str]:
        named = [part.lower() for part in re.split(r"[,\s]+", said) if part]
        wrong = [part for part in named if part not in known]
        return named, f"{wrong[0]!r} is no role: some of {', '.join(known)}" if wrong else ""

    return _typed(ROLES, read, _MORE)


def _asked(spec: FactSpec) -> Any:
    """The answer; None for unknown, `q` to stop."""
    say()
    say(f"{spec.question} ({spec.cite})")
    if spec.help:
        say(f"  {spec.help}")
    for value, meaning in spec.choices.items():
        say(f"  {value or '-'}: {printable(meaning)}")

    def read(said: str) -> tuple[Any, str]:
        answer = _read(spec, said)
        wrong = wrong_fact(spec, answer)
        return answer, f"{wrong[0]}: {wrong[1]}" if wrong else ""

    return _typed(spec.id, read, _help(spec))


def _typed(name: str, read: Callable[[str], tuple[Any, str]], help_text: str) -> Any:
    """What was typed, once it is right; None for nothing, `q` to stop. `read`: (answer, fault)."""
    while True:
        sys.stdout.write(f"{name}: ")
        sys.stdout.flush()
        typed = sys.stdin.readline()
        said = typed.strip()
        if not typed or said == _STOP:
            return _STOP
        if not said:
            return None
        if said == "?":
            say(help_text)
            continue
        answer, wrong = read(said)
        if not wrong:
            return answer
        say(f"  {wrong}")


def _help(spec: FactSpec) -> str:
    """What may be typed, and where the question comes from."""
    kinds = {
        "flag": "y (it is so) or n (it is not)",
        "choice": "the word before the colon; n or - where none of them is the case",
        "number": "a number, such as 5e24",
        "date": "a day, such as 2026-08-02",
    }
    lines = [f"  {kinds[spec.kind]}; empty: nobody knows yet, and unknown is never no"]
    if spec.help:
        lines.append(f"  {spec.help}")
    lines.append(f"  It is asked by {spec.cite}, and kept as `{spec.id}` in {FACTS}.")
    return "\n".join(lines)


def _read(spec: FactSpec, said: str) -> Any:
    match spec.kind:
        case "flag":
            return _FLAGS.get(said.lower(), said)
        case "number":
            try:
                return float(said)
            except ValueError:
                return said
        case "choice":
            return _choice(spec, said)
    return said


def _choice(spec: FactSpec, said: str) -> str:
    """The choice that was meant: by its word or its meaning, or none of them."""
    word = said.lower()
    for value, meaning in spec.choices.items():
        if word in (value.lower(), meaning.lower()):
            return value
    if word in _NO and spec.otherwise in spec.choices:
        return str(spec.otherwise)
    return said
