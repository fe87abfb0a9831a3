"""Waivers, deliberation note, playbooks, rollout and pipeline: dates, persons, arrows."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path as FilePath

from roadworthy.domain import (
    Deliberation,
    Pipeline,
    SloFile,
    Waiver,
    parse_duration,
    unsaid_sections,
    unwaivable,
)

from .charter_checks import check_filled
from .degrade_checks import check_steps
from .deliberation_file import DELIBERATION
from .document import Document, Path
from .reading import PIPELINE, ROLLOUT, SLOS, Reading
from .rollout_checks import check_analysis
from .typed import suggest

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SHIPS = ("ship", "ship_limited")
"""A note that decides so must be whole; one that holds may be being written."""
_CANDIDATE = re.compile(r"(?:sha256:)?[0-9a-f]{12,64}")


def check_papers(reading: Reading) -> None:
    """Note the faults of all the smaller files."""
    seen: dict[str, str] = {}
    for file, waiver in reading.waivers.items():
        document = reading.document(file)
        if waiver.id in seen and document.sound(("id",)):
            document.fault(
                ("id",), f"the waiver `{waiver.id}` stands in `{seen[waiver.id]}` already",
                "give it another id",
            )  # fmt: skip
        seen.setdefault(waiver.id, file)
        _check_waiver(file, waiver, document, reading)
    _check_deliberation(reading)
    for playbook in reading.playbooks:
        document = reading.document(playbook.path)
        check_filled(playbook.header.trigger, ("trigger",), document)
        if playbook.header.last_drilled:
            check_date(playbook.header.last_drilled, ("last_drilled",), document)
    check_steps(reading)
    _check_rollout(reading)
    if reading.pipeline is not None:
        _check_pipeline(reading.pipeline, reading.document(PIPELINE))


def check_date(text: str, place: Path, document: Document) -> None:
    """Note a text that is no day of the calendar."""
    if not document.sound(place):
        return
    try:
        sound = bool(_DATE.fullmatch(text)) and bool(dt.date.fromisoformat(text))
    except ValueError:
        sound = False
    if not sound:
        document.fault(
            place, f"`{document.spell(place)}` is `{text}`, which is no date",
            "write a day as YYYY-MM-DD, such as 2026-12-31",
        )  # fmt: skip


def _check_waiver(file: str, waiver: Waiver, document: Document, reading: Reading) -> None:
    if document.sound(("id",)) and waiver.id != FilePath(file).stem:
        document.fault(
            ("id",),
            f"the waiver in `{file}` has the id `{waiver.id}`",
            f"write `id: {FilePath(file).stem}`, like its file",
            severity="warning",
        )
    check_date(waiver.until, ("until",), document)
    for key in ("reason", "author", "approved_by"):
        check_filled(getattr(waiver, key), (key,), document)
    same = waiver.author.strip().casefold() == waiver.approved_by.strip().casefold()
    if same and document.sound(("author",)) and document.sound(("approved_by",)):
        document.fault(
            ("approved_by",),
            f"`{waiver.approved_by}` is the waiver's author and its approver",
            "another person must approve it",
        )
    if not (waiver.slo or waiver.cases or waiver.findings) and document.sound(("slo",)):
        document.fault(
            ("slo",), "the waiver accepts nothing", "name an `slo`, `cases` or `findings`"
        )
    if waiver.slo and reading.slos and reading.slos.slos and document.sound(("slo",)):
        _check_scope(waiver, document, reading.slos)


def _check_scope(waiver: Waiver, document: Document, file: SloFile) -> None:
    """The failure that a waiver names exists, can be excused, and is named to the slice."""
    slo = next((each for each in file.slos if each.name == waiver.slo), None)
    if slo is None:
        document.fault(
            ("slo",),
            f"the waiver names the objective `{waiver.slo}`, which {SLOS} does not have",
            suggest(waiver.slo, [each.name for each in file.slos], "the objectives are"),
        )
        return
    if reason := unwaivable(slo):
        document.fault(
            ("slo",), f"`{waiver.slo}` cannot be waived: {reason}", "mend it; remove this waiver"
        )
    if slo.by and not waiver.slice and document.sound(("slice",)):
        document.fault(
            ("slo",),
            f"`{waiver.slo}` is judged by {', '.join(slo.by)}, and the waiver names no slice",
            f"write `slice: {','.join(f'{facet}=VALUE' for facet in slo.by)}`",
        )
    facets = [part.partition("=")[0] for part in waiver.slice.split(",")] if waiver.slice else []
    if waiver.slice and facets != slo.by and document.sound(("slice",)):
        wanted = ",".join(f"{facet}=VALUE" for facet in slo.by)
        document.fault(
            ("slice",),
            f"`{waiver.slice}` is no slice of `{waiver.slo}`",
            f"write `{wanted}`" if wanted else f"remove it: `{waiver.slo}` is judged as a whole",
        )


def _check_deliberation(reading: Reading) -> None:
    note = reading.deliberation
    if note is None:
        return
    document, header = reading.document(DELIBERATION), note.header
    check_date(header.date, ("date",), document)
    if document.sound(("candidate",)) and not _CANDIDATE.fullmatch(header.candidate):
        document.fault(
            ("candidate",),
            f"`{header.candidate[:80]}` is no candidate's digest",
            "write `sha256:` and at least 12 hexadecimal digits (`roadworthy eval` prints them)",
        )
    if header.decision == "ship_limited" and not header.limits and document.sound(("limits",)):
        document.fault(
            ("decision",),
            "`decision: ship_limited` says no limits",
            "write what is limited under `limits`",
        )
    if document.sound(("participants",)) and not header.participants:
        document.fault(
            ("participants",), "`participants` is empty", "write who was heard: `name`, `voice`"
        )
    for index, action in enumerate(header.actions):
        if action.due:
            check_date(action.due, ("actions", index, "due"), document)
    for index, one in enumerate(header.participants):
        if not one.name.strip() and document.sound(("participants", index, "name")):
            document.fault(
                ("participants", index, "name"),
                f"nobody is named for the voice `{one.voice}`",
                "write who spoke, or remove the line",
                severity="error" if header.decision in _SHIPS else "warning",
            )
    _check_never_changes(note, document)
    _check_voices(reading, document)
    _check_sections(note, document)


def _check_never_changes(note: Deliberation, document: Document) -> None:
    """A change of what must never happen has a person's name and reason, or it is nobody's."""
    heard = {one.name.strip().casefold() for one in note.header.participants} - {""}
    for index, change in enumerate(note.header.never_changes):
        place = ("never_changes", index)
        if change.by.strip().casefold() not in heard and document.sound((*place, "by")):
            document.fault(
                (*place, "by"),
                f"`{change.by[:80]}` is no participant of this deliberation",
                "write the name of somebody who took part, or add them under `participants`",
            )
        if not change.why.strip() and document.sound((*place, "why")):
            document.fault((*place, "why"), "`why` is empty", "write why the rule was changed")


def _check_sections(note: Deliberation, document: Document) -> None:
    """A note that says ship and gives no reasons is a fault; one that holds is being written."""
    if document.broken:
        return
    for unsaid in unsaid_sections(note.body):
        title = unsaid.section.title
        what = f"the section `## {title}` is {'empty' if unsaid.line else 'missing'}"
        document.fault(
            ("body",),
            f"{what}: the gate refuses a note in which it is",
            f"write {unsaid.section.write}",
            severity="error" if note.header.decision in _SHIPS else "warning",
            line=note.body_line + max(0, unsaid.line - 1),
        )


def _check_voices(reading: Reading, document: Document) -> None:
    if reading.charter is None or reading.deliberation is None:
        return
    people = reading.deliberation.header.participants
    heard = {one.voice.casefold() for one in people if one.name.strip()}
    for voice in reading.charter.review.required_voices:
        if voice.casefold() not in heard and document.sound(("participants",)):
            document.fault(
                ("participants",),
                f"the required voice `{voice}` was not heard: the gate will refuse the note",
                f"hear somebody with `voice: {voice}`",
                severity="warning",
            )


def _check_rollout(reading: Reading) -> None:
    rollout = reading.rollout
    if rollout is None:
        return
    document = reading.document(ROLLOUT)
    last = 0.0
    for index, step in enumerate(rollout.steps):
        place = ("steps", index)
        if document.sound((*place, "bake")):
            try:
                parse_duration(step.bake)
            except ValueError as error:
                message, _, fix = str(error).partition(": ")
                document.fault((*place, "bake"), f"`steps[{index}].bake`: {message}", fix)
        weight = (*place, "weight_percent")
        if document.sound(weight) and step.weight_percent < last:
            document.fault(
                weight,
                f"step {index + 1} gives less ({step.weight_percent:g} %) than the one before it "
                f"({last:g} %)",
                "let the steps grow",
            )
        last = max(last, step.weight_percent)
    if document.sound(("steps",)) and not rollout.steps:
        document.fault(
            ("steps",), "the rollout has no steps", "write at least one", severity="warning"
        )
    check_analysis(rollout, document)


def _check_pipeline(pipeline: Pipeline, document: Document) -> None:
    needs: dict[str, list[str]] = {}
    for index, step in enumerate(pipeline.steps):
        place = ("steps", index, "name")
        if not document.sound(place):
            continue
        if step.name in needs:
            document.fault(place, f"the step `{step.name}` stands here twice", "rename one")
        needs.setdefault(step.name, step.needs)
    for index, step in enumerate(pipeline.steps):
        for at, name in enumerate(step.needs):
            place_of_need = ("steps", index, "needs", at)
            if document.sound(place_of_need) and name not in needs:
                document.fault(
                    place_of_need,
                    f"the step `{step.name}` needs `{name}`, which does not exist",
                    suggest(name, sorted(needs), "the steps are"),
                )
    cycle = find_cycle(needs)
    if cycle:
        names = [step.name for step in pipeline.steps]
        document.fault(
            ("steps", names.index(cycle[0]), "needs"),
            f"steps need each other: {' -> '.join(cycle)}",
            "remove one of the arrows",
        )


def find_cycle(needs: dict[str, list[str]]) -> list[str]:
    """A cycle as a path that ends where it starts, or nothing. Without recursion."""
    state: dict[str, int] = {}
    for start in needs:
        if state.get(start):
            continue
        path: list[str] = [start]
        todo = [iter(needs[start])]
        state[start] = 1
        while todo:
            name = next(todo[-1], None)
            if name is None:
                state[path.pop()] = 2
                todo.pop()
            elif state.get(name) == 1:
                return [*path[path.index(name) :], name]
            elif name in needs and not state.get(name):
                state[name] = 1
                path.append(name)
                todo.append(iter(needs[name]))
    return []
