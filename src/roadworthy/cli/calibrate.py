"""`roadworthy calibrate`: what confidences are worth, and from where on an answer may stand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from roadworthy.domain import Calibration, UsageError

Maps = Literal["none", "isotonic", "platt", "temperature"]


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    suite: Annotated[str, typer.Option(help="A suite with `purpose: calibration`.")],
    candidate: Annotated[str, typer.Option(help="The candidate's file.")] = "candidate.yaml",
    limit: Annotated[
        float | None, typer.Option(help="Wrong answers allowed, as a share; none: no threshold.")
    ] = None,
    of: Annotated[
        Literal["answered", "all"],
        typer.Option(help="Of the answered requests, proven; or of all, on average."),
    ] = "answered",
    certainty: Annotated[float, typer.Option(help="Of the promise about the answered.")] = 0.95,
    map: Annotated[
        Maps, typer.Option(help="How confidences are mapped to how often they are right.")
    ] = "none",
    out: Annotated[str, typer.Option(help="The file to write, in DIR.")] = "calibration.json",
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Fit a map of confidences and an accept threshold on cases that the gate never judges by.

    Asks the suite's cases through the request path, writes the calibration into a file, and says
    what to write into the candidate. Exit code 0 when what was asked for is proven; 4 when nothing
    is: then the file says so, and with `accept: auto` everything goes to a person.
    """
    from roadworthy.flows.runs.calibrating import Wanted, calibrate, promise
    from roadworthy.flows.runs.evaluating import Asked
    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import open_loop

    from .aside import standard_output_aside
    from .evaluate import asking, paced
    from .exits import Exit
    from .folders import fitted_file
    from .terminal import emit

    _require_shares({"--limit": limit, "--certainty": certainty})
    if limit is None and map == "none":
        raise UsageError("nothing is to be fitted", fix="--limit 0.05, --map platt, or both")
    system = load_system(directory, candidate=candidate)
    file = fitted_file(directory, out, "calibration")
    wanted = Wanted(
        suite=suite, map=None if map == "none" else map, limit=limit, guarantee=of,
        certainty=certainty,
    )  # fmt: skip
    with standard_output_aside():
        loop = open_loop(directory, configured=system.deployment.workspace)
        suited = paced(Asked(), system.candidate.model)
        found = asking(system, loop, lambda deps: calibrate(system, wanted, deps, suited))
    _write(file, found.calibration)
    threshold = found.calibration.threshold
    if json:
        emit({"file": str(file), "calibration": _plain(found.calibration),
              "promise": promise(threshold) if threshold is not None else "",
              "left_out": found.left_out})  # fmt: skip
    else:
        _print(found, out)
    if threshold is not None and threshold.threshold is None:
        raise typer.Exit(int(Exit.UNDECIDED))


def _require_shares(given: dict[str, float | None]) -> None:
    for name, value in given.items():
        if value is not None and not 0 < value < 1:
            raise UsageError(f"{name} lies strictly between 0 and 1, not at {value}")


def _write(file: Path, calibration: Calibration) -> None:
    """Write the whole file or leave the one before."""
    import msgspec

    from roadworthy.flows.workspace.own_files import write_own

    write_own(file, msgspec.json.format(msgspec.json.encode(_plain(calibration)), indent=2) + b"\n")


def _plain(calibration: Calibration) -> dict[str, Any]:
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(calibration)
    return found


def _print(found: Any, out: str) -> None:
    from roadworthy.flows.runs.calibrating import promise

    from .terminal import say, table

    calibration: Calibration = found.calibration
    table(
        ("confidences", "adaptive ECE", "Brier"),
        [
            (name, f"{each.adaptive_ece:.4f}", f"{each.brier:.4f}")
            for name, each in (
                ("as the model says them", calibration.before),
                ("with the map, cross-fitted", calibration.after),
            )
            if each is not None
        ],
        title=f"{calibration.suite}: {calibration.n} labelled cases",
    )
    _print_curve(found.curve)
    threshold = calibration.threshold
    if threshold is not None:
        say(promise(threshold))
    if threshold is not None and threshold.threshold is not None:
        say(
            f"Answers stand from confidence {threshold.threshold:.4g} on: {threshold.answered} of "
            f"{calibration.n} cases, {threshold.wrong} of them wrong."
        )
    if found.left_out:
        say(f"{found.left_out} answers left out: no confidence, no label, or one family's again.")
    say(f"Written: {out}. In the candidate's `decision:` block write")
    say(f"  calibration: {out}")
    if threshold is not None:
        say("  accept: auto")


def _print_curve(points: Any) -> None:
    """What would be left at each tenth of coverage."""
    from .terminal import table

    rows, wanted = [], 1
    for point in points:
        if point.coverage * 10 >= wanted - 1e-9:
            bounds = point.interval()
            rows.append(
                (
                    f"{point.coverage:.0%}", f"{point.threshold:.4g}", f"{point.risk:.4g}",
                    f"{bounds.low:.4g} to {bounds.high:.4g}",
                )
            )  # fmt: skip
            wanted = int(point.coverage * 10 + 1e-9) + 1
    table(("answered", "from confidence", "wrong", "95 % interval"), rows,
          title="Risk and coverage; a threshold picked from here proves nothing")  # fmt: skip
