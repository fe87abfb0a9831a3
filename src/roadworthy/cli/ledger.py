"""`roadworthy ledger`: read the log, prove that an entry is in it, sign and verify its head."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import Checkpoint, Entry, Trust, UsageError, trust_in, trusted

from .terminal import emit, group, printable, say, say_of, table

_MOST = 1_000_000_000
"""More entries than any list is read for."""

INCLUSION, CONSISTENCY = "inclusion_proof", "consistency_proof"
"""The kinds of proof, as their files say."""

app = group("Read, prove, sign and verify the ledger.")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Seq = Annotated[int, typer.Argument(metavar="SEQ", help="The entry's number.", min=1)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command("log")
def log(
    directory: Folder = Path(),
    *,
    kind: Annotated[str, typer.Option(help="Only this kind, such as gate.decided.")] = "",
    subject: Annotated[str, typer.Option(help="Only about this digest, id or name.")] = "",
    limit: Annotated[int, typer.Option(help="Only the newest N; 0: all.", min=0, max=_MOST)] = 50,
    json: Json = False,
) -> None:
    """List entries, oldest first."""
    from collections import deque

    ledger = _existing(directory)
    entries = deque(ledger.entries(kind=kind, subject=subject), maxlen=limit or None)
    if json:
        emit({"size": ledger.size(), "entries": [_shown(entry) for entry in entries]})
        return
    names = _names(directory)
    table(
        ("seq", "time", "kind", "system", "subject", "by"),
        [
            (
                str(entry.seq),
                entry.time[:19],
                entry.kind,
                entry.system,
                _about(entry)[:24],
                _who(entry.actor, names),
            )
            for entry in entries
        ],
    )
    say(f"{len(entries)} of {ledger.size()} entries")


def _about(entry: Entry) -> str:
    """What an entry is about; a finding is called by the id that its entry gave it."""
    return f"f{entry.seq}" if entry.kind == "finding.opened" else entry.subject


@app.command("show")
def show(seq: Seq, directory: Folder = Path(), *, json: Json = False) -> None:
    """Show one entry whole."""
    entry = _entry(_existing(directory), seq)
    if json:
        emit(_shown(entry))
        return
    import msgspec

    for name in ("seq", "time", "system", "kind", "subject", "actor"):
        say(f"{name:>8}  {getattr(entry, name)}")
    who = _who(entry.actor, _names(directory))
    say(f"{'by':>8}  {who}")
    level, by = trust_in(entry)
    if level != "own":
        say(printable(f"{'trust':>8}  {trusted(level, by or who)}"))
    for name in ("payload_digest", "prev", "digest"):
        say(f"{name}  {getattr(entry, name)}")
    say(msgspec.json.format(msgspec.json.encode(entry.payload), indent=2).decode())


@app.command("prove")
def prove(
    seq: Seq,
    directory: Folder = Path(),
    *,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the proof here.")] = None,
    json: Json = False,
) -> None:
    """Prove that an entry is in the log of a signed checkpoint (RFC 9162, section 2.1.3)."""
    _require_proof(out, INCLUSION)
    ledger = _signing(directory)
    _entry(ledger, seq)
    proof = ledger.prove(seq)
    head = proof.checkpoint
    said = f"entry {seq} is in the log of checkpoint {head.size} of {head.time}: {out}"
    _hand_out(proof, said, out=out, json=json)


@app.command("prove-growth")
def prove_growth(
    kept: Annotated[
        Path, typer.Argument(metavar="FILE", help="A checkpoint that you kept, or what carries it.")
    ],
    directory: Folder = Path(),
    *,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the proof here.")] = None,
    json: Json = False,
) -> None:
    """Prove that the log only grew since a checkpoint (RFC 9162, section 2.1.4)."""
    from roadworthy.ledger import kept_checkpoint, prove_growth

    _require_proof(out, CONSISTENCY)
    proof = prove_growth(_signing(directory), kept_checkpoint(kept, _trust(directory)))
    said = f"the log of checkpoint {proof.new.size} only appends to that of {proof.old.size}: {out}"
    _hand_out(proof, said, out=out, json=json)


@app.command("checkpoint")
def checkpoint(
    directory: Folder = Path(),
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write it as a C2SP signed note; one that is there already is checked first.",
        ),
    ] = None,
    put_back: Annotated[
        bool,
        typer.Option("--put-back", help="checkpoints.jsonl was lost, and no backup has it."),
    ] = False,
    acting: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Who puts it back.")
    ] = None,
    json: Json = False,
) -> None:
    """Sign the log's head and print it. Keep it elsewhere: it will show a tail that was cut.

    With `--out FILE` again and again: the ledger must hold by the checkpoint in FILE (exit code 5
    otherwise, and FILE stays as it is) before the newer one takes its place.
    """
    import msgspec

    from roadworthy.flows.workspace.heads import hold_against
    from roadworthy.flows.workspace.own_files import is_note, is_stream, require_own, write_own
    from roadworthy.ledger import to_note
    from roadworthy.wiring.loop import loop_of

    from .acting import standing_workspace

    if out is not None:
        require_own(out, is_note, kind="checkpoint as a signed note", streams=True)
    head = _put_back(directory, acting) if put_back else None
    _existing(directory)
    loop = loop_of(standing_workspace(directory))
    if out is not None and out.is_file() and not is_stream(out):
        hold_against(loop, out)
    head = head or loop.ledger.checkpoint()
    key = loop.trust.find(head.key_id)
    if key is None:
        raise UsageError(f"key {head.key_id}, which signed it, is not in the trust file")
    note = to_note(head, key)
    if out is not None:
        write_own(out, note.encode())
    if json:
        emit({**msgspec.to_builtins(head), "note": note})
        return
    if out is None:
        say(note.rstrip())
    else:
        say_of(out, f"checkpoint {head.size} of {head.time}: {out}")


@app.command("verify")
def verify(
    directory: Folder = Path(),
    *,
    trust: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The keys that you trust.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A checkpoint that you kept earlier.")
    ] = None,
    json: Json = False,
) -> None:
    """Read every entry and say the first that does not fit (as `roadworthy verify DIR`)."""
    from .acting import standing_workspace
    from .verify import check
    from .verify import show as show_report

    path = directory
    if directory.is_dir() and not (directory / "ledger.db").is_file():
        path = standing_workspace(directory).ledger
    show_report(check(path, trust=trust, checkpoint=checkpoint), json=json)


def _put_back(directory: Path, acting: str | None) -> Checkpoint:
    """The file with the checkpoints outside the store, made again by a person who says so."""
    from roadworthy.flows.workspace.heads import put_back_heads
    from roadworthy.flows.workspace.people import Acting
    from roadworthy.wiring.loop import loop_of

    from .acting import acting_person, standing_workspace

    workspace = standing_workspace(directory)
    who, signer, key = acting_person(workspace, acting, agreed=False)
    by = Acting(name=who, signer=signer, key=key)
    return put_back_heads(loop_of(workspace, agreed=False), by=by)


def _existing(directory: Path) -> Any:
    """The ledger for reading: not made when missing. Raises EvidenceError."""
    from roadworthy.flows.workspace.intact import require_ledger
    from roadworthy.ledger import open_ledger
    from roadworthy.wiring.clock import SystemClock

    from .acting import standing_workspace

    workspace = standing_workspace(directory)
    require_ledger(workspace)
    ledger = open_ledger(
        database=workspace.ledger,
        checkpoints=workspace.checkpoints,
        clock=SystemClock(),
        create=False,
    )
    ledger.require_every_entry()
    return ledger


def _entry(ledger: Any, seq: int) -> Entry:
    """The entry of that number. Raises UsageError when there is none: it was typed."""
    size = ledger.size()
    if seq > size:
        last = f"the last is {size}" if size else "the ledger is empty"
        raise UsageError(f"there is no entry {seq}", fix=last)
    found: Entry = ledger.entry(seq)
    return found


def _signing(directory: Path) -> Any:
    """The ledger with the workspace's key. Raises EvidenceError when there is none."""
    from roadworthy.wiring.loop import loop_of

    from .acting import standing_workspace

    _existing(directory)
    return loop_of(standing_workspace(directory)).ledger


