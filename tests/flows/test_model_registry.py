"""The registry: proposed by one, approved by another, and the gate asks it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from doubles.registered import HOSTED, TERMS, RegisteredDesk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.cli.gate import as_json
from roadworthy.domain import AccessError, Draft, RefusedError, UsageError, Verdict, plain
from roadworthy.flows.releasing.approved_models import live_models, models_seen
from roadworthy.flows.releasing.registry import (
    APPROVED,
    DEPRECATED,
    REGISTERED,
    registry_of,
)
from roadworthy.flows.releasing.registry_view import differences_of, rows_of
from roadworthy.flows.releasing.releasing import activate_release, sign_release
from roadworthy.flows.workspace.people import Acting, add_person, revoke_person, rotate_key
from roadworthy.manifests import load_system
from roadworthy.release import pin, read_envelopes, verify_release
from roadworthy_verify.envelope import read_statement, take_apart
from roadworthy_verify.layout import PREDICATE_GATE


@pytest.fixture
def desk(tmp_path: Path) -> RegisteredDesk:
    return RegisteredDesk(tmp_path / "desk")


@pytest.fixture
def approved(desk: RegisteredDesk) -> RegisteredDesk:
    """Its rules are registered and approved."""
    desk.register(desk.describe())
    desk.approve("words")
    return desk


async def test_without_a_registry_the_gate_says_that_it_did_not_look(desk: RegisteredDesk) -> None:
    decision = await desk.inspect()
    assert decision.decision is Verdict.PASS, decision.reasons
    assert any("not checked: there is no registry" in note for note in decision.notes)
    assert decision.models is msgspec.UNSET
    entry = desk.loop().ledger.newest(kind="gate.decided")
    assert entry is not None
    assert "models" not in entry.payload


async def test_the_gate_refuses_a_model_that_nobody_approved(desk: RegisteredDesk) -> None:
    """Unknown, then proposed, then approved: only the last opens."""
    desk.charter("models: approved_only\n")
    unknown = await desk.inspect()
    assert unknown.decision is Verdict.INCONCLUSIVE
    assert "not in the registry" in unknown.reasons[0]
    assert unknown.next_step.startswith("roadworthy model register")
    desk.register(desk.describe())
    proposed = desk.gate()
    assert proposed.decision is Verdict.INCONCLUSIVE
    assert "nobody approved words@1" in proposed.reasons[0]
    assert proposed.next_step == "roadworthy model approve words@1 --reason TEXT --as NAME"
    entry = desk.approve("words")
    opened = desk.gate()
    assert opened.decision is Verdict.PASS, opened.reasons
    assert any("approved as words@1 by rosa" in note for note in opened.notes)
    decided = desk.loop().ledger.newest(kind="gate.decided")
    assert decided is not None
    (used,) = decided.payload["models"]
    assert as_json(opened)["models"] == decided.payload["models"]
    assert as_json(msgspec.structs.replace(opened, models=msgspec.UNSET))["models"] is None
    assert (used["version"], used["approvals"]) == ("words@1", [entry])


async def test_a_workspace_with_a_registry_asks_it_for_every_system(desk: RegisteredDesk) -> None:
    desk.register(desk.describe(HOSTED, name="big"))
    closed = await desk.inspect()
    assert closed.decision is Verdict.INCONCLUSIVE
    desk.charter("models: any\n")
    opened = desk.gate()
    assert opened.decision is Verdict.PASS, opened.reasons
    assert any("`models: any`" in note for note in opened.notes)


def test_a_system_of_high_risk_is_never_let_pass_by_its_charter(desk: RegisteredDesk) -> None:
    desk.charter("models: any\nfacts: {risk_class: high}\n")
    assert "not in the registry" in desk.blocked()[0]


def _classified(desk: RegisteredDesk, **payload: str) -> None:
    loop = desk.loop()
    loop.ledger.record(
        Draft(system="desk", kind="system.classified", subject="s", actor=loop.machine,
              payload=dict(payload))
    )  # fmt: skip


def test_a_class_that_people_entered_counts_before_the_charters(desk: RegisteredDesk) -> None:
    desk.charter("models: any\nfacts: {risk_class: other}\n")
    assert desk.blocked() == []
    _classified(desk, **{"class": "high"})
    assert desk.blocked()


@pytest.mark.parametrize(
    ("entered", "facts", "counts"),
    [
        ("out_of_scope", "{risk_class: high}", "high"),
        ("high", "{risk_class: other}", "high"),
        ("other", "{risk_class: other}", ""),
        ("undecided", "{risk_class: high}", "high"),
    ],
)
def test_of_a_recorded_class_and_todays_facts_the_stricter_counts(
    desk: RegisteredDesk, entered: str, facts: str, counts: str
) -> None:
    desk.charter(f"models: any\nfacts: {facts}\n")
    _classified(desk, catalogue="eu-ai-act", **{"class": entered})
    assert bool(desk.blocked()) is bool(counts)
    seen = models_seen(desk.system, pin(desk.system), desk.loop())
    assert any("the stricter one" in note for note in seen.notes) is (entered not in facts), (
        seen.notes
    )


def test_a_stricter_answer_in_facts_yaml_counts_at_the_gate(desk: RegisteredDesk) -> None:
    desk.charter("models: any\n")
    _classified(desk, catalogue="eu-ai-act", **{"class": "other"})
    assert desk.blocked() == []
    desk.write("facts.yaml", "facts: {risk_class: high}\n")
    assert desk.blocked()


def test_a_classification_by_another_catalogue_lifts_no_class(desk: RegisteredDesk) -> None:
    desk.charter("models: any\n")
    _classified(desk, catalogue="eu-ai-act", **{"class": "high"})
    _classified(desk, catalogue="nist-ai-rmf", **{"class": ""})
    assert desk.blocked()


def test_an_undecided_class_is_none_where_terms_forbid_classes(desk: RegisteredDesk) -> None:
    desk.register(desk.describe(more="forbidden: {classes: [high]}\n"))
    desk.approve("words")
    _classified(desk, catalogue="eu-ai-act", **{"class": "undecided"})
    assert "no class is entered" in desk.why()[1]


def test_nobody_approves_what_they_proposed(desk: RegisteredDesk) -> None:
    version = desk.register(desk.describe(), by="rosa")
    assert version.by == "rosa"
    with pytest.raises(AccessError, match="proposed words@1 and cannot"):
        desk.approve("words", by="rosa")
    with pytest.raises(AccessError, match="is engineer"):
        desk.approve("words", by="ben")
    desk.approve("words", by="ravi")
    assert desk.why()[0] == "approved"


def test_changed_weights_are_another_version_and_not_approved(approved: RegisteredDesk) -> None:
    approved.write(
        "rules.yaml", "labels:\n  motor: {words: {car: 2}}\n  home: {words: {roof: 1}}\n"
    )
    assert approved.why() == ("unknown", "it is not in the registry")
    second = approved.register(approved.describe())
    assert second.name == "words@2"
    assert approved.why() == ("proposed", "nobody approved words@2")
    approved.approve("words")
    assert approved.why()[0] == "approved"


def test_the_same_file_twice_is_entered_once(desk: RegisteredDesk) -> None:
    first, again = (desk.register(desk.describe()) for _ in range(2))
    assert (first.name, first.entry) == (again.name, again.entry)


def test_one_model_has_one_id(approved: RegisteredDesk) -> None:
    with pytest.raises(UsageError, match="registered as words already"):
        approved.register(approved.describe(name="other"))


def test_corrected_facts_ask_for_the_person_again_and_leave_the_old_ones(
    approved: RegisteredDesk,
) -> None:
    """The same weights with other words: what was approved stands until the new one is."""
    approved.register(approved.describe(more="limits: [only English]\n"))
    assert [row["state"] for row in rows_of(approved.loop())] == ["approved", "proposed"]
    assert approved.why()[0] == "approved"
    approved.approve("words")
    approved.deprecate("words@2")
    assert approved.why()[0] == "deprecated", "the older approval does not come back"


def test_a_deprecated_model_is_used_again_only_where_somebody_says_so(
    approved: RegisteredDesk,
) -> None:
    approved.deprecate("words")
    with pytest.raises(RefusedError, match="words@1 is deprecated: ben wrote 'It is old"):
        approved.approve("words")
    approved.register(approved.describe(more="limits: [only English]\n"))
    with pytest.raises(RefusedError, match="deprecated"):
        approved.approve("words@2")
    assert approved.why()[0] == "deprecated", "the same weights under another version"
    gone = approved.loop().ledger.newest(kind=DEPRECATED)
    seq = approved.approve("words@2", again=True, system="desk")
    assert gone is not None
    assert approved.loop().ledger.entry(seq).payload["undoes"] == gone.seq
    assert approved.why()[0] == "approved"
    approved.approve("words@2", by="ravi", system="desk")
    with pytest.raises(RefusedError, match="deprecated"):
        approved.approve("words@2", by="ravi")


def test_an_expired_approval_refuses(desk: RegisteredDesk) -> None:
    desk.register(desk.describe())
    desk.approve("words", until="2026-11-30")
    assert desk.why()[0] == "approved"
    desk.clock.advance(30 * 86400)
    state, reason = desk.why()
    assert state == "refused"
    assert "expired: its last day was 2026-11-30" in reason
    with pytest.raises(UsageError, match="is over"):
        desk.approve("words", until="2026-11-30")


def test_a_revoked_key_approves_nothing(approved: RegisteredDesk) -> None:
    approved.clock.advance(60)
    revoke_person(approved.loop(), name="rosa", reason="left", by=approved.acting("rosa"))
    approved.clock.advance(60)
    state, reason = approved.why()
    assert state == "refused"
    assert "the key of rosa was revoked" in reason
    approved.approve("words", by="ravi")
    assert approved.why()[0] == "approved"


def test_a_rotated_key_still_approves_until_its_successor_is_revoked(
    approved: RegisteredDesk,
) -> None:
    rotate_key(approved.loop(), name="rosa")
    approved.clock.advance(60)
    assert approved.why()[0] == "approved"
    admin = add_person(approved.loop(), name="adam", roles=["admin"])
    by = Acting(name="adam", signer=approved.office.key("adam"), key=admin)
    revoke_person(approved.loop(), name="rosa", reason="left", by=by)
    approved.clock.advance(60)
    assert approved.why()[0] == "refused"


def test_an_approval_for_another_purpose_or_system_or_task_refuses(desk: RegisteredDesk) -> None:
    desk.register(desk.describe())
    desk.approve("words", system="claims")
    assert "approved for claims alone" in desk.why()[1]
    desk.approve("words", tasks=("chat",))
    assert "approved it for chat, and this is decision" in desk.why()[1]
    desk.approve("words", system="desk", purpose="sha256:other")
    assert "another intended purpose" in desk.why()[1]
    desk.approve("words", system="desk")
    assert desk.why()[0] == "approved"


def test_as_many_people_as_the_charter_asks_for(approved: RegisteredDesk) -> None:
    approved.charter("review: {approvals: {model: 2}}\n")
    assert approved.why()[1] == "1 of 2 people approved words@1: rosa"
    approved.approve("words", by="rosa")
    assert approved.why()[0] == "proposed", "one person twice is one person"
    approved.approve("words", by="ravi")
    assert approved.why()[0] == "approved"


def test_a_forged_approval_closes(desk: RegisteredDesk) -> None:
    """The machine writes what it likes; a person's signature it has not."""
    version = desk.register(desk.describe())
    loop = desk.loop()
    payload = {"digest": version.digest, "signed_at": "2026-11-21T20:00:00.000000Z"}
    loop.ledger.record(
        Draft(system="", kind=APPROVED, subject="words",
              actor=f"person:{desk.acting('rosa').key.key_id}", payload=payload)
    )  # fmt: skip
    state, reason = desk.why()
    assert state == "damaged"
    assert "carries no signature" in reason


