"""`roadworthy alerts`: rules for Prometheus and a dashboard for Grafana, from the objectives."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .terminal import emit, say

RULES, DASHBOARD = "roadworthy-rules.yml", "roadworthy-dashboard.json"


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the two files go.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Write alert rules for Prometheus and a dashboard for Grafana, from safety-slos.yaml.

    Objectives that no metric of the gateway can express are named, and stand in the rules' head.
    A rule warns: what stops or proves is the gate's and the gateway's.
    """
    import msgspec
    import yaml

    from roadworthy.domain import UsageError
    from roadworthy.flows.workspace.own_files import begins, require_own, write_own
    from roadworthy.manifests import load_system
    from roadworthy.monitoring import alerts_of, dashboard_of

    if not out.is_dir():
        raise UsageError(f"there is no folder {out}", fix=f"mkdir -p {out}")
    system = load_system(directory)
    name = system.charter.system
    found = alerts_of(name, system.slos.slos)
    head = [
        f"# Made by roadworthy alerts from the objectives of {name}: make it again after changes."
    ]
    head += [f"# not watched: {one.name}: {one.why}" for one in found.unwatched]
    group = {"groups": [{"name": f"roadworthy-{name}", "rules": list(found.rules)}]}
    rules = "\n".join(head) + "\n" + yaml.safe_dump(group, sort_keys=False, width=100)
    board = msgspec.json.format(msgspec.json.encode(dashboard_of(name, found.rules)), indent=2)
    for file, data, mark in (
        (RULES, rules.encode(), b"# Made by roadworthy alerts"),
        (DASHBOARD, board + b"\n", b'{\n  "__inputs"'),
    ):
        require_own(out / file, begins(mark), kind="file of roadworthy alerts")
        write_own(out / file, data)
    if json:
        emit(
            {
                "rules": str(out / RULES),
                "dashboard": str(out / DASHBOARD),
                "alerts": [rule["alert"] for rule in found.rules],
                "unwatched": msgspec.to_builtins(found.unwatched),
            }
        )
        return
    say(f"{len(found.rules)} rules: {out / RULES} · promtool check rules {out / RULES}")
    say(f"dashboard: {out / DASHBOARD} (Grafana: Dashboards, New, Import)")
    for one in found.unwatched:
        say(f"not watched: {one.name}: {one.why}")
