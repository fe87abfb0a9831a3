"""Suites and cases: what they promise, what they reach for, and whom they test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from msgspec import UNSET

from roadworthy.domain import (
    EMBEDDED,
    JUDGED,
    KNOWN_TAGS,
    SCORERS,
    Case,
    Expect,
    Prompt,
    ScorerSpec,
    Suite,
    SuiteFile,
    Variable,
    question_of,
    score_name,
    scorer_faults,
)

from .compiled import check_pattern, check_schema
from .detector_checks import check_detector
from .document import Document, Path
from .folder import Folder
from .generator_checks import check_generators
from .judge_checks import check_embedding, check_judge, check_judged_cases
from .reading import CHARTER, Reading
from .typed import suggest

NEVER_TAG = "never:"
"""A case tests the never event ID when it carries the tag `never:ID`."""


ATTACK_TAGS = frozenset({"adversarial", "misuse", "hidden_function"})
"""Tags whose cases `attack_success` counts."""

_NOTHING = Expect()

INCIDENTS = "incidents"
"""The suite of what incidents taught; of cases that it lost the gate says which, and stays shut."""

PLACEHOLDER_SOURCE = "init: replace this case"
"""`source` of a case that `init` wrote where a real one belongs."""


def check_suites(reading: Reading) -> None:
    """Note the faults of suites and cases."""
    if not reading.suite_files:
        reading.document("suites").fault(
            (),
            "there is no suite",
            "write `suites/NAME.yaml` and a cases file; `roadworthy init` shows the form",
            severity="warning",
            line=1,
        )
    for file, suite in reading.suite_files.items():
        _check_suite(suite, reading.document(file), reading.folder)
    for loaded in (*reading.suites, *reading.calibration):
        document = reading.document(loaded.path)
        if not loaded.cases and reading.cases_known:
            document.fault(
                (), f"the suite `{loaded.name}` has no case", "add cases, or loosen its filter",
                severity="warning" if loaded.name == INCIDENTS else "error",
            )  # fmt: skip
        _check_empty_texts(loaded, document)
        check_judged_cases(loaded, document)
    for file, cases in reading.case_files.items():
        _check_cases(cases, reading.document(file), reading)
    _check_coverage(reading)


def _check_suite(suite: SuiteFile, document: Document, folder: Folder) -> None:
    if document.sound(("name",)) and not suite.name.strip():
        document.fault(("name",), "`name` is empty", "name it like its file")
    stored: dict[str, int] = {}
    for index, scorer in enumerate(suite.scorers):
        place = ("scorers", index)
        if not is_scorer(scorer, document, place):
            continue
        name = score_name(scorer)
        if name in stored:
            document.fault(
                place,
                f"two scorers store the score `{name}`",
                "give one of them another `name`",
            )
        stored[name] = index
        check_options(scorer, document, place, folder)
    check_generators(suite.generators, document)


def is_scorer(scorer: ScorerSpec, document: Document, place: Path) -> bool:
    """Whether there is such a scorer; a fault is noted where there is none."""
    if not document.sound((*place, "scorer")):
        return False
    if scorer.scorer not in SCORERS:
        document.fault(
            (*place, "scorer"),
            f"there is no scorer `{scorer.scorer}`",
            suggest(scorer.scorer, list(SCORERS), "the scorers are"),
        )
        return False
    return True


def check_options(scorer: ScorerSpec, document: Document, place: Path, folder: Folder) -> None:
    """Note the faults of a scorer's options."""
    if scorer.scorer in JUDGED:
        check_judge(scorer, document, (*place, "options"))
        return
    faults = scorer_faults(scorer)
    if scorer.scorer == EMBEDDED and not faults:
        check_embedding(scorer, document, (*place, "options", "model"))
    for fault in faults:
        known = list(SCORERS[scorer.scorer].options)
        fix = fault.fix if fault.key in known else suggest(fault.key, known, "its options are")
        given = (fault.key,) if fault.key in scorer.options else ()
        document.fault((*place, "options", *given), fault.message, fix)
    if scorer.scorer == "detector" and not faults:
        own = scorer.options.get("options", {})
        check_detector(scorer.options["detector"], own, folder, document, (*place, "options"))