def test_a_damaged_entry_closes(approved: RegisteredDesk) -> None:
    """An entry that nobody can read may be about any model that no other entry names."""
    loop = approved.loop()
    approved.write(
        "rules.yaml", "labels:\n  motor: {words: {car: 2}}\n  home: {words: {roof: 1}}\n"
    )
    loop.ledger.record(
        Draft(system="", kind=REGISTERED, subject="words", actor=loop.machine,
              payload={"file": {"id": "words"}, "digest": "sha256:x"})
    )  # fmt: skip
    state, reason = approved.why()
    assert state == "damaged"
    assert "words@2" in reason


def test_a_forged_deprecation_closes_and_is_named(approved: RegisteredDesk) -> None:
    loop = approved.loop()
    digest = registry_of(loop).versions[0].digest
    loop.ledger.record(
        Draft(system="", kind=DEPRECATED, subject="words", actor=loop.machine,
              payload={"digest": digest, "reason": "gone"})
    )  # fmt: skip
    assert approved.why()[0] == "damaged"
    assert [row["state"] for row in rows_of(loop)] == ["damaged"], "the list says no other thing"
    for verb in ("check", "list"):
        assert run(VERBS, ["model", verb, str(approved.root)]) == 5, verb


def test_a_version_that_says_another_digest_than_it_has_is_damaged(
    approved: RegisteredDesk,
) -> None:
    loop = approved.loop()
    file = registry_of(loop).versions[0].file
    assert file is not None
    changed = plain(msgspec.structs.replace(file, licence="none"))
    loop.ledger.record(
        Draft(system="", kind=REGISTERED, subject="words", actor=loop.machine,
              payload={"file": changed, "digest": registry_of(loop).versions[0].digest})
    )  # fmt: skip
    assert approved.why()[0] == "damaged"


