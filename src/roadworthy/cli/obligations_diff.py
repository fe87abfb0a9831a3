"""`roadworthy obligations diff`: what a new catalogue says otherwise, and what that means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from roadworthy.compliance import meaning_of, text_changes
from roadworthy.domain import Catalogue, UsageError
from roadworthy.flows.law.answers import load_catalogues, read_answers_of
from roadworthy.flows.law.assure import classify_sheet
from roadworthy.manifests import load_catalogue, load_charter

from .days import day_of
from .terminal import emit, say, table

WORD = "diff"


def show_diff(paths: Sequence[Path], *, on: str, json: bool) -> None:
    """`paths` are two catalogues, then folders of systems. Raises UsageError, ManifestError."""
    if len(paths) < 2:
        raise UsageError("two catalogues are compared", fix="obligations diff OLD NEW [DIR…]")
    old, new = (_catalogue(path) for path in paths[:2])
    changes = text_changes(old, new)
    meanings = []
    for folder in paths[2:]:
        charter = load_charter(folder)
        day = day_of(on, charter.time_zone)
        found = []
        for catalogue in (old, new):
            sheet, _ = read_answers_of(folder, charter, [catalogue], None)
            found.append(classify_sheet([catalogue], sheet, on=day))
        meanings.append(meaning_of(charter.system, found[0], found[1]))
    if json:
        emit({"old": old.version, "new": new.version, "changes": changes, "systems": meanings})
        return
    say(f"{old.catalogue} {old.version} -> {new.catalogue} {new.version}")
    rows = [(one.what, one.id, one.change, ", ".join(one.fields)) for one in changes]
    table(("what", "id", "change", "fields"), rows, title=f"{len(changes)} changes")
    for one in meanings:
        moved = "".join(f", {name} from {was} to {now}" for name, (was, now) in one.moved.items())
        say(
            f"{one.system}: class {one.was} -> {one.now}; gained {', '.join(one.gained) or 'none'};"
            f" lost {', '.join(one.lost) or 'none'}; undecided now {', '.join(one.open) or 'none'}"
            f"{'; moved' + moved[1:] if moved else ''}"
        )


def _catalogue(given: Path) -> Catalogue:
    """A file, or the name of one that comes along."""
    if given.is_file():
        return load_catalogue(given, [one.catalogue for one in load_catalogues(given.parent)])
    for one in load_catalogues(Path()):
        if one.catalogue.catalogue == str(given):
            return one.catalogue
    raise UsageError(f"there is no catalogue {str(given)!r}", fix="give a file, or eu-ai-act")
