"""What cases expect and what their suites' scorers can make of it: found before anything is asked.

A scorer that cannot read an expectation would make every answer to its case an error; one that no
case feeds would be silent, and silence looks like a score.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import UNSET

from roadworthy.domain import (
    DEFAULT_SCORERS,
    INSTRUCTIONS,
    READS,
    SCORERS,
    Case,
    ScorerSpec,
    Suite,
    expects,
    score_name,
    usual_scorers,
    written_number,
)

from .compiled import check_pattern, check_schema
from .document import Document
from .reading import Reading
from .typed import suggest

_OWN_WORDS = {"contains": ("all", "none"), "regex": ("pattern",), "schema": ("schema",)}
"""Scorers that need no expectation when one of these options says what is right."""

_TEXTS = {"contains": ("all", "none"), "refusal": ("phrases",)}
"""Options whose texts are looked for in the answer: an empty one is in every answer."""

_PREFIXES = ("raw.", "human.")
"""Before the name of a score: the model's own output, and what people said."""


def check_expectations(reading: Reading) -> None:
    """Note what no scorer can use, and scorers that nothing can be scored with."""
    for file, suite in reading.suite_files.items():
        for index, spec in enumerate(suite.scorers):
            _check_scorer(spec, index, reading.document(file))
    for loaded in (*reading.suites, *reading.calibration):
        for index, spec in enumerate(loaded.file.scorers):
            _check_usable(spec, index, loaded, reading)
        _check_names(loaded, reading)
    for file, cases in reading.case_files.items():
        _check_said(cases, reading.document(file))


def _check_scorer(spec: ScorerSpec, index: int, document: Document) -> None:
    """Options whose form is right and whose content is not; the score's name."""
    place = ("scorers", index, "options")
    if spec.scorer not in SCORERS or not document.sound(("scorers", index)):
        return
    for key in _TEXTS.get(spec.scorer, ()):
        if any(not text.strip() for text in spec.options.get(key, ())):
            document.fault(
                (*place, key),
                f"every answer contains the empty text of `{key}`",
                "write the words, or leave it out",
            )
    if spec.scorer == "regex" and spec.options.get("pattern"):
        check_pattern(spec.options["pattern"], document, (*place, "pattern"))
    if spec.scorer == "schema" and spec.options.get("schema") is not None:
        check_schema(spec.options["schema"], document, (*place, "schema"))
    name = score_name(spec)
    if not name.isprintable() or name != name.strip() or name.startswith(_PREFIXES):
        document.fault(
            ("scorers", index, "name"),
            f"a score cannot be named {name!r}",
            "one line without spaces at its ends, and neither `raw.` nor `human.` before it",
        )


def _check_usable(spec: ScorerSpec, index: int, suite: Suite, reading: Reading) -> None:
    """Every case that a scorer reads gives it what it can read, and one case at least does."""
    what = READS.get(spec.scorer, "")
    document = reading.document(suite.path)
    if not what or not suite.cases or not document.sound(("scorers", index)):
        return
    key, why = _WHY.get(spec.scorer, ("", None))
    if why is not None:
        bad = [(case, said) for case in suite.cases if (said := why(spec, case))]
        for case, said in bad[:1]:
            file, line = _where(case, reading) or (suite.path, 1)
            more = f" (and so for {len(bad) - 1} more)" if len(bad) > 1 else ""
            reading.document(file).fault(
                (line, "expect", key),
                f"the scorer `{score_name(spec)}` of {suite.path} cannot use the `expect.{key}` of "
                f"case `{case.id}`: {said}{more}",
                "write what it can compare with, or score the case in a suite with another scorer",
            )
    own = any(spec.options.get(option) for option in _OWN_WORDS.get(spec.scorer, ()))
    own = own or DEFAULT_SCORERS.get(what) == score_name(spec)  # it waits for cases anyway
    if not own and reading.cases_known and not any(expects(case, what) for case in suite.cases):
        document.fault(
            ("scorers", index),
            f"`{score_name(spec)}` reads `{_spelled(what)}`, which no case of the suite has: it "
            "scores nothing",
            f"give a case `{_spelled(what)}`, or take the scorer out",
            severity="warning",
        )