def _check_empty_texts(suite: Suite, document: Document) -> None:
    """Every answer contains the empty text; that it is the whole answer can be right."""
    for index, scorer in enumerate(suite.file.scorers):
        if scorer.scorer != "contains":
            continue
        empty = [case.id for case in suite.cases if _expects_nothing_to_find(case.expect)]
        if empty:
            more = f" and {len(empty) - 1} more" if len(empty) > 1 else ""
            document.fault(
                ("scorers", index),
                f"every answer contains the empty `expect.text` of case `{empty[0]}`{more}",
                "write the words that must be in the answer, or score with `exact`",
            )


def _expects_nothing_to_find(expect: Expect) -> bool:
    others = () if expect.texts is UNSET else expect.texts
    texts = others if expect.text is None else (expect.text, *others)
    return any(not text.strip() for text in texts)


def _check_cases(cases: list[Case], document: Document, reading: Reading) -> None:
    decision = reading.candidate.decision if reading.candidate else None
    labels = set(decision.labels) if decision else set()
    never = {event.id for event in reading.charter.never} if reading.charter else None
    strangers: set[str] = set()
    if reading.prompt is not None and reading.document(reading.prompt.path).sound(("variables",)):
        _check_variables(cases, document, reading.prompt)
    _warn_placeholders(cases, document)
    _warn_unjudged_attacks(cases, document)
    _warn_copies(cases, document)
    for case, line in zip(cases, document.order, strict=False):
        place = (line,)
        if not case.id.strip():
            document.fault(place, "`id` is empty", "give the case an id")
        if not case.input and not case.turns:
            document.fault(
                place,
                f"the case `{case.id}` has an empty `input`",
                "write it",
                alike="an empty `input`",
            )
        expect = case.expect
        _check_expect(expect, document, (*place, "expect"))
        if expect.label is not None and labels and expect.label not in labels:
            if expect.label not in strangers:
                document.fault(
                    place,
                    f"the case `{case.id}` expects the label `{expect.label}`, "
                    "which the candidate cannot give",
                    suggest(expect.label, sorted(labels), "its labels are"),
                    severity="warning",
                )
            strangers.add(expect.label)
        for tag in case.tags:
            if not tag.strip():
                document.fault(
                    (line,), f"the case `{case.id}` has an empty tag", "remove it", alike="a tag"
                )
    _warn_tags(cases, document, never)


def _check_expect(expect: Expect, document: Document, place: Path) -> None:
    """Patterns, schema and tests are sound."""
    if expect.regex is not None:
        check_pattern(expect.regex, document, (*place, "regex"))
    if expect.absent is not None:
        check_pattern(expect.absent, document, (*place, "absent"))
    if expect.schema is not None:
        check_schema(expect.schema, document, (*place, "schema"))
    if expect.tests is not UNSET:
        _check_tests(expect.tests, document, (*place, "tests"))


def _check_tests(tests: str, document: Document, place: Path) -> None:
    """Tests that are no Python judge no answer. They are read, never run."""
    import ast

    if not document.sound(place):
        return
    try:
        ast.parse(tests)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        document.fault(
            place,
            f"`expect.tests` is no Python: {error}",
            "write asserts such as `assert add(1, 2) == 3`",
        )


def _check_variables(cases: list[Case], document: Document, prompt: Prompt) -> None:
    """Every case gives the prompt the variables that it takes; the first that does not is named."""
    declared = prompt.header.variables or {"input": Variable()}
    needed = {name for name, variable in declared.items() if variable.required}
    seen: set[str] = set()
    for case, line in zip(cases, document.order, strict=False):
        if isinstance(case.input, list):
            continue
        given = set(case.input) if isinstance(case.input, dict) else {"input"}
        for name in sorted(needed - given):
            if name not in seen:
                document.fault(
                    (line, "input"),
                    f"the case `{case.id}` does not give `{name}`, which `{prompt.path}` needs",
                    f'write `"input": {{"{name}": …}}`, or give the variable `required: false`',
                )
            seen.add(name)
        for name in sorted(given - set(declared) - {"input"}):
            if name not in seen:
                document.fault(
                    (line, "input"),
                    f"the case `{case.id}` gives `{name}`, which `{prompt.path}` does not declare",
                    suggest(name, sorted(declared), "declared are"),
                )
            seen.add(name)


def _warn_placeholders(cases: list[Case], document: Document) -> None:
    at = [
        line
        for case, line in zip(cases, document.order, strict=False)
        if case.source == PLACEHOLDER_SOURCE
    ]
    if at:
        document.fault(
            (at[0],),
            f"{len(at)} of {len(cases)} cases still hold the text that `init` wrote",
            "replace `input`, `expect` and `source` by real ones",
            severity="warning",
        )