def test_personal_data_goes_out_only_under_terms_that_allow_it(desk: RegisteredDesk) -> None:
    desk.hosted()

    def again(more: str) -> tuple[str, str]:
        desk.register(desk.describe(HOSTED, name="big", more=more))
        desk.approve("big")
        return desk.why()

    assert "no vendor terms are recorded" in again("")[1]
    assert "do not say whether" in again(TERMS.replace("  personal_data: allowed\n", ""))[1]
    assert "forbid that" in again(TERMS.replace("data: allowed", "data: forbidden"))[1]
    assert "no agreement" in again(TERMS.replace("agreement: true", "agreement: false"))[1]
    assert "learn" in again(TERMS.replace("inputs: false", "inputs: true"))[1]
    assert "learn" in again(TERMS.replace("  trains_on_inputs: false\n", ""))[1]
    assert again(TERMS) == ("approved", "")
    desk.clock.advance(60 * 86400)
    assert "ended on 2026-12-31" in desk.why()[1]


def test_what_the_rails_hold_back_needs_no_terms(desk: RegisteredDesk) -> None:
    desk.hosted()
    desk.register(desk.describe(HOSTED, name="big"))
    desk.approve("big")
    assert desk.why()[0] == "refused"
    desk.write("rails.yaml", "egress: {regions: [CH], personal_data: block}\n")
    path = desk.root / "candidate.yaml"
    path.write_text(path.read_text("utf-8") + "rails: rails.yaml\n", "utf-8")
    assert desk.why()[0] == "approved"


