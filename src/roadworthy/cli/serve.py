"""`roadworthy serve`: verified releases behind an OpenAI-compatible API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .terminal import warn


def command(
    directories: Annotated[
        list[Path] | None,
        typer.Argument(metavar="DIR…", help="Systems' folders, or a workspace. Default: here."),
    ] = None,
    *,
    port: Annotated[
        int | None, typer.Option(help="Default: roadworthy.toml, else 8080.", min=0, max=65535)
    ] = None,
    host: Annotated[str | None, typer.Option(help="Default: 127.0.0.1.")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes.", min=1, max=64)] = None,
    control_port: Annotated[
        int | None,
        typer.Option(help="Where the control process answers; 0: nowhere.", min=0, max=65535),
    ] = None,
) -> None:
    """Serve the live, verified releases; stop with ^C or SIGTERM, which drains.

    Only releases that were signed and activated are served; files under DIR are not read for
    behaviour. A supervisor keeps the workers and one control process alive.
    """
    from roadworthy.flows.workspace.intact import lost_segments
    from roadworthy.gateway.supervisor import Settings, counts_shared, prepared
    from roadworthy.wiring.loop import loop_of
    from roadworthy.wiring.places import common_workspace, place, roots_of
    from roadworthy.wiring.plan import Plan

    from .acting import trust_of
    from .standing import become
    from .stops import lift_left_drills, put_back

    spots = [place(directory, standing=True) for directory in directories or [Path()]]
    workspace = common_workspace(spots)
    trust_of(workspace)  # the workers admit releases by trust.yaml: it must be the ledger's word
    if workspace.ledger.exists():
        loop = loop_of(workspace)
        put_back(loop)  # no worker starts on a table that lacks a kill
        _warn_of_lost(lost_segments(loop))
        lift_left_drills(loop)
    listening = spots[0].deployment.listen
    settings = Settings(
        plan=Plan(
            workspace=str(workspace.root),
            roots=roots_of(spots),
            control_port=listening.control_port if control_port is None else control_port,
        ),
        host=host or listening.host,
        port=listening.port if port is None else port,
        workers=workers or listening.workers,
    )
    with prepared(settings, warn) as standing:
        become(standing, shared=counts_shared(settings.plan))


def _warn_of_lost(segments: list[str]) -> None:
    """Evidence that is gone stops nobody's answers; it is said, and verification fails by it."""
    if segments:
        warn(
            f"{len(segments)} sealed segments of the journal are gone or were changed, first"
            f" {segments[0]}: `roadworthy ledger verify` says more, `roadworthy restore` puts a"
            " backup back"
        )
