"""`roadworthy obligations`: each duty: met by what, stale, missing, or waiting for whom."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import DutyStatus, EvidenceKind, Obligation

from .exits import Exit, worst_exit
from .folders import several_folders
from .owed import say_review
from .terminal import emit, in_folder, same_system, say, table

_CODES = {
    "met": Exit.DONE, "not_applicable": Exit.DONE, "missing": Exit.REFUSED, "stale": Exit.REFUSED,
    "needs_a_person": Exit.UNDECIDED, "undecided": Exit.UNDECIDED,
}  # fmt: skip
_COLOURS = {"missing": "red", "stale": "yellow", "needs_a_person": "yellow", "met": "green"}


def command(
    directories: Annotated[
        list[Path] | None, typer.Argument(metavar="DIR…", help="The folders of systems.")
    ] = None,
    *,
    catalogue: Annotated[str, typer.Option(help="Of which catalogue.")] = "eu-ai-act",
    answers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Facts, YAML or JSON; stands alone.")
    ] = None,
    on: Annotated[str, typer.Option(metavar="DAY", help="By the law of this day.")] = "",
    all_duties: Annotated[
        bool, typer.Option("--all", help="Also what does not apply, and why.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Say how every duty stands: by which entries it is met, what is stale, what is missing.

    Exit code 3 while something that applies today is missing or stale, 4 while it waits for a
    person or for an answer. What comes later is shown with its date and does not count yet.

    `obligations diff OLD NEW [DIR…]` compares two catalogues (files, or `eu-ai-act`) and says what
    the new one means for each system.
    """
    from roadworthy.domain import UsageError
    from roadworthy.flows.papers.coverage import Coverage, cover
    from roadworthy.manifests import load_charter
    from roadworthy.wiring.loop import open_loop

    from .days import day_of
    from .obligations_diff import WORD, show_diff

    folders = directories or [Path()]
    if str(folders[0]) == WORD and not folders[0].exists():
        show_diff(folders[1:], on=on, json=json)
        return
    several, folders = len(folders) > 1, several_folders(folders)
    if answers is not None and several:
        raise UsageError("--answers is about one system", fix="name one DIR")
    found: list[tuple[Path, Coverage]] = []
    for folder in folders:
        charter = load_charter(folder)
        loop = open_loop(folder)
        day = day_of(on, charter.time_zone)
        found.append(
            (folder, cover(folder, charter, loop, on=day, catalogue=catalogue, given=answers))
        )
    codes = [
        _CODES[duty.status]
        for _, one in found for duty in one.duties
        if duty.in_force or duty.status == "undecided"
    ]  # fmt: skip
    _tell(found, json=json, all_duties=all_duties, several=several)
    if code := worst_exit(codes):
        raise typer.Exit(code)


def _tell(found: list[tuple[Path, Any]], *, json: bool, all_duties: bool, several: bool) -> None:
    if json:
        lists = [_as_json(folder, one.obligations, one.duties) for folder, one in found]
        systems = [
            {"system": one.assured.system, "class": one.classification.risk_class, "duties": duties,
             "review": one.review}
            for (_, one), duties in zip(found, lists, strict=True)
        ]  # fmt: skip
        emit(systems if several else lists[0])
    elif not several:
        _say(*found[0], all_duties=all_duties)
    else:
        _say_systems(found)


def _as_json(
    folder: Path, obligations: tuple[Obligation, ...], duties: tuple[DutyStatus, ...]
) -> list[dict[str, Any]]:
    kinds = _kinds(folder)
    return [
        {
            "id": duty.id,
            "status": duty.status,
            "evidence": [
                {"kind": one.kind, "entry": one.seq, "time": one.time, "made": one.made,
                 "subject": one.subject,
                 "digest": one.digest, "fresh": one.fresh, "fresh_until": one.until,
                 "entered": one.entered,
                 "trust": one.trust, "by": one.by}
                for one in duty.evidence
            ],
            "missing": [
                {"kind": lack.kind, "command": _step(lack.kind, kinds, folder),
                 "person": lack.person,
                 "claimed": [
                     {"entry": one.seq, "trust": one.trust, "by": one.by, "in_words": one.worth}
                     for one in lack.claims
                 ]}
                for lack in duty.missing
            ],
            "article": obligation.article,
            "title": obligation.title,
            "from": duty.since,
            "date_confidence": duty.confidence,
            "formal_from": duty.formal_from,
            "in_force": duty.in_force,
            "why": duty.why,
        }
        for obligation, duty in zip(obligations, duties, strict=True)
    ]  # fmt: skip