def test_another_version_host_or_region_is_another_model(desk: RegisteredDesk) -> None:
    desk.hosted()
    desk.register(desk.describe(HOSTED, name="big", more=TERMS))
    desk.approve("big")
    assert desk.why()[0] == "approved"
    upstream = (desk.root / "roadworthy.toml").read_text("utf-8")
    for other in (upstream.replace("api.example.eu", "api.example.us"),
                  upstream.replace('"EU"', '"US"')):  # fmt: skip
        desk.write("roadworthy.toml", other)
        assert desk.why() == ("unknown", "it is not in the registry")
    desk.write("roadworthy.toml", upstream)
    candidate = (desk.root / "candidate.yaml").read_text("utf-8")
    desk.write("candidate.yaml", candidate.replace("2026-05-01", "2026-08-01"))
    assert desk.why()[0] == "unknown"


@pytest.mark.parametrize(
    ("forbidden", "charter", "said"),
    [
        ("{tasks: [decision]}", "", "forbid the task decision"),
        ("{alone: true}", "", ""),
        ("{jurisdictions: [US]}", "", "restricts no jurisdiction"),
        ("{classes: [high]}", "", "no class is entered"),
        ("{classes: [high]}", "facts: {risk_class: high}\n", "of the class high"),
        ("{classes: [high]}", "facts: {risk_class: other}\n", ""),
    ],
)
def test_terms_that_forbid_the_use_refuse(
    approved: RegisteredDesk, forbidden: str, charter: str, said: str
) -> None:
    approved.register(approved.describe(more=f"forbidden: {forbidden}\n"))
    approved.approve("words")
    approved.charter(charter)
    state, reason = approved.why()
    assert (state, said in reason) == ("refused" if said else "approved", True)


