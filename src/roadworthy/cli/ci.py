"""`roadworthy ci`: evaluate a proposed change, compare it with its base, judge, tell."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import System, UsageError

from .exits import exit_of_verdict
from .terminal import emit, say

_TEMPLATES = {
    "github": ("github-ci.yml", ".github/workflows/roadworthy.yml"),
    "gitlab": ("gitlab-ci.yml", ".gitlab/roadworthy.yml"),
}
"""Who runs it -> the template, and where it belongs."""


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    candidate: Annotated[str, typer.Option(help="The candidate's file.")] = "candidate.yaml",
    against: Annotated[
        str, typer.Option(help="The base: another candidate's file, or a folder as it was.")
    ] = "",
    drop: Annotated[float, typer.Option(help="The smallest drop that matters, as a share.")] = 0.03,
    alpha: Annotated[
        float, typer.Option(help="How often a change that changes nothing may be refused.")
    ] = 0.05,
    markdown: Annotated[Path | None, typer.Option(help="Write Markdown here.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML here.")] = None,
    write: Annotated[
        str, typer.Option(metavar="github|gitlab", help="Write the CI job, and do nothing else.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Judge a proposed change: both candidates on the same cases, what got worse, every objective.

    FAIL where a score is shown to be worse, PASS where a drop of --drop is excluded, INCONCLUSIVE
    between the two, with how many cases would decide. A case that the base had and the change
    dropped is refused. The deliberation note is not asked for yet: that is the gate's. Exit code
    0 PASS, 3 FAIL, 4 INCONCLUSIVE, 2 ERROR. Answers are cached; a run that was made is not again.
    """
    if write:
        _write(write, directory)
        return
    from roadworthy.policy import RegressionRule

    from .gate import as_json, require_outputs, show, write_outputs

    for name, value in (("--drop", drop), ("--alpha", alpha)):
        if not 0.0 < value < 1.0:
            raise UsageError(f"{name} lies between 0 and 1, not at {value}", fix=f"{name} 0.05")
    require_outputs(markdown, junit)
    decision = _judge(directory, candidate, against, RegressionRule(drop=drop, alpha=alpha))
    write_outputs(decision, markdown, junit)
    if json:
        emit(as_json(decision))
    else:
        show(decision, candidate, "")
    raise typer.Exit(int(exit_of_verdict(decision.decision)))


def _judge(directory: Path, candidate: str, against: str, rule: Any) -> Any:
    from roadworthy.flows.papers.pulling import Proposed, judge_pull
    from roadworthy.flows.runs.evaluating import Asked
    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import open_loop

    from .aside import standard_output_aside
    from .evaluate import run_system

    head = load_system(directory, candidate=candidate)
    base = _base(directory, candidate, against)
    loop = open_loop(directory, configured=head.deployment.workspace)

    def evaluate(system: System) -> object:
        with standard_output_aside():
            return run_system(system, loop, Asked())

    return judge_pull(Proposed(head=head, base=base), loop, rule, evaluate)


def _base(directory: Path, candidate: str, against: str) -> System | None:
    """The base's system; None where none was named, or its folder holds no system yet."""
    from roadworthy.manifests import CHARTER, load_system

    if not against:
        return None
    folder = Path(against)
    if not folder.is_dir():
        return load_system(directory, candidate=against)
    return load_system(folder, candidate=candidate) if (folder / CHARTER).exists() else None


def _write(which: str, directory: Path) -> None:
    """Write a CI job where it belongs. Nothing is overwritten."""
    from importlib.resources import files

    if which not in _TEMPLATES:
        raise UsageError(f"there is no job for {which!r}", fix="--write github, or gitlab")
    if directory.is_absolute() or ".." in directory.parts:
        raise UsageError("DIR must lie in this folder", fix="run it where the repository begins")
    system = directory.as_posix()
    if not all(char.isalnum() or char in "-_./" for char in system):
        raise UsageError(f"{system!r} cannot stand in a CI job", fix="rename the folder")
    template, place = _TEMPLATES[which]
    target = Path(place)
    if target.exists():
        raise UsageError(f"{target} is there already", fix="compare, or move it away first")
    text = (files("roadworthy.manifests") / "templates" / template).read_text(encoding="utf-8")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text.replace("@{system}", system), encoding="utf-8")
    say(f"{target} is written; read it, then commit it")
    if which == "gitlab":
        say(f"include it in .gitlab-ci.yml: include: [{{local: {target}}}]")