def _say(folder: Path, one: Any, *, all_duties: bool) -> None:
    titles = {duty.id: duty for duty in one.obligations}
    found = one.classification
    roles = ", ".join(found.roles) or "-"
    say(f"{one.assured.system}: class {found.risk_class or '-'}, roles {roles}")
    say(f"by {found.catalogue} {found.version}, on {found.on}")
    if not one.recorded:
        say(f"Nobody has entered this classification: roadworthy classify{same_system(folder)}"
            " --record --as NAME", "yellow")  # fmt: skip
    rows = [
        (
            duty.id,
            titles[duty.id].article,
            titles[duty.id].title,
            duty.status,
            in_folder(_rest(duty), folder),
        )
        for duty in one.duties
        if all_duties or duty.status != "not_applicable"
    ]
    table(("duty", "article", "what", "status", "by, or what is missing"), rows)
    counts: dict[str, int] = {}
    for duty in one.duties:
        counts[duty.status] = counts.get(duty.status, 0) + 1
    for status, number in counts.items():
        say(f"  {number} {status.replace('_', ' ')}", _COLOURS.get(status, ""))
    say_review(one.review)
    if found.coming:
        day = min(duty.since or "" for duty in found.coming)
        many = len(found.coming)
        say(f"{many} duties are coming, the next on {day}" if many > 1 else
            f"1 duty is coming, on {day}")  # fmt: skip
    if step := _next_step(folder, one.duties):
        say(f"Next: {step}")


def _kinds(folder: Path) -> Mapping[str, EvidenceKind]:
    from roadworthy.flows.papers.recording import known_kinds

    return known_kinds(folder)


def _step(kind: str, kinds: Mapping[str, EvidenceKind], folder: Path) -> str:
    """The command that makes a kind of evidence or enters what people made; "" where none does."""
    known = kinds.get(kind)
    if known is None:
        return ""
    if known.command:
        command = known.command
    elif known.documents:
        command = f"roadworthy document {known.documents[0]} DIR --record --as NAME"
    else:
        about = " --candidate candidate.yaml" if known.of == "release" else ""
        command = f"roadworthy record {kind} FILE DIR{about} --as NAME"
    return in_folder(command, folder)


def _next_step(folder: Path, duties: tuple[DutyStatus, ...]) -> str:
    """What to do about the first duty of today that is not met, the worst first."""
    kinds = _kinds(folder)
    for status in ("missing", "stale", "needs_a_person"):
        for duty in duties:
            if not duty.in_force or duty.status != status:
                continue
            owed = [lack.kind for lack in duty.missing] if duty.missing else [
                proof.kind for proof in duty.evidence if not proof.fresh
            ]  # fmt: skip
            for kind in owed:
                if step := _step(kind, kinds, folder):
                    return step
    if any(duty.status == "undecided" for duty in duties):
        return in_folder("roadworthy classify DIR --ask", folder)
    return ""


def _rest(duty: DutyStatus) -> str:
    when = "" if duty.in_force or not duty.since else f"from {duty.from_in_words}; "
    if duty.missing:
        first = duty.missing[0]
        more = f" (and {len(duty.missing) - 1} more)" if len(duty.missing) > 1 else ""
        return f"{when}{first.kind}: {first.in_words}{more}"
    if duty.evidence:
        return when + ", ".join(one.in_words for one in duty.evidence)
    return when + duty.why


def _say_systems(found: list[tuple[Path, Any]]) -> None:
    rows = []
    for folder, one in found:
        applying = [duty for duty in one.duties if duty.in_force]
        met = sum(duty.status == "met" for duty in applying)
        coming = min((duty.since or "" for duty in one.classification.coming), default="-")
        rows.append((
            one.assured.system, one.classification.risk_class, ", ".join(one.classification.roles),
            f"{met} of {len(applying)}", str(len(one.classification.coming)), coming,
            one.review.due or "-", str(folder),
        ))  # fmt: skip
    table(("system", "class", "roles", "met", "coming", "next", "review due", "folder"),
          rows)  # fmt: skip