def test_an_adapter_needs_its_base_and_its_base_needs_its_own_approval(
    desk: RegisteredDesk,
) -> None:
    weights = "sha256:" + "a" * 64
    (desk.root / "tuned.gguf").write_bytes(b"adapter")
    desk.write(
        "candidate.yaml",
        f"task: chat\nmodel: {{provider: local, name: small, digest: '{weights}',"
        " adapter: tuned.gguf}\n",
    )
    digest = load_system(desk.root).files["tuned.gguf"]
    local = "id: {id}\nkind: {kind}\ntitle: T\nmaker: M\nlicence: L\nintended_use: U\n" \
        "identity: {{provider: local, name: n, digest: '{digest}'}}\n"  # fmt: skip
    adapter = local.format(id="tuned", kind="adapter", digest=digest)
    with pytest.raises(UsageError, match="base of tuned"):
        desk.register(desk.describe(adapter, name="tuned", more=f"base: '{weights}'\n"))
    desk.register(desk.describe(local.format(id="base", kind="model", digest=weights), name="base"))
    desk.register(desk.describe(adapter, name="tuned", more=f"base: '{weights}'\n"))
    desk.approve("tuned")
    desk.charter("models: approved_only\n")
    (only,) = desk.blocked()
    assert "nobody approved base@1" in only
    desk.approve("base")
    assert desk.blocked() == []
    desk.deprecate("base")
    (only,) = desk.blocked()
    assert "deprecated" in only, "what closes the base closes whatever stands on it"


def test_an_adapter_for_other_weights_is_refused(desk: RegisteredDesk) -> None:
    weights, others = ("sha256:" + one * 64 for one in "ab")
    (desk.root / "tuned.gguf").write_bytes(b"adapter")
    desk.write(
        "candidate.yaml",
        f"task: chat\nmodel: {{provider: local, name: small, digest: '{weights}',"
        " adapter: tuned.gguf}\n",
    )
    digest = load_system(desk.root).files["tuned.gguf"]
    local = "id: {id}\nkind: {kind}\ntitle: T\nmaker: M\nlicence: L\nintended_use: U\n" \
        "identity: {{provider: local, name: n, digest: '{digest}'}}\n"  # fmt: skip
    for name, one in (("one", weights), ("two", others)):
        desk.register(desk.describe(local.format(id=name, kind="model", digest=one), name=name))
        desk.approve(name)
    tuned = local.format(id="tuned", kind="adapter", digest=digest) + f"base: '{others}'\n"
    desk.register(desk.describe(tuned, name="tuned"))
    desk.approve("tuned")
    (only,) = desk.blocked()
    assert "adapter for other weights" in only


async def test_what_was_deprecated_since_is_neither_signed_nor_activated(
    approved: RegisteredDesk, tmp_path: Path
) -> None:
    await approved.inspect()
    out = tmp_path / "b.tar"
    approved.build(out, "ben")
    approved.deprecate("words")
    sign = {"root": approved.root, "signer": approved.office.key("ravi")}
    with pytest.raises(RefusedError, match="deprecated"):
        sign_release(out, approved.loop(), **sign)  # type: ignore[arg-type]
    approved.approve("words", again=True)
    assert sign_release(out, approved.loop(), **sign).released  # type: ignore[arg-type]
    approved.deprecate("words")
    operator = approved.office.key("otto")
    with pytest.raises(RefusedError, match="deprecated"):
        activate_release(out, approved.loop(), root=approved.root, signer=operator)


