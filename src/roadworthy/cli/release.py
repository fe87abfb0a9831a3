"""`roadworthy release`: build a bundle, sign it into a release, verify it, make it live."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .exits import Exit
from .folders import Named, Trailing, one_folder
from .terminal import emit, group, printable, same_system, say, table

app = group("Build, approve, sign, verify and activate releases.")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Bundle = Annotated[Path, typer.Argument(metavar="PATH", help="A bundle: a folder or a .tar.")]
As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command("build")
def build(
    directory: Folder = Path(),
    *,
    out: Annotated[Path, typer.Option(help="Where to: a folder, or a file ending in .tar.")],
    candidate: Annotated[str, typer.Option(help="The candidate's file.")] = "candidate.yaml",
    acting: As = None,
    json: Json = False,
) -> None:
    """Build the candidate's bundle: the same digest on every machine.

    Whoever builds is the author and cannot approve. The workspace's machine is the author only
    where no person has a key. The folder that --out lies in must be there.
    """
    from roadworthy.flows.releasing.building import build_release
    from roadworthy.flows.workspace.own_files import require_outside
    from roadworthy.manifests import load_system
    from roadworthy.release import BUILDERS
    from roadworthy.wiring.loop import open_loop

    from .acting import find_acting

    require_outside(out)
    system = load_system(directory, candidate=candidate)
    loop = open_loop(directory, configured=system.deployment.workspace)
    author = find_acting(loop.workspace, acting, roles=BUILDERS)
    built = build_release(system, loop, out=out, author=author.signer if author else None)
    if json:
        emit(
            {
                "digest": built.digest,
                "candidate": built.candidate,
                "path": built.path,
                "author": built.author,
            }
        )
        return
    say(f"bundle    {built.digest}")
    say(f"candidate {built.candidate}")
    again = f"{built.path}{same_system(directory)}"
    say(f"in {built.path}; next: roadworthy release sign {again} --as NAME")


@app.command("sign")
def sign(
    bundle: Bundle,
    trailing: Trailing = None,
    *,
    named: Named = None,
    acting: As = None,
    json: Json = False,
) -> None:
    """Approve the bundle; with enough distinct people it becomes a release.

    Refuses unless the gate's newest decision on this candidate is PASS (exit code 3; 4 when it is
    not decided), deliberation-note.md and waivers in DIR are still those that the gate read, and
    unless you may approve it and did not build it. Exit code 4 while people are missing.
    """
    from roadworthy.flows.releasing.releasing import sign_release
    from roadworthy.release import APPROVERS
    from roadworthy.wiring.loop import loop_of

    from .acting import acting_person, standing_workspace

    directory = one_folder(trailing, named)
    workspace = standing_workspace(directory)
    _, signer, _ = acting_person(workspace, acting, roles=APPROVERS)
    loop = loop_of(workspace)
    signing = sign_release(bundle, loop, root=directory, signer=signer)
    if json:
        emit(
            {
                "digest": signing.digest,
                "candidate": signing.candidate,
                "released": signing.released,
                "approved_by": list(signing.approved_by),
                "missing": signing.missing,
                "approved_after": list(signing.after),
            }
        )
    else:
        say(f"{signing.digest} is approved by {', '.join(signing.approved_by)}")
        if signing.after:
            who = ", ".join(signing.after)
            say(f"{who} approved when it was signed already: attached, and said by `verify`, but")
            say("the release does not rest on that")
        if signing.released:
            again = f"{bundle}{same_system(directory)}"
            say(f"released; next: roadworthy release activate {again} --as NAME")
        else:
            say(f"{signing.missing} more of {signing.wanted} people must approve it")
    if not signing.released:
        raise typer.Exit(int(Exit.UNDECIDED))


app.command("approve", help="The same as `sign`: add your approval.")(sign)


@app.command("verify")
def verify(
    bundle: Bundle,
    *,
    trust: Annotated[Path | None, typer.Option(metavar="FILE", help="The keys you trust.")] = None,
    at: Annotated[str | None, typer.Option(metavar="INSTANT", help="Verify as of then.")] = None,
    json: Json = False,
) -> None:
    """Verify a bundle or release offline: every byte, every signature, whose it was.

    Exit code 0 verified, 5 tampered, 4 unsigned or unknown key, 3 refused or expired.
    """
    from .verify import check, show

    show(check(bundle, trust=trust, at=at), json=json)


@app.command("activate")
def activate(
    bundle: Bundle,
    trailing: Trailing = None,
    *,
    named: Named = None,
    acting: As = None,
    json: Json = False,
) -> None:
    """Make a verified release live. Running gateways take it up at once.

    Refuses (exit code 3) when deliberation-note.md in DIR is gone, says no, or is not the one that
    the gate read.
    """
    from roadworthy.flows.releasing.releasing import activate_release
    from roadworthy.flows.workspace.routing import read_table
    from roadworthy.release import OPERATORS
    from roadworthy.wiring.loop import loop_of

    from .acting import acting_person, standing_workspace
    from .stops import put_back, say_standing

    directory = one_folder(trailing, named)
    workspace = standing_workspace(directory)
    _, signer, _ = acting_person(workspace, acting, roles=OPERATORS)
    loop = loop_of(workspace)
    put_back(loop)
    live = activate_release(bundle, loop, root=directory, signer=signer)
    kills = read_table(workspace.routing).kills
    stands = [flag for flag in kills if flag.system in ("", live.system)]
    if json:
        emit(
            {
                "digest": live.digest,
                "system": live.system,
                "path": str(workspace.root / live.path),
                "version": live.table_version,
                "baseline": live.baseline,
                "why_no_baseline": live.why_no_baseline,
                "owes": list(live.owes),
                "standing": [flag.id for flag in stands],
            }
        )
        return
    say(f"{live.digest} is live for {live.system}")
    none = f"none, so the static fallback of each endpoint: {live.why_no_baseline}"
    say(f"safe baseline: {live.baseline or none}")
    for incident in live.owes:
        say(f"owes {incident}: it has not passed its cases, so that its kills stand")
    say_standing(stands, directory, then=": nothing of it is answered, by this release neither")


@app.command("show")
def show_bundle(bundle: Bundle, *, json: Json = False) -> None:
    """What is in a bundle: candidate, model, prompt, rails, side files, attestations."""
    from roadworthy.release import describe_bundle

    found = describe_bundle(bundle)
    if json:
        emit(found)
        return
    unwatched = found.pop("unwatched")
    for name, value in found.items():
        shown = ", ".join(value) if isinstance(value, list) else str(value)
        say(f"{name:<13}{printable(shown)}")  # another's bundle: its names are a stranger's words
    for event in unwatched:
        say(f"unwatched    {printable(event)}: nothing looks for it, no judge is wired")


@app.command("list")
def list_releases(directory: Folder = Path(), *, json: Json = False) -> None:
    """Every bundle that the ledger knows, and how far it came."""
    from roadworthy.flows.entries.release_records import history
    from roadworthy.wiring.loop import standing_loop

    from .acting import standing_workspace

    loop = standing_loop(standing_workspace(directory))
    found = history(loop) if loop is not None else []
    if json:
        emit({"releases": found})
        return
    table(
        ("digest", "system", "candidate", "state", "since"),
        [
            (
                item["digest"][:19],
                item["system"],
                item["name"] or item["candidate"][:19],
                item["state"],
                item["since"],
            )
            for item in found
        ],
    )
