"""`roadworthy provenance`: prove that an answer was given here; look for marks in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from roadworthy.domain import UsageError

from .terminal import emit, group, printable, say, say_of

_MOST_BYTES = 64 << 20

app = group("Prove what was answered here; look for marks in a picture or sound.")


@app.command("prove")
def prove(
    observation: Annotated[
        str,
        typer.Argument(metavar="OBSERVATION", help="The answer's id (x-roadworthy-observation)."),
    ],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the proof here.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Prove that an answer was given, by which release and when, to somebody who has no ledger.

    The file has the answer's record (digests, no text that could be read), its path to the root of
    its segment, and the signed entry that sealed it. `roadworthy-verify FILE --text TEXT` checks it
    offline, and whether TEXT is what was answered. Exit code 4 while the segment is not sealed.
    """
    from roadworthy.flows.request.answer_proof import encode_answer_proof, prove_answer
    from roadworthy.flows.workspace.own_files import is_proof_of, require_own, write_own
    from roadworthy_verify.answer_proof import ANSWER

    from .acting import standing_workspace

    if out is not None:
        require_own(out, is_proof_of(ANSWER), kind="answer proof", streams=True)
    proof = prove_answer(standing_workspace(directory).journal, observation)
    if proof is None:
        raise UsageError(
            f"no answer {observation} ended here",
            fix="roadworthy journal query lists those there are",
        )
    if out is not None:
        write_own(out, encode_answer_proof(proof))
    if json or out is None:
        emit(proof)
    else:
        segment, seq = proof["seal"]["entry"]["subject"], proof["seal"]["seq"]
        say_of(out, f"answer {observation} is in segment {segment}, sealed by entry {seq}: {out}")


@app.command("check")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A picture or a sound.")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Look for marks that say a model made a file: C2PA of anybody, the invisible mark of ours.

    `unknown` says nothing of who made it: marks can be taken out. Texts are known again at
    POST /v1/provenance/check. Needs `pip install 'roadworthy[media]'`.
    """
    from roadworthy.journal import Vault, open_master_key
    from roadworthy.manifests import load_deployment
    from roadworthy.media import MarkError
    from roadworthy.wiring.marking import Marking, read_file, shown

    from .acting import standing_workspace

    workspace = standing_workspace(directory)
    data = read_file(file, _MOST_BYTES)
    secret = open_master_key(workspace.keys, load_deployment(directory).master_key)
    try:
        seen = Marking(workspace, Vault(workspace.journal / "keys", secret)).look(
            data, thorough=True
        )
    except MarkError as error:
        raise UsageError(f"{file}: {error.message}", fix=error.fix) from None
    found = shown(seen)
    if json:
        emit(found)
        return
    say(f"made by AI: {found['made_by_ai']}")
    said = seen.manifest
    by = f", by {said.issuer}" if said.issuer else ""
    say(f"C2PA manifest: {said.state}{by}" + (", says a model made it" if said.by_ai else ""))
    if said.label:
        say(f"label for people: {printable(said.label)}")
    say(f"hidden mark of this workspace: {found['watermark']}")
    if seen.watermark is not None and seen.watermark.marked_s is not None:
        say(f"put in at {_instant(seen.watermark.marked_s)}, to four seconds")


def _instant(seconds: int) -> str:
    import datetime as dt

    from roadworthy.domain import format_instant

    return format_instant(dt.datetime.fromtimestamp(seconds, dt.UTC))
