"""A system that is live: built, signed and activated through the flows, its gate made up.

The gate's decision and the run are put into the ledger by hand, so that a door can be tested
without an evaluation; everything after that is real.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import UNSET, UnsetType

from doubles.said import SAID
from doubles.systems import write_system
from roadworthy.domain import (
    Bar,
    Draft,
    GateDecision,
    ModelUse,
    ReleaseContent,
    RunSummary,
    SuitePin,
    Verdict,
    digest_of,
    plain,
    sha256,
)
from roadworthy.flows.releasing.approved_models import models_seen
from roadworthy.flows.releasing.building import build_release
from roadworthy.flows.releasing.registry import Approve, approve_model, register_model
from roadworthy.flows.releasing.releasing import activate_release, sign_release
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.people import add_person
from roadworthy.manifests import load_model_file, load_system
from roadworthy.release import pin
from roadworthy.serving import TenantKey, TenantScope, editing, hash_key, new_key
from roadworthy.wiring.loop import loop_of, open_loop

LOOKED_AT = Approve(reason="It was looked at.")

MODEL = """\
id: small
title: A small model
identity: {provider: openai_compatible, name: small, host: "127.0.0.1"}
maker: Example SE
licence: proprietary
intended_use: Letters.
"""
"""Of what `CHAT` asks; as `models/small.yaml` it is registered and approved before going live."""

CHAT: dict[str, str | None] = {
    "charter.yaml": """\
system: letters
title: Letter desk
owners: {product: Ada}
human_goal: Every letter is answered.
never:
- id: reveals-iban
  statement: An account number leaves.
  rule:
    pattern:
      patterns: ["[A-Z]{2}[0-9]{20}"]
- id: promises-money
  statement: It promises money.
  scope: tenant
  rule:
    pattern:
      patterns: ["you will get [0-9]+ euro"]
  inline: false
- id: insults
  statement: It insults somebody.
  scope: system
  rule:
    pattern:
      patterns: ["you fool"]
  inline: false
use:
  intended_purpose: Answer letters.
  allowed: {jurisdictions: [DE, FR]}
endpoints:
- id: answer
  fallback: A person will read your letter.
review:
  approvals: {release: 1, resume: 2}
""",
    "candidate.yaml": """\
name: writer
task: chat
model:
  provider: openai_compatible
  name: small
  upstream: lab
prompt: prompts/sort.md
sampling: {max_tokens: 64}
rails: rails.yaml
facets:
  jurisdiction: {header: x-jurisdiction, default: DE}
  supplier: {pointer: /metadata/supplier}
""",
    "prompts/sort.md": """\
---
id: sort
variables:
  input: {type: string, description: the letter}
---
# system
Answer the letter.
# user
{{ input }}
""",
    "prompts/shots.jsonl": None,
    "rails.yaml": """\
rails:
- id: no-secret-word
  detector: deny
  on: input
  action: block
  options: {words: [xyzzy]}
- id: ask-a-person
  detector: deny
  on: input
  action: hold
  options: {words: [lawyer]}
""",
    "rollout.yaml": None,
    "suites/main.yaml": """\
