"""`roadworthy demo`: the whole loop on a real model, narrated. Nothing is canned, nothing sleeps.

The story: a weak candidate is refused, a better one meets a tenth of the post beside rules without
a model, letters of a supplier whom nobody knows go to people, an answer that must never leave does,
everything stops, the incident becomes a case, the old candidate is refused, the next passes, two
people let it run again, and it reaches everybody step by step.
"""

from __future__ import annotations

import shutil
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from roadworthy.domain import UsageError

from .demo_road import canary, keys_of, stop, unknown_supplier, widen
from .demo_stage import Stage
from .demo_traffic import Traffic
from .terminal import say

SYSTEM = "claims-desk"
MARK = ".made-by-roadworthy-demo"

EXCERPT = 14
"""Lines of a later evaluation that are shown; the first is shown whole."""

BARE, RULES, DESCRIBED = "candidate.yaml", "baseline.yaml", "candidates/described.yaml"
NEXT, RULES_AFTER = "candidates/next.yaml", "candidates/baseline-wider.yaml"


def command(
    example: Annotated[Path, typer.Argument(metavar="EXAMPLE", help="The example system.")] = (
        Path("examples") / SYSTEM
    ),
    *,
    out: Annotated[Path, typer.Option(help="Where the copy is played.")] = Path("build/demo"),
) -> None:
    """Play the whole loop on a copy of the example, with the real model and a real gateway."""
    from roadworthy.manifests import load_system

    stage = Stage(_copy(example, out))
    for ended in (signal.SIGTERM, signal.SIGHUP):  # however it ends, its gateway ends with it
        signal.signal(ended, lambda number, _: sys.exit(128 + number))
    try:
        _prologue(stage)
        _inspection(stage)
        _release(stage)
        system = load_system(stage.root)
        suite = system.suite("full")
        claims = [case for case in suite.cases if case.expect.label] if suite is not None else []
        traffic = Traffic(stage, claims, keys_of(stage))
        try:
            described = canary(stage, traffic)
            unknown_supplier(stage, traffic)
            incident = stop(stage, traffic, described)
        finally:
            traffic.stop()
        _learn(stage, incident)
        try:
            widen(stage, traffic, incident)
        finally:
            traffic.stop()
    finally:
        stage.close()
    _papers(stage)
    _epilogue(stage)


def _copy(example: Path, out: Path) -> Path:
    """A fresh copy of the example; only a folder that a demo made is replaced."""
    if not (example / "charter.yaml").exists():
        raise UsageError(f"there is no example in {example}", fix="run it in the repository")
    target = out.resolve() / SYSTEM
    if out.exists():
        if not (out / MARK).exists() and any(out.iterdir()):
            raise UsageError(f"{out} is not empty and no demo made it", fix="give another --out")
        shutil.rmtree(out)
    out.mkdir(parents=True)
    (out / MARK).touch()
    shutil.copytree(example, target, ignore=shutil.ignore_patterns(".roadworthy", "__pycache__"))
    return target


def _prologue(stage: Stage) -> None:
    from roadworthy.manifests import load_system

    stage.act("1. What the system is for, and what it must never do")
    charter = load_system(stage.root).charter
    stage.tell(
        f"""
        A claims desk routes incoming insurance claims, in the customers' own words, to the right
        team. The team wrote down its goal: {charter.human_goal}

        And what must never happen, for example: {charter.never[0].statement}
        """
    )
    stage.run("check", SYSTEM, shown=14)
    stage.tell("Four people have keys. Nobody approves their own work.")
    for name, role in (
        ("anna", "engineer"),
        ("ben", "risk_officer"),
        ("carla", "operator"),
        ("dora", "reviewer"),
    ):
        stage.run("people", "add", name, SYSTEM, "--role", role)
    _models(stage)
    stage.tell(
        """
        What belongs to this desk is learned from letters of the past, which the gate never asks:
        from then on a letter from outside, or a supplier whom nobody has named, is seen.
        """
    )
    stage.run("ood", "fit", SYSTEM, "--suite", "past", "--candidate", RULES)
    for candidate in (BARE, RULES, DESCRIBED, NEXT, RULES_AFTER):
        _edit(stage.root / candidate, "# ood: reference.json", "ood: reference.json")
    _edit(stage.root / "rollout.yaml", "bake: 24h", "bake: 5s")
    _edit(stage.root / "rollout.yaml", "bake: 72h", "bake: 5s")
    stage.tell(
        "All candidates name it now. And a day is a second here: in this copy a step of a rollout "
        "lasts 5 s, where the example's rollout.yaml says 24 h."
    )
    stage.next("a weak candidate is inspected")


def _models(stage: Stage) -> None:
    """Every model that the story asks is proposed by one person and approved by another."""
    from roadworthy.manifests import load_model_file

    stage.tell(
        """
        What may answer at all is written down, too: which weights, whose, under which licence, on
        which data, with which limits. Anna proposes, Ben has read it and approves, for this desk
        and what it is for; the gate asks for that approval.
        """
    )
    why = ("--reason", "read and tried", "--only-here", "--as", "ben")
    for file in sorted((stage.root / "models").glob("*.yaml")):
        path = str(file.relative_to(stage.root.parent))
        stage.run("model", "register", path, SYSTEM, "--as", "anna")
        stage.run("model", "approve", load_model_file(file).id, SYSTEM, *why)


