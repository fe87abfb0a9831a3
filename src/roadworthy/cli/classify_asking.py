"""The questions that matter next, asked one by one in the terminal; each answer is kept at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

from roadworthy.domain import Charter, FactSheet, FactSpec, UsageError
from roadworthy.flows.entries.assure import FACTS, catalogues_of, classify_sheet, read_answers_of
from roadworthy.flows.workspace.own_files import write_own
from roadworthy.manifests import wrong_fact

from .terminal import printable, say

_WORDS = {"y": True, "yes": True, "true": True, "n": False, "no": False, "false": False}
_HEAD = "# Answers to `roadworthy classify`: what is left out is unknown, never no.\n"


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
    left: set[str] = set()
    say("y, n, the choice or the number; empty: unknown for now; q: stop. Answers are kept.")
    while True:
        found = classify_sheet(catalogues, sheet, on=on)
        name = next((each for each in found.open_questions if each not in left), None)
        if name is None:
            return
        if name not in specs:
            raise UsageError("nobody said which roles are held", fix="`roles:` in charter.yaml")
        answer = _asked(specs[name])
        if answer == "q":
            return
        if answer is None:
            left.add(name)
            continue
        sheet = FactSheet(facts={**sheet.facts, name: answer}, roles=sheet.roles)
        facts = {k: v for k, v in sheet.facts.items() if k not in charter.facts}
        kept = {"roadworthy": 1, "roles": list(sheet.roles), "facts": facts}
        text = _HEAD + yaml.safe_dump(kept, sort_keys=False, allow_unicode=True)
        write_own(directory / FACTS, text.encode())


def _asked(spec: FactSpec) -> Any:
    """The answer; None for unknown, `q` to stop."""
    say()
    say(f"{spec.question} ({spec.cite})")
    if spec.help:
        say(f"  {spec.help}")
    for value, meaning in spec.choices.items():
        say(f"  {value or '-'}: {printable(meaning)}")
    while True:
        sys.stdout.write(f"{spec.id}: ")
        sys.stdout.flush()
        typed = sys.stdin.readline()
        said = typed.strip()
        if not typed or said == "q":
            return "q"
        if not said:
            return None
        answer = _read(spec, said)
        wrong = wrong_fact(spec, answer)
        if wrong is None:
            return answer
        say(f"  {wrong[0]}: {wrong[1]}")


def _read(spec: FactSpec, said: str) -> Any:
    match spec.kind:
        case "flag":
            return _WORDS.get(said.lower(), said)
        case "number":
            try:
                return float(said)
            except ValueError:
                return said
        case _:
            return "" if said == "-" else said
