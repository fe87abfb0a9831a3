"""`roadworthy ood`: fit a reference of in-scope inputs; say how far other inputs lie from one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from roadworthy.domain import Reference, UsageError

from .terminal import group

app = group("A reference of in-scope inputs: fit it, and score inputs with it.")

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Candidate = Annotated[str, typer.Option(help="The candidate's file.")]

Encoder = Annotated[
    Literal["none", "minilm"],
    typer.Option(help="A sentence encoder in the table's place: finds more, takes longer."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command()
def fit(
    directory: Directory = Path(),
    *,
    suite: Annotated[str, typer.Option(help="A suite with `purpose: calibration`.")] = "",
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE.jsonl", help="Past inputs, one a line.")
    ] = None,
    false_alarm: Annotated[
        float, typer.Option(help="The share of in-scope inputs that may be flagged.")
    ] = 0.05,
    words_only: Annotated[
        bool, typer.Option("--words-only", help="Without the table of meanings of words.")
    ] = False,
    encoder: Encoder = "none",
    candidate: Candidate = "candidate.yaml",
    out: Annotated[str, typer.Option(help="The file to write, in DIR.")] = "reference.json",
    json: Json = False,
) -> None:
    """Fit a reference on inputs that the system is for, and set how often it may be wrong.

    From a suite that the gate never judges by (its cases are asked through the request path), or
    from a file of past inputs: a JSON object a line with `input`, and where they are known `label`,
    `output`, `decision`, `facets`, and `ood: true` of one that is out of scope. Exit code 4 when
    there are too few for the share of false alarms that is asked for.
    """
    from roadworthy.flows.runs.referencing import fit_reference, of_lines, of_suite
    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import open_loop

    from .aside import standard_output_aside
    from .evaluate import asking, paced
    from .folders import fitted_file
    from .terminal import emit

    if not 0 < false_alarm < 1:
        raise UsageError(f"--false-alarm lies strictly between 0 and 1, not at {false_alarm}")
    if bool(suite) is (source is not None):
        raise UsageError("give where the references are", fix="--suite NAME, or --from FILE.jsonl")
    vector_of, encodes = _meaning(words_only=words_only, encoded=encoder != "none")
    file = fitted_file(directory, out, "reference")
    system = load_system(directory, candidate=candidate)
    loop = open_loop(directory, configured=system.deployment.workspace)
    if source is not None:
        found = of_lines(source.name, _read(source))
    else:
        from roadworthy.flows.runs.evaluating import Asked

        suited = paced(Asked(), system.candidate.model)
        with standard_output_aside():
            found = asking(system, loop, lambda deps: of_suite(system, suite, deps, suited))
    fitted = fit_reference(
        system, found, false_alarm=false_alarm, vector_of=vector_of, encoder=encodes, loop=loop
    )
    _write(file, fitted.reference)
    if json:
        emit({"file": str(file), **_told(fitted)})
    else:
        _print(fitted, out)


@app.command()
def score(
    directory: Directory = Path(),
    *,
    text: Annotated[list[str] | None, typer.Option(help="An input; may be repeated.")] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE.jsonl", help="Inputs, one a line, as for `ood fit`."),
    ] = None,
    candidate: Candidate = "candidate.yaml",
    json: Json = False,
) -> None:
    """Say how far inputs lie from the reference that the candidate names, and which are flagged."""
    import msgspec

    from roadworthy.flows.late.shift_looking import shift_looker
    from roadworthy.flows.runs.referencing import Known, of_lines
    from roadworthy.manifests import load_system
    from roadworthy.release import pin

    from .terminal import emit, table

    if bool(text) is (source is not None):
        raise UsageError("give inputs", fix="--text TEXT, or --from FILE.jsonl")
    looker = shift_looker(pin(load_system(directory, candidate=candidate)))
    if looker is None:
        raise UsageError(
            f"{candidate} names no reference",
            fix="fit one with `roadworthy ood fit`, and name it under `ood`",
        )
    known = [Known(input=each) for each in text or ()]
    if source is not None:
        known = list(of_lines(source.name, _read(source)).known)
    rows = [looker.shift(each.facets, each.input, each.output or None) for each in known]
    if json:
        emit({"inputs": [msgspec.to_builtins(row) for row in rows]})
        return
    table(
        ("score", "flagged", "topic", "new words", "new facets", "input"),
        [
            (
                f"{row.score:.3f}", "yes" if row.flagged else "no", row.topic or "-",
                "-" if row.new_words is None else f"{row.new_words:.0%}",
                ", ".join(row.new_facets or ()) or "-", each.input[:60],
            )
            for row, each in zip(rows, known, strict=True)
        ],
    )  # fmt: skip


def _meaning(*, words_only: bool, encoded: bool) -> tuple[Any, Any]:
    """The table of meanings of words, and the sentence encoder; at most one. Raises UsageError."""
    from roadworthy.flows.late.reference_detector import encoder, meanings, require_numpy

    if words_only and encoded:
        raise UsageError("--words-only does without what --encoder says", fix="give one of them")
    require_numpy()
    if encoded:
        return None, encoder()
    return (None if words_only else meanings()), None


def _read(source: Path) -> bytes:
    """The whole file. Raises UsageError."""
    from roadworthy.flows.workspace.own_files import kept_bytes

    if not source.exists():
        raise UsageError(f"there is no file {source}")
    return kept_bytes(source)


def _write(file: Path, reference: Reference) -> None:
    import msgspec

    from roadworthy.flows.workspace.own_files import write_own

    write_own(file, msgspec.json.format(msgspec.json.encode(reference), indent=1) + b"\n")


def _told(fitted: Any) -> dict[str, Any]:
    reference: Reference = fitted.reference
    return {
        "n": reference.counts.n, "fitted": reference.fitted, "held": reference.held,
        "labelled": reference.labelled, "false_alarm": reference.false_alarm,
        "false_alarm_95": [fitted.alarms.low, fitted.alarms.high],
        "threshold": reference.threshold, "topics": len(reference.topics),
        "power": None if fitted.power is None else fitted.found / fitted.outside,
        "power_n": fitted.outside,
        "power_95": None if fitted.power is None else [fitted.power.low, fitted.power.high],
        "twice": fitted.twice, "empty": fitted.empty, "left_out": fitted.left_out,
        "farthest": list(fitted.farthest),
    }  # fmt: skip


def _print(fitted: Any, out: str) -> None:
    from .terminal import say

    reference: Reference = fitted.reference
    alarms = fitted.alarms
    kinds = "with their labels" if reference.labelled else "without labels"
    say(
        f"{reference.counts.n} different references {kinds}: fitted on {reference.fitted}, the "
        f"threshold set on {reference.held} others; {len(reference.topics)} topics, "
        f"{reference.counts.words} words, {len(reference.facets)} facets."
    )
    say(
        f"Of inputs like them {reference.false_alarm:.4g} are flagged on average; with this one "
        f"threshold between {alarms.low:.3g} and {alarms.high:.3g} (95 %)."
    )
    if fitted.power is None:
        say(
            "How many out-of-scope inputs it finds is not known: none were given (`ood: true`, or "
            "cases with the tag `ood`)."
        )
    else:
        say(
            f"Of {fitted.outside} out-of-scope inputs it finds {fitted.found}: "
            f"{fitted.found / fitted.outside:.0%} ({fitted.power.low:.0%} to "
            f"{fitted.power.high:.0%} at 95 %)."
        )
    aside = [
        f"{count} {what}"
        for count, what in (
            (fitted.twice, "say what another says"), (fitted.empty, "have no word"),
            (fitted.left_out, "were not answered, or are no single question"),
        )
        if count
    ]  # fmt: skip
    if aside:
        say(f"Not counted: {', '.join(aside)}.")
    say(f"Look whether these belong here, they lie farthest away: {', '.join(fitted.farthest)}.")
    say(f"Written: {out}. In the candidate write")
    say(f"  ood: {out}")
    say('Then: roadworthy ood score DIR --text "…", and roadworthy eval DIR')
