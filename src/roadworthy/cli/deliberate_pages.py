"""`roadworthy deliberate --pages FOLDER`: every deliberation of a system, for everybody to read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .owed import say_review
from .terminal import emit, say


def publish(directory: Path, folder: Path, *, show: Sequence[str], json: bool) -> None:
    """Write the pages; a file that is not one of ours is never written over. UsageError."""
    from roadworthy.console.deliberations import OURS, pages
    from roadworthy.domain import UsageError
    from roadworthy.flows.papers.deliberations import SHOWS, deliberations
    from roadworthy.flows.workspace.own_files import begins, require_outside, require_own, write_own
    from roadworthy.manifests import load_charter
    from roadworthy.wiring.loop import standing_loop
    from roadworthy.wiring.personal import finders

    from .acting import standing_workspace

    if unknown := [one for one in show if one not in SHOWS]:
        raise UsageError(f"--show {unknown[0]!r} is nothing to show", fix=" or ".join(SHOWS))
    require_outside(folder / "index.html")
    charter = load_charter(directory)
    loop = standing_loop(standing_workspace(directory))
    if loop is None:
        raise UsageError("nothing was recorded here yet", fix="roadworthy deliberate DIR")
    book = deliberations(loop, charter, directory, finders=finders(), show=show)
    made = list(pages(book))
    for name, _ in made:
        try:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{folder} cannot be made: {error.strerror}") from None
        require_own(folder / name, begins(OURS), kind="page of deliberations")
    for name, data in made:
        write_own(folder / name, data)
    if json:
        emit({
            "index": str(folder / "index.html"), "pages": [name for name, _ in made],
            "deliberations": len(book.held), "hidden": book.hidden, "review": book.review,
        })  # fmt: skip
        return
    say(f"{len(book.held)} deliberations, in English and German: {folder / 'index.html'}")
    said = ", ".join(f"{count} {what}" for what, count in book.hidden.items() if count)
    if said:
        say(f"left out: {said} (--show {' or '.join(SHOWS)}; secrets always)")
    say_review(book.review)