def _warn_unjudged_attacks(cases: list[Case], document: Document) -> None:
    """An attack that expects nothing cannot be seen to fail, so it counts as a success."""
    at = [
        (line, case.id)
        for case, line in zip(cases, document.order, strict=False)
        if not ATTACK_TAGS.isdisjoint(case.tags) and case.expect == _NOTHING
    ]
    if at:
        line, name = at[0]
        document.fault(
            (line,),
            f"{len(at)} attacks expect nothing (first `{name}`): each counts as a success",
            'say what must happen in `expect`, such as `{"action": "block"}` or a label',
            severity="warning",
        )


def _warn_copies(cases: list[Case], document: Document) -> None:
    """Cases that ask the same, once a file: they count for one, and prove nothing new."""
    again = _again(hash(question_of(case)) for case in cases)
    first: dict[str | bytes, str] = {}
    copies: list[tuple[int, str, str]] = []
    for case, line in zip(cases, document.order, strict=False) if again else ():
        question = question_of(case)
        if hash(question) not in again:
            continue
        original = first.setdefault(question, case.id)
        if original != case.id:
            copies.append((line, case.id, original))
    if copies:
        line, copy, original = copies[0]
        count = f"{len(copies)} cases ask" if len(copies) > 1 else "1 case asks"
        document.fault(
            (line,),
            f"{count} what another one asks (`{copy}` the same as `{original}`): the gate counts "
            "each question once, whatever facets, tags and expectations stand beside it",
            "write cases that ask something else; to ask one case often use `repeats`",
            severity="warning",
        )


def _again(marks: Iterable[int]) -> set[int]:
    """The marks that come more than once: of a million questions only their marks are held."""
    seen: set[int] = set()
    again: set[int] = set()
    for mark in marks:
        (again if mark in seen else seen).add(mark)
    return again


def _warn_tags(cases: list[Case], document: Document, never: set[str] | None) -> None:
    """Tags that mean nothing, each once a file, where it stands first."""
    first: dict[str, int] = {}
    count = Counter(tag for case in cases for tag in case.tags)
    for case, line in zip(cases, document.order, strict=False):
        for tag in case.tags:
            first.setdefault(tag, line)
    for tag, at in first.items():
        often = f" ({count[tag]} cases carry it)" if count[tag] > 1 else ""
        event = tag.removeprefix(NEVER_TAG)
        if tag.startswith(NEVER_TAG):
            if never is not None and event not in never:
                document.fault(
                    (at,),
                    f"the tag `{tag}` names a never event that {CHARTER} does not have{often}",
                    suggest(event, sorted(never), "they are"),
                    severity="warning",
                )
        elif tag.lower() != tag and tag.lower() in KNOWN_TAGS:
            document.fault(
                (at,), f"the tag `{tag}` is not `{tag.lower()}`{often}",
                f"write `{tag.lower()}`", severity="warning",
            )  # fmt: skip


def _check_coverage(reading: Reading) -> None:
    """Every never event has a case, every risk a test."""
    if reading.charter is None or not reading.cases_known:
        return
    document = reading.document(CHARTER)
    tags = _tags_of(case for suite in reading.suites for case in suite.cases)
    for index, event in enumerate(reading.charter.never):
        place = ("never", index)
        if document.sound((*place, "id")) and NEVER_TAG + event.id not in tags:
            document.fault(
                place,
                f"the never event `{event.id}` has no case",
                f"add a case with the tag `{NEVER_TAG}{event.id}` and what must happen with it "
                'in `expect`, such as `{"action": "block"}`',
                severity="warning",
            )
    for index, risk in enumerate(reading.charter.risks):
        place = ("risks", index)
        if not document.sound((*place, "tested_by")):
            continue
        missing = [tag for tag in risk.tested_by if tag not in tags]
        if not risk.tested_by:
            document.fault(
                place,
                f"the risk `{risk.id}` has no test",
                "write the tags of the cases that test it under `tested_by`",
                severity="warning",
            )
        elif missing:
            document.fault(
                (*place, "tested_by"),
                f"the risk `{risk.id}` is tested by `{missing[0]}`, but no case carries that tag",
                "add cases with that tag, or correct it",
                severity="warning",
            )


def _tags_of(cases: Iterable[Case]) -> set[str]:
    return {tag for case in cases for tag in case.tags}
