"""The command line: one verb a file, imported only when it is called."""

from __future__ import annotations

import sys

VERBS: dict[str, tuple[str, str]] = {
    "init": ("roadworthy.cli.init", "write a complete, commented set of files for a new system"),
    "scope": ("roadworthy.cli.scope", "use cases side by side, before anything is built"),
    "classify": ("roadworthy.cli.classify", "which class and duties by law, step by step"),
    "obligations": ("roadworthy.cli.obligations", "how each duty stands: met, stale, missing"),
    "dossier": ("roadworthy.cli.dossier", "all evidence in one archive, verified offline"),
    "matrix": ("roadworthy.cli.matrix", "the lifecycle, each artifact with its evidence"),
    "document": ("roadworthy.cli.document", "a document of the lifecycle, from the ledger"),
    "check": ("roadworthy.cli.check", "check every file of a system, all faults at once"),
    "config": ("roadworthy.cli.config", "print the deployment, secrets masked"),
    "schema": ("roadworthy.cli.schema", "print the JSON Schema of a file"),
    "people": ("roadworthy.cli.people", "add, list, revoke and rotate people's keys"),
    "keys": ("roadworthy.cli.keys", "list keys; make virtual API keys for tenants"),
    "eval": ("roadworthy.cli.evaluate", "run the suites through the real request path"),
    "suite": ("roadworthy.cli.suite", "grow the suites: attacks, perturbations, coverage"),
    "calibrate": (
        "roadworthy.cli.calibrate",
        "from which confidence on an answer may stand by itself, proven",
    ),
    "sentinel": (
        "roadworthy.cli.sentinel",
        "does a hosted model still answer as it did behind its name",
    ),
    "ood": ("roadworthy.cli.ood", "fit what in-scope inputs look like; score others by it"),
    "compare": ("roadworthy.cli.compare", "two candidates on the same cases, which cases flipped"),
    "media": ("roadworthy.cli.media", "how far sets of pictures are apart, by their features"),
    "rate": ("roadworthy.cli.rate", "let people rate answers, blind; see how far they agree"),
    "deliberate": (
        "roadworthy.cli.deliberate",
        "write the note, its pre-read filled; record the decision",
    ),
    "gate": ("roadworthy.cli.gate", "may this candidate ship, and if not, why not"),
    "finding": ("roadworthy.cli.finding", "enter what was found, and answer it: fix or accept"),
    "model": ("roadworthy.cli.model", "which models and adapters people approved, and for what"),
    "waiver": ("roadworthy.cli.waiver", "sign that a named failure may pass until a date"),
    "ci": ("roadworthy.cli.ci", "judge a proposed change against its base, in one command"),
    "report": ("roadworthy.cli.report", "one run as one HTML file, with every case"),
    "release": ("roadworthy.cli.release", "build, sign, verify and activate a release"),
    "rollout": ("roadworthy.cli.rollout", "let a release reach people step by step, watched"),
    "serve": ("roadworthy.cli.serve", "serve verified releases behind an OpenAI-compatible API"),
    "load": ("roadworthy.cli.load", "how much a live release can take, and for how long"),
    "batch": ("roadworthy.cli.batch", "answer a file of requests by what is live"),
    "cost": ("roadworthy.cli.cost", "what each phase was to cost and cost; enter an invoice"),
    "status": ("roadworthy.cli.status", "how every objective stands on the road"),
    "observations": ("roadworthy.cli.observations", "all answers and runs as one table, in slices"),
    "mitigation": ("roadworthy.cli.mitigation", "what breached objectives changed; lift it"),
    "alerts": ("roadworthy.cli.alerts", "alert rules and a dashboard from the objectives"),
    "kill": ("roadworthy.cli.kill", "stop a system, tenant or slice on every worker"),
    "emergency": ("roadworthy.cli.emergency", "a rail for what runs, by two people, 72 hours"),
    "resume": ("roadworthy.cli.resume", "lift a kill: two people together, with a reason"),
    "drill": ("roadworthy.cli.drill", "try the brakes on the gateway that runs, on nobody"),
    "probe": ("roadworthy.cli.probe", "ask the gateway that runs what it must stop, as nobody"),
    "outcome": ("roadworthy.cli.outcome", "say what became of an answer; settle reports"),
    "review": ("roadworthy.cli.review", "answers that were held: look, judge, decide"),
    "incident": ("roadworthy.cli.incident", "what went wrong: work on it, report it, learn, close"),
    "triage": ("roadworthy.cli.triage", "what users disliked: a case, an incident, or nothing"),
    "notify": ("roadworthy.cli.notify", "who is told of incidents: test it, see what waits"),
    "explain": ("roadworthy.cli.explain", "what decided an answer: release, rails, incident"),
    "journal": ("roadworthy.cli.journal", "ask the journal; erase, hold, keep and check it"),
    "provenance": ("roadworthy.cli.provenance", "prove an answer; look for marks in a file"),
    "record": ("roadworthy.cli.record", "enter evidence that was made elsewhere"),
    "import": ("roadworthy.cli.import_results", "enter what was made by other tools"),
    "ledger": ("roadworthy.cli.ledger", "read, prove and verify the ledger"),
    "verify": ("roadworthy.cli.verify", "verify a bundle, release or ledger offline"),
    "backup": ("roadworthy.cli.backup", "copy a workspace, consistent while serving"),
    "restore": ("roadworthy.cli.restore", "put a verified backup back"),
    "demo": ("roadworthy.cli.demo", "the whole loop on a real model, narrated"),
}
"""Verb -> (module, one line of help). The order is the order of the help: along the loop."""


def main() -> None:
    """The `roadworthy` command. Ends the process with a code of the public table."""
    from .output import STOPPED

    try:
        from .dispatch import run

        code = run(VERBS, sys.argv[1:])
    except KeyboardInterrupt:  # before the verb began, or while it was ending
        code = STOPPED
    sys.exit(code)