name: main
cases: [cases/main.jsonl]
scorers:
- scorer: contains
""",
    "suites/cases/main.jsonl": """\
{"id": "m1", "input": "Where is my bill?", "expect": {"text": "bill"}, "tags": ["golden"]}
""",
}
"""What differs from `doubles.systems`: a chat, two rails, late rules, allowed jurisdictions."""


def write_live_system(
    root: Path, upstream: str, changes: dict[str, str | None] | None = None
) -> Loop:
    """Write the chat system, make people, make it live. Returns its loop."""
    toml = f'[upstreams.lab]\nurl = "{upstream}"\n'
    write_system(root, {**CHAT, "roadworthy.toml": toml, **(changes or {})})
    loop = open_loop(root)
    add_person(loop, name="ann", roles=["admin", "engineer"])
    return make_people_and_go_live(root, loop)


def make_people_and_go_live(root: Path, loop: Loop) -> Loop:
    """Add the people who operate, then go live."""
    from roadworthy.cli.acting import find_acting

    ann = find_acting(loop.workspace, "ann")
    for name, role in (("bob", "risk_officer"), ("cleo", "operator"), ("dan", "operator")):
        add_person(loop, name=name, roles=[role], by=ann)
    loop = loop_of(loop.workspace)
    for path in sorted((root / "models").glob("*.yaml")):
        version, _ = register_model(load_model_file(path), loop, find_acting(loop.workspace, "ann"))
        approve_model(version, LOOKED_AT, loop, find_acting(loop.workspace, "bob"))
    go_live(root, loop)
    return loop


def go_live(root: Path, loop: Loop) -> str:
    """Build, approve, sign and activate what lies in the folder now; returns its digest."""
    out, digest = make_release(root, loop)
    activate_release(out, loop, root=root, signer=loop.keyring.signer("cleo"))
    return digest


def make_release(root: Path, loop: Loop) -> tuple[Path, str]:
    """Build, approve and sign what lies in the folder now; returns where it lies, its digest."""
    system = load_system(root)
    content = pin(system)
    asked = (root / "models").exists()
    models = models_seen(system, content, loop).uses if asked else UNSET
    pass_gate(loop, content, deliberation=deliberate(root, content), models=models)
    out = loop.workspace.root / "bundles" / pin(system).candidate_digest.removeprefix("sha256:")
    out.parent.mkdir(exist_ok=True)
    ring = loop.keyring
    built = build_release(system, loop, out=out, author=ring.signer("ann"))
    sign_release(out, loop, root=root, signer=ring.signer("bob"))
    return out, built.digest


def deliberate(root: Path, content: ReleaseContent) -> str:
    """Write a note that ships this candidate; returns its digest."""
    lines = (
        "---",
        f'candidate: "{content.candidate_digest}"',
        'date: "2026-11-21"',
        "participants: [{name: Bob, voice: risk}]",
        "decision: ship",
        "---",
    )
    note = ("\n".join(lines) + "\n" + SAID).encode()
    (root / "deliberation-note.md").write_bytes(note)
    return sha256(note)


def pass_gate(
    loop: Loop,
    content: ReleaseContent,
    *,
    deliberation: str,
    models: tuple[ModelUse, ...] | UnsetType = UNSET,
) -> None:
    """Enter a run and a gate decision that says PASS."""
    slos = digest_of(content.slos)
    pinned = (SuitePin(name="main", digest="sha256:" + "0" * 64, cases={}),)
    bar = Bar(system=content.system, candidate=content.candidate_digest, slos=slos, suites=pinned)
    run = f"run-{content.candidate_digest[7:19]}"
    where = {"system": content.system, "candidate": content.candidate_digest, "run": run}
    summary = RunSummary(bar=loop.blobs.put_json(plain(bar)), status="complete", n=1, **where)
    decision = GateDecision(
        decision=Verdict.PASS, bar=summary.bar, deliberation=deliberation, deliberated="ship",
        models=models, **where,
    )  # fmt: skip
    says = {"run": run, "summary": loop.blobs.put_json(plain(summary))}
    said = {
        "decision": "PASS",
        "digest": loop.blobs.put_json(plain(decision)),
        "run": run,
        "bar": summary.bar,
    }
    for kind, payload in (("run.completed", says), ("gate.decided", said)):
        loop.ledger.record(
            Draft(
                system=content.system,
                kind=kind,
                subject=content.candidate_digest,
                actor=loop.machine,
                payload=payload,
            )
        )


def a_key(loop: Loop, tenant: str = "acme", *scopes: TenantScope) -> str:
    """Make a virtual key."""
    key = new_key()
    workspace = loop.workspace
    with editing(workspace.tenants, workspace.lock) as keys:
        keys[hash_key(key)] = TenantKey(
            tenant=tenant, scopes=scopes or ("chat",), created="2026-01-01T00:00:00.000000Z"
        )
    return key