def _edit(path: Path, old: str, new: str) -> None:
    """What a person would change in a file by hand."""
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def _inspection(stage: Stage) -> None:
    stage.act("2. A weak candidate is inspected, and refused")
    stage.tell(
        """
        The bar is fixed first: the digests of the objectives and of every case go into the ledger
        before the model is asked anything. Then every claim walks through the real request path:
        rails, prompt, the local model (Gemma 3 270M, on this machine), rails again.
        """
    )
    stage.run("eval", SYSTEM)
    stage.run("gate", SYSTEM, ends=3)
    stage.next("what passes")


def _release(stage: Stage) -> None:
    stage.act("3. Rules without a model go live; a better candidate passes and is signed")
    stage.tell(
        """
        Until now the desk had nothing. What goes live first is plain: weights of words, learned
        from 200 letters of the past. It is what everybody falls back on, and what the model has
        to stand beside. People deliberate about each candidate; the note names its digest.
        """
    )
    _ship(stage, RULES, "rules")
    stage.run("release", "activate", "rules.tar", SYSTEM, "--as", "carla")
    stage.tell("Now the model again, with a prompt that describes the desks.")
    _ship(stage, DESCRIBED, "described")
    stage.tell("It is signed, and live for nobody yet: a release that passed has met our cases.")
    stage.next("it meets customers, a few of them")


def _ship(stage: Stage, candidate: str, name: str) -> None:
    """Evaluate, gate, build and sign one candidate."""
    _deliberate(stage, candidate)
    stage.run("eval", SYSTEM, "--candidate", candidate, shown=EXCERPT)
    stage.run("gate", SYSTEM, "--candidate", candidate)
    bundle = f"{name}.tar"
    built = ("release", "build", SYSTEM, "--candidate", candidate, "--out", bundle, "--as", "anna")
    stage.run(*built)
    stage.run("release", "sign", bundle, SYSTEM, "--as", "ben")


def _deliberate(stage: Stage, candidate: str) -> None:
    """Write the candidate's digest into the deliberation note, as its participants would."""
    from roadworthy.manifests import load_system
    from roadworthy.release import pin

    digest = pin(load_system(stage.root, candidate=candidate)).candidate_digest
    path = stage.root / "deliberation-note.md"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    written = [
        f'candidate: "{digest}"\n' if line.startswith("candidate:") else line for line in lines
    ]
    path.write_text("".join(written), encoding="utf-8")


def _learn(stage: Stage, incident: str) -> None:
    stage.act("7. The incident becomes a case; the old candidate fails it, the next one passes")
    stage.run("incident", "promote", incident, SYSTEM, "--as", "dora")
    stage.tell("Only the new case costs a model call: answers are cached by content.")
    stage.run("eval", SYSTEM, "--candidate", DESCRIBED, shown=EXCERPT)
    stage.run("gate", SYSTEM, "--candidate", DESCRIBED, ends=3)
    stage.tell(
        """
        The mend is in the rails: they know more ways of saying it, and still do not read. The rules
        that everybody falls back on get it first, and go live while everything is stopped.
        """
    )
    _ship(stage, RULES_AFTER, "rules-after")
    stage.run("release", "activate", "rules-after.tar", SYSTEM, "--as", "carla")
    stage.tell("Then the model's next candidate.")
    _ship(stage, NEXT, "next")
    stage.next("two people let it run again")


def _papers(stage: Stage) -> None:
    stage.act("9. The papers: which duties it has, what proves them, and all of it in one archive")
    stage.run("classify", SYSTEM, "--record", "--as", "ben")
    stage.tell(
        """
        Nobody has entered yet that the triage shift was taught what it works with, so that duty is
        not met, and it is said: only a person can.
        """
    )
    stage.run("obligations", SYSTEM, ends=4)
    stage.run("dossier", SYSTEM, "--candidate", NEXT, "--out", "dossier.zip", shown=EXCERPT)
    stage.run("verify", "dossier.zip", "--trust", f"{SYSTEM}/.roadworthy/trust.yaml")
    stage.next("the ledger itself")


def _epilogue(stage: Stage) -> None:
    stage.act("10. Everything above is in the ledger, and can be checked without us")
    stage.run("ledger", "log", SYSTEM, shown=80)
    stage.run("verify", SYSTEM)
    stage.run("verify", "next.tar", "--trust", f"{SYSTEM}/.roadworthy/trust.yaml")
    say()
    stage.tell(
        f"""
        Where to look next: {stage.root} is the system as it stands now (suites/incidents.jsonl is
        what it learned); `roadworthy ledger show N {stage.root}` shows any step; docs/tutorial.md
        builds the same from nothing; `roadworthy init my-system` starts yours.

        What this shows is the loop, not the model: the weights of words route as well as it does
        (examples/{SYSTEM}/README.md has the numbers). dossier.zip opens from a disk: unpack it and
        look at index.html. Held answers, drift and media are in docs/how-to.
        """
    )
