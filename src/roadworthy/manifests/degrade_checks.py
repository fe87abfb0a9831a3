"""`degrade_steps` of a playbook: can each step be taken, and does an objective find its playbook?

Enters: playbooks and objectives. Leaves: faults with their lines, and objectives with the steps
that they do. Never here: a step that is passed over because nobody knows it.
"""

from __future__ import annotations

from msgspec import UNSET, structs

from roadworthy.domain import (
    DEGRADE_ACTS,
    DegradeStep,
    Playbook,
    SloFile,
    parse_duration,
    steps_of,
)

from .document import Document, Path
from .reading import SLOS, Reading
from .typed import suggest

ACTION = "degrade_steps"
_OF_ANY_CALL = ("tenant", "endpoint")


def check_steps(reading: Reading) -> None:
    """Note the faults of every step, and of objectives that do steps."""
    for playbook in reading.playbooks:
        document = reading.document(playbook.path)
        written = playbook.header.degrade_steps
        steps = steps_of(written)
        for index, step in enumerate(steps):
            place: Path = ("degrade_steps", index)
            if document.sound(place):
                at = place if isinstance(written[index], str) else (*place, "do")
                _check_step(step, place, at, document, reading)
            if step.do == "kill_switch" and index + 1 < len(steps):
                document.fault(
                    place,
                    "a step follows `kill_switch`, after which nothing is answered",
                    "let `kill_switch` be the last step",
                )
    if reading.slos is not None:
        _check_objectives(reading.slos, reading)


def _check_step(
    step: DegradeStep, place: Path, named: Path, document: Document, reading: Reading
) -> None:
    if step.do not in DEGRADE_ACTS:
        fix = suggest(step.do, list(DEGRADE_ACTS), "the steps are")
        document.fault(named, f"there is no step `{step.do}`", fix)
        return
    if not _is_duration(step.within):
        document.fault(
            (*place, "within"), f"`{step.within}` is no duration", "write how long, such as 15m"
        )
    known = [*(reading.candidate.facets if reading.candidate else ()), *_OF_ANY_CALL]
    names = [*step.facets, *step.allowed]
    for name in names:
        if name not in known:
            fix = suggest(name, known, "a request has")
            document.fault(place, f"no request has the facet `{name}`", fix)
    if step.slice and not all(step.facets.values()):
        document.fault((*place, "slice"), f"`{step.slice}` is no slice", "write `facet=value,…`")
    if (step.do == "narrow_use") is not bool(step.allowed):
        wrong = "says nothing that is still let in" if not step.allowed else "has no use for it"
        document.fault(
            place,
            f"`{step.do}` {wrong} (`allowed`)",
            "write `allowed: {facet: [value, …]}` for `narrow_use` alone",
        )


def _check_objectives(file: SloFile, reading: Reading) -> None:
    document = reading.document(SLOS)
    for index, slo in enumerate(file.slos):
        if slo.steps is not UNSET:
            document.fault(
                ("slos", index, "steps"),
                "steps stand in a playbook",
                "write them under `degrade_steps` of playbooks/NAME.md",
            )
        if slo.action_on_breach != ACTION:
            continue
        found = _triggered(slo.name, reading.playbooks)
        if len(found) != 1:
            said = ", ".join(f"`{each.path}`" for each in found) or "none"
            document.fault(
                ("slos", index, "action_on_breach"),
                f"`{slo.name}` does the steps of one playbook, and it triggers {said}",
                f"write `trigger: {slo.name}` and `degrade_steps` in one file of playbooks/",
            )


def _triggered(name: str, playbooks: tuple[Playbook, ...]) -> list[Playbook]:
    return [each for each in playbooks if each.header.degrade_steps and each.header.trigger == name]


def with_steps(file: SloFile, playbooks: tuple[Playbook, ...]) -> SloFile:
    """The objectives, each with the steps that it does: they are pinned with it."""
    slos = [
        structs.replace(slo, steps=steps_of(found[0].header.degrade_steps))
        if slo.action_on_breach == ACTION and (found := _triggered(slo.name, playbooks))
        else slo
        for slo in file.slos
    ]
    return structs.replace(file, slos=slos) if slos != file.slos else file


def _is_duration(text: str) -> bool:
    try:
        return parse_duration(text) > 0
    except ValueError:
        return False
