"""`roadworthy config`: the deployment as it is in force, and where each value came from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from roadworthy.domain import UsageError
from roadworthy.manifests import Setting, settings_of

from .terminal import emit, say, table


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Print the deployment with secrets masked. Flag beats environment beats file beats default.

    A key `listen.port` is set from the environment by ROADWORTHY_LISTEN_PORT.
    """
    if not directory.is_dir():
        raise UsageError(f"there is no folder {directory}", fix="give the system's folder")
    settings = settings_of(directory)
    if as_json:
        emit({one.key: {"value": one.shown, "from": one.origin} for one in settings})
        return
    table(("setting", "value", "from"), [_row(one) for one in settings])
    say("Change a value in roadworthy.toml, or set its ROADWORTHY_ variable.")


def _row(setting: Setting) -> tuple[str, str, str]:
    shown = setting.shown
    return setting.key, '""' if shown == "" else str(shown), setting.origin
