"""`roadworthy init`: a complete, commented, valid set of files from a few answers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import UsageError
from roadworthy.manifests import (
    QUESTIONS,
    Answers,
    Question,
    check_system,
    draft_system,
    questionnaire,
    read_answers,
    refuse_occupied,
    take_answers,
    write_system,
    wrong_answer,
)

from .terminal import emit, same_system, say


def command(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A new system's folder.")
    ] = Path(),
    answers: Annotated[
        Path | None, typer.Option("--answers", metavar="FILE", help="Answers, as YAML.")
    ] = None,
    questions: Annotated[
        bool, typer.Option("--questions", help="Print an answers file to fill in.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Write charter, candidate, prompt, objectives, rails, a suite, a rollout and a playbook.

    Asks at the terminal, where a wrong answer is asked again at once, or takes --answers FILE.
    Never overwrites a file.
    """
    if questions:
        say(questionnaire().rstrip("\n"))
        return
    given = read_answers(answers) if answers is not None else _ask(directory)
    written = write_system(directory, draft_system(given))
    warnings = check_system(directory)
    if as_json:
        emit({"written": written, "next": f"roadworthy check {directory}"})
        return
    for name in written:
        say(f"  {directory / name}")
    say(f"{len(written)} files written; {len(warnings)} points to look at.")
    say("Cases that say `Replace this` wait for yours: suites/cases/main.jsonl.")
    if not given.roles:
        say("Nobody said which roles you hold under the EU AI Act: roadworthy classify"
            f"{same_system(directory)} --ask", "yellow")  # fmt: skip
    say(f"Next: roadworthy check {directory}")


def _ask(directory: Path) -> Answers:
    """Ask at the terminal; elsewhere say what an answers file must hold."""
    if not sys.stdin.isatty():
        names = ", ".join(one.id for one in QUESTIONS if one.asked and not one.when)
        raise UsageError(
            f"there is no terminal to ask at; needed are {names}",
            fix="`roadworthy init --questions > answers.yaml`, fill it in, "
            "then `roadworthy init DIR --answers answers.yaml`",
        )
    refuse_occupied(directory)
    return take_answers(ask_all(directory, _prompt))


def ask_all(directory: Path, prompt: Callable[[str, str], str]) -> dict[str, Any]:
    """Every answer, each right before the next question. `prompt` takes words and a default."""
    given: dict[str, Any] = {}
    for question in QUESTIONS:
        if not question.asked or not _applies(question, given):
            continue
        default = _default(question, directory)
        shown = f" [{default}]" if default else f" (such as {question.example})"
        while True:
            reply = prompt(f"{question.text}{shown}", default).strip()
            answer = _read(question, reply)
            wrong = wrong_answer({**given, question.id: answer})
            if wrong is None:
                break
            say(f"  {wrong.message}. {wrong.fix}")
        if reply:
            given[question.id] = answer
    return given


def _prompt(words: str, default: str) -> str:
    return str(typer.prompt(words, default=default, show_default=False))


def _applies(question: Question, given: dict[str, Any]) -> bool:
    key, _, value = question.when.partition("=")
    return not key or given.get(key) in value.split("|")


def _default(question: Question, directory: Path) -> str:
    if question.id == "system":
        name = "".join(
            letter if letter.isalnum() and letter.isascii() else "-"
            for letter in directory.resolve().name.lower()
        )
        return name.strip("-")
    return question.example if question.id in ("task", "model", "accuracy") else ""


def _read(question: Question, reply: str) -> Any:
    """A reply as the answers file would hold it: labels and roles as lists, a share as a number."""
    if question.id == "labels":
        parts = [part.strip() for part in reply.strip("{}").split(",") if part.strip()]
        pairs = [part.partition(":") for part in parts]
        return {label.strip(): meaning.strip() or label.strip() for label, _, meaning in pairs}
    if question.id == "roles":
        return [part.strip() for part in reply.strip("[]").replace(",", " ").split()]
    if question.id == "accuracy":
        try:
            return float(reply)
        except ValueError:
            return reply
    return reply
