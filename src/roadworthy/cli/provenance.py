"""`roadworthy provenance`: prove that an answer was given here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from roadworthy.domain import UsageError

from .terminal import emit, group, say_of

app = group("Prove what was answered here.")


@app.callback()
def provenance() -> None:
    """Prove what was answered here."""


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
    from roadworthy.flows.answer_proof import encode_answer_proof, prove_answer
    from roadworthy.flows.own_files import is_proof_of, require_own, write_own
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