def _trust(directory: Path) -> Trust:
    from roadworthy.manifests import load_trust

    from .acting import standing_workspace

    return load_trust(standing_workspace(directory).trust)


def _names(directory: Path) -> dict[str, str]:
    return {key.key_id: key.name for key in _trust(directory).keys}


def _who(actor: str, names: dict[str, str]) -> str:
    kind, _, key_id = actor.partition(":")
    return names.get(key_id, f"{kind} {key_id}")


def _shown(entry: Entry) -> dict[str, Any]:
    import msgspec

    shown: dict[str, Any] = msgspec.to_builtins(entry)
    return shown


def _hand_out(proof: Any, said: str, *, out: Path | None, json: bool) -> None:
    """Write a proof to its file and say so; print it where there is no file, or JSON is wanted."""
    from roadworthy.flows.workspace.own_files import write_own
    from roadworthy.ledger import encode_proof, proof_document

    if out is not None:
        write_own(out, encode_proof(proof))
    if json or out is None:
        emit(proof_document(proof))
    else:
        say_of(out, said)


def _require_proof(out: Path | None, kind: str) -> None:
    """A proof replaces nothing but a proof of its kind."""
    from roadworthy.flows.workspace.own_files import is_proof_of, require_own

    if out is not None:
        require_own(out, is_proof_of(kind), kind=kind.replace("_", " "), streams=True)