def _check_names(suite: Suite, reading: Reading) -> None:
    """A score named as the usual scorer of an expectation keeps that one from reading it."""
    own = {score_name(spec): index for index, spec in enumerate(suite.file.scorers)}
    for what, scorer in usual_scorers(suite.file.scorers).items():
        if scorer in own and any(expects(case, what) for case in suite.cases):
            reading.document(suite.path).fault(
                ("scorers", own[scorer]),
                f"the score `{scorer}` has the name of the scorer that would read "
                f"`{_spelled(what)}`: nothing reads it now",
                "give it another `name`",
            )


def _check_said(cases: list[Case], document: Document) -> None:
    """Expectations that say nothing, whatever the scorers."""
    for case, line in zip(cases, document.order, strict=False):
        expect = case.expect
        for key in ("tests", "sql"):
            said = getattr(expect, key)
            if said is not UNSET and not _says_something(said, key):
                document.fault(
                    (line, "expect", key),
                    f"`expect.{key}` of case `{case.id}` holds nothing that could fail",
                    "write an assert" if key == "tests" else "write the right query",
                    alike=f"an empty `expect.{key}`",
                )
        if expect.texts is not UNSET and not expect.texts:
            document.fault(
                (line, "expect", "texts"),
                f"`expect.texts` of case `{case.id}` is empty",
                "write the other right texts, or leave it out",
                alike="an empty `expect.texts`",
            )
        if expect.setup is not UNSET and expect.tests is UNSET and expect.sql is UNSET:
            document.fault(
                (line, "expect", "setup"),
                f"`expect.setup` of case `{case.id}` stands alone: nothing is run after it",
                "write `tests` or `sql` beside it",
                alike="`expect.setup` alone",
            )


def _says_something(text: str, key: str) -> bool:
    """Whether Python has a statement, or a query a word, beside its comments."""
    marks = ("#",) if key == "tests" else ("--",)
    lines = (line.strip() for line in text.splitlines())
    return any(line and not line.startswith(marks) for line in lines)


def _why_no_number(spec: ScorerSpec, case: Case) -> str:
    expect = case.expect
    texts = [] if expect.text is None else [expect.text]
    texts += [] if expect.texts is UNSET else expect.texts
    options = {key: spec.options[key] for key in ("which", "decimal") if key in spec.options}
    for text in texts:
        if written_number(text, **options) is None:
            return f"{text[:80]!r} is no number"
    return ""


def _why_no_list(spec: ScorerSpec, case: Case) -> str:
    wanted = case.expect.json
    return "" if wanted is UNSET or isinstance(wanted, list) else "it is no list"


def _why_no_instructions(spec: ScorerSpec, case: Case) -> str:
    wanted = case.expect.json
    if wanted is UNSET:
        return ""
    if not isinstance(wanted, list) or not wanted:
        return "it is no list of instructions"
    return next((why for each in wanted if (why := _why_no_instruction(each))), "")


def _why_no_instruction(asked: Any) -> str:
    name = asked.get("instruction") if isinstance(asked, dict) else None
    if not isinstance(name, str):
        return 'each must be such as {"instruction": "punctuation:no_comma"}'
    if name not in INSTRUCTIONS:
        return f"{name[:80]!r} is no instruction; {suggest(name, list(INSTRUCTIONS), 'there are')}"
    lacking = [key for key in INSTRUCTIONS[name] if asked.get(key) is None]
    return f"{name!r} lacks {', '.join(f'`{key}`' for key in lacking)}" if lacking else ""


_WHY: dict[str, tuple[str, Callable[[ScorerSpec, Case], str]]] = {
    "numeric": ("text", _why_no_number),
    "absolute_error": ("text", _why_no_number),
    "items": ("json", _why_no_list),
    "spans": ("json", _why_no_list),
    "instructions": ("json", _why_no_instructions),
}
"""Scorer -> the expectation that not every value of its type suits, and why one does not."""


def _where(case: Case, reading: Reading) -> tuple[str, int] | None:
    """File and line of a case."""
    for file, cases in reading.case_files.items():
        for one, line in zip(cases, reading.document(file).order, strict=False):
            if one is case:
                return file, line
    return None


def _spelled(what: Any) -> str:
    return "turns" if what == "turns" else f"expect.{what}"
