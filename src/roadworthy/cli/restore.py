"""`roadworthy restore`: puts a backup back, after it was verified."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from .folders import require_file
from .terminal import emit, say, warn


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The archive.")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")],
    *,
    trust: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The keys that you trust.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A checkpoint that you kept elsewhere.")
    ] = None,
    older: Annotated[
        bool, typer.Option("--older", help="Even where the workspace holds newer evidence.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Check every digest, verify the ledger, then replace the workspace; the old one is kept.

    Stop `serve` first. Exit code 5 when the backup does not verify, 1 when the file is no backup;
    then nothing was changed.
    """
    from roadworthy.domain import format_instant
    from roadworthy.ledger import missing_keys, restore
    from roadworthy.manifests import Workspace, load_trust
    from roadworthy.wiring.clock import SystemClock
    from roadworthy.wiring.places import workspace_of

    from .verify import kept_heads, trusted_keys

    require_file(file, "give the archive that backup wrote")
    kept = kept_heads(checkpoint)
    keys = trusted_keys(trust)
    with _nothing_left(directory):
        directory.mkdir(parents=True, exist_ok=True)
        root = workspace_of(directory, create=False).root
        report = restore(file, root, trust=keys, older=older, kept=kept)
    workspace = Workspace(root)
    now = format_instant(SystemClock().now())
    missing = missing_keys(workspace.keys, load_trust(workspace.trust), at=now)
    head = report.details["complete_up_to"]
    if json:
        said = {"entries": report.details["entries"], "complete_up_to": head}
        emit({"workspace": str(root), **said, "keys_missing": missing})
        return
    say(f"restored {report.details['entries']} entries to {root}")
    say(f"complete up to checkpoint {head['size']} of {head['time']}")
    if missing:
        _say_missing(missing, workspace.keys)


@contextmanager
def _nothing_left(directory: Path) -> Iterator[None]:
    """Folders that were made for a restore that failed are taken away again."""
    made = [folder for folder in (directory, *directory.parents) if not folder.exists()]
    try:
        yield
    except BaseException:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()
        raise


def _say_missing(missing: list[str], keys: Path) -> None:
    """Whose private keys are not here, and what each can do about it."""
    warn(f"private keys that are not in {keys}: {', '.join(missing)}")
    say(
        "Who keeps a key elsewhere needs nothing here. Otherwise copy NAME.key there from where it"
        " is kept (mode 0600, the folder 0700), journal.master too, or texts of the journal stay"
        " sealed."
    )
    if "machine" in missing:
        say(
            "Without machine.key the next command makes a new one, which an admin must admit:"
            " roadworthy people machine --as NAME"
        )
    say(
        "Whose key is lost: an admin ends it and adds the person anew:"
        " roadworthy people revoke NAME --as ADMIN, then people add"
    )
