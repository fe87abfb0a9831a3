"""`roadworthy verify`: the same answer as the stand-alone `roadworthy-verify`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import UsageError

from .folders import require_file
from .terminal import emit, say

_KEPT = "a checkpoint as JSON or note, or a release, backup or proof that carries one"
_COLOURS = {"verified": "green", "tampered": "red", "refused": "red"}


def command(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="Ledger, workspace, bundle or proof.")
    ],
    *,
    trust: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The keys that you trust.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A checkpoint that you kept earlier.")
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="INSTANT", help="Verify as of then.")] = None,
    text: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A text or file: is it what was answered?"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Verify a bundle, release, ledger or proof offline: every byte, every signature, whose it was.

    Without --trust the keys of the workspace at PATH, or of the one you are in, are trusted, and
    the report says so: keys that came with the evidence do not show who made it.

    Exit code 0 verified, 5 tampered, 4 unsigned or unknown key, 3 refused or expired.
    """
    show(check(path, trust=trust, checkpoint=checkpoint, at=at, text=text), json=json)


def check(
    path: Path,
    *,
    trust: Path | None,
    checkpoint: Path | None = None,
    at: str | None = None,
    text: Path | None = None,
) -> Any:
    """The report of `roadworthy_verify` on what lies at a path. Raises UsageError."""
    from roadworthy_verify import CheckpointError, TrustError, read_text, verify_path

    found = _ledger_of_system(path)
    source, origin = (trust, "given") if trust else _trust_near(found)
    if origin == "workspace" and source is not None:
        _require_agreed(source.parent)
    keys = trusted_keys(source, origin=origin)
    try:
        said = read_text(text) if text is not None else None
        return verify_path(found, trust=keys, checkpoint=checkpoint, at=at, text=said)
    except (TrustError, CheckpointError) as error:
        raise UsageError(
            str(error),
            fix=f"give a trust.yaml; {_KEPT}",
        ) from None


def show(report: Any, *, json: bool) -> None:
    """Print a report and leave with its exit code."""
    from roadworthy_verify import sentences

    if json:
        emit(report.to_json())
    else:
        *lines, verdict = sentences(report)
        for line in lines:
            say(line)
        say(verdict, _COLOURS.get(report.state, "yellow"))
    raise typer.Exit(report.exit_code)


def _require_agreed(home: Path) -> None:
    """The keys of the workspace that we are in count only as its ledger has them."""
    from roadworthy.manifests import Workspace

    from .acting import trust_of

    trust_of(Workspace(home))


def _ledger_of_system(path: Path) -> Path:
    """A system's folder stands for its workspace, which may be elsewhere."""
    if (path / "charter.yaml").is_file() and not (path / "oci-layout").exists():
        from .acting import standing_workspace

        return standing_workspace(path).root
    return path


def _trust_near(path: Path) -> tuple[Path | None, str]:
    """The trust file that counts when none is given, and where it lay; the report says both.

    For a ledger the one beside it. For a bundle the one of the workspace that we are in, and only
    then that of a workspace around the bundle, which its sender may have packed.
    """
    from roadworthy_verify import recognise

    kind, found = recognise(path)
    resolved = found.resolve()
    around = [folder / ".roadworthy" for folder in (resolved, *resolved.parents)]
    around += [folder for folder in resolved.parents if (folder / "ledger.db").is_file()]
    ours = [Path(home)] if (home := os.environ.get("ROADWORTHY_HOME")) else []
    ours.append(Path(".roadworthy"))
    beside = [resolved.parent] if kind == "ledger" else []
    for origin, folders in (("beside", beside), ("workspace", ours), ("beside", around)):
        for folder in folders:
            if (folder / "trust.yaml").is_file():
                return folder / "trust.yaml", origin
    return None, "none"


def trusted_keys(source: Path | None, *, origin: str = "given") -> Any:
    """The trusted keys, read as the rest of the product reads them (all of YAML)."""
    if source is None:
        return None
    import msgspec

    from roadworthy.manifests import load_trust
    from roadworthy_verify import load_trust as checked

    require_file(source, "give a trust.yaml")
    return checked(msgspec.to_builtins(load_trust(source)), source=str(source), origin=origin)


def kept_heads(file: Path | None) -> Any:
    """The checkpoints in a file that was kept elsewhere; none without one. Raises UsageError."""
    from roadworthy_verify import CheckpointError, load_heads

    try:
        return load_heads(file) if file else ()
    except CheckpointError as error:
        raise UsageError(str(error), fix=_KEPT) from None