async def test_what_is_live_goes_on_and_is_named(
    approved: RegisteredDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await approved.inspect()
    out = tmp_path / "b.tar"
    approved.build(out, "ben")
    sign_release(out, approved.loop(), root=approved.root, signer=approved.office.key("ravi"))
    operator = approved.office.key("otto")
    activate_release(out, approved.loop(), root=approved.root, signer=operator)
    assert [one.state for one in live_models(approved.loop())["desk"].standings] == ["approved"]
    approved.deprecate("words")
    (one,) = live_models(approved.loop())["desk"].standings
    assert (one.state, "It is old" in one.reason) == ("deprecated", True)
    assert run(VERBS, ["status", str(approved.root)]) == 3
    assert "desk runs model rule words: ben deprecated it: It is old." in capsys.readouterr().out
    again = activate_release(out, approved.loop(), root=approved.root, signer=operator)
    assert again.digest, "going back to what was live is not held up"
    assert approved.gate().decision is Verdict.FAIL
    (still,) = live_models(approved.loop())["desk"].standings
    assert still.state == "deprecated", "a later decision names what is approved alone"


async def test_what_went_live_before_anybody_asked_is_named_once_models_are_asked_for(
    desk: RegisteredDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody looked: that is no approval, and no refusal either."""
    await desk.inspect()
    out = tmp_path / "b.tar"
    desk.build(out, "ben")
    desk.sign(out)
    desk.activate(out)
    run(VERBS, ["status", str(desk.root)])
    assert "did not look" not in capsys.readouterr().out
    desk.register(desk.describe())
    assert run(VERBS, ["status", str(desk.root)]) == 4
    assert "desk: this workspace has a registry of models, and the gate did not look at them" in (
        " ".join(capsys.readouterr().out.split())
    )


async def test_a_decision_from_before_the_registry_is_not_signed(
    desk: RegisteredDesk, tmp_path: Path
) -> None:
    await desk.inspect()
    out = tmp_path / "b.tar"
    desk.build(out, "ben")
    desk.register(desk.describe())
    with pytest.raises(RefusedError, match="the gate did not look"):
        sign_release(out, desk.loop(), root=desk.root, signer=desk.office.key("ravi"))


def test_two_versions_are_held_side_by_side(approved: RegisteredDesk) -> None:
    approved.register(approved.describe(more="limits: [only English]\nparameters: 3\n"))
    one, two = (each.file for each in registry_of(approved.loop()).versions)
    assert one is not None
    assert two is not None
    assert differences_of(one, two) == [
        ("parameters", "-", "3"),
        ("limits[0]", "-", "only English"),
    ]


def test_a_judge_of_a_never_event_is_a_model_too(approved: RegisteredDesk) -> None:
    """It reads what customers wrote, and what left."""
    approved.write(
        "charter.yaml",
        (approved.root / "charter.yaml").read_text("utf-8").replace(
            "use: {",
            "- id: rude\n  statement: It is never rude.\n  rule:\n    judge:\n"
            "      rubric: Is the answer rude?\n"
            f"      model: {{provider: local, name: small, digest: 'sha256:{'c' * 64}'}}\n"
            "use: {",
        ),
    )  # fmt: skip
    (only,) = approved.blocked()
    assert only.startswith("judge of rude local small: it is not in the registry")


def test_each_address_of_an_upstream_is_asked_for(desk: RegisteredDesk) -> None:
    desk.hosted()
    also = '[[upstreams.big.also]]\nurl = "https://api.example.us/v1"\nregion = "US"\n'
    path = desk.root / "roadworthy.toml"
    path.write_text(path.read_text("utf-8") + also, "utf-8")
    desk.register(desk.describe(HOSTED, name="big", more=TERMS))
    desk.approve("big")
    (only,) = desk.blocked()
    assert "api.example.us (US)" in only, "the second address is another model"


def test_weights_that_nobody_pinned_are_refused(desk: RegisteredDesk) -> None:
    desk.write("candidate.yaml", "task: chat\nmodel: {provider: local, name: small}\n")
    desk.charter("models: approved_only\n")
    (only,) = desk.blocked()
    assert "pin `model.digest`" in only


def test_of_a_proposed_change_it_is_told_and_nobody_is_asked_yet(desk: RegisteredDesk) -> None:
    desk.charter("models: approved_only\n")
    seen = models_seen(desk.system, pin(desk.system), desk.loop(), asked=False)
    assert seen.blockers == ()
    assert any("not in the registry" in note for note in seen.notes)


def test_an_unreadable_entry_of_another_model_closes_nothing(approved: RegisteredDesk) -> None:
    loop = approved.loop()
    loop.ledger.record(
        Draft(system="", kind=REGISTERED, subject="other", actor=loop.machine, payload={})
    )
    assert approved.why()[0] == "approved"
    assert [row["state"] for row in rows_of(loop)] == ["approved", "damaged"]


async def test_a_signed_release_says_on_which_approvals_it_rests(
    approved: RegisteredDesk, tmp_path: Path
) -> None:
    """An auditor reads it of the bundle alone, without this workspace."""
    await approved.inspect()
    out = tmp_path / "b.tar"
    approved.build(out, "ben")
    approved.sign(out)
    told = [read_statement(take_apart(each)) for _, each in read_envelopes(out)[1]]
    (gate,) = [says for kind, _, says in told if kind == PREDICATE_GATE]
    assert [one["version"] for one in gate["models"]] == ["words@1"]
    last = approved.loop().ledger.newest(kind=APPROVED)
    assert last is not None
    assert gate["models"][0]["approvals"] == [last.seq]
    assert verify_release(out, trust=approved.loop().trust, at=approved.clock.now()).ok
