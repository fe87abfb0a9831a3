"""Makes tests/golden/bad/bundles: bundles that must never verify, each named for its fault.

Run it to make the files anew (`python tests/golden/make_bundles.py`). Those that are kept show
that bundles of earlier versions still get their verdict; the test also makes them anew. Keys come
from fixed seeds and the clock stands still, so the bytes are the same on every run of one version.
These keys protect nothing.
"""

from __future__ import annotations

import io
import json
import sys
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import msgspec

from doubles.pinnable import a_prompt, candidate, charter
from roadworthy.domain import (
    Assessment,
    GateDecision,
    Rails,
    RunSummary,
    SafetySLO,
    SloFile,
    System,
    TrustedKey,
    Verdict,
)
from roadworthy.ledger import Ed25519Signer, sign_checkpoint, sign_envelope
from roadworthy.release import (
    Basis,
    Evidence,
    Signed,
    Subject,
    add_attestations,
    attest_approval,
    attest_evaluation,
    attest_gate,
    attest_release,
    build_bundle,
    envelope_digest,
    pin,
    slos_layer,
)
from roadworthy_verify.layout import PREDICATE_APPROVAL, blob_name

HERE = Path(__file__).parent / "bad" / "bundles"
BEFORE = "2026-11-21T09:00:00.000000Z"
APPROVED = "2026-11-21T10:00:00.000000Z"
RELEASED = "2026-11-21T11:00:00.000000Z"
AFTER = "2026-11-21T12:00:00.000000Z"
"""The instant at which all of them are verified."""


def signer(name: str) -> Ed25519Signer:
    """A key that is the same on every run."""
    return Ed25519Signer.from_seed(name.encode().ljust(32, b"."))


def trusted(name: str, role: str = "", **more: Any) -> TrustedKey:
    """That key as trust.yaml has it."""
    key = signer(name)
    return TrustedKey(
        key_id=key.key_id,
        name=more.pop("called", name),
        kind="machine" if name == "machine" else "person",
        roles=[role] if role else [],
        public_key=key.public_key_base64,
        valid_from=more.pop("valid_from", "2026-01-01T00:00:00.000000Z"),
        **more,
    )


KEYS = [
    trusted("machine"),
    trusted("ana", "engineer"),
    trusted("rosa", "risk_officer"),
    trusted("ravi", "reviewer"),
    trusted("rita", "reviewer", revoked_at=BEFORE),
    trusted("rolf", "reviewer", revoked_at="2026-11-21T10:30:00.000000Z"),
    trusted("nina", "reviewer", valid_from=AFTER),
    trusted("otto", "operator"),
    trusted("rosa-new", "risk_officer", called="rosa"),
]
SLOS = msgspec.convert({"slos": [{"name": "accuracy", "target": ">= 0.6"}]}, SloFile)


def content(approvals: int = 1) -> Any:
    """A small content."""
    return pin(
        System(
            root="/nowhere",
            charter=charter(never=[], review={"approvals": {"release": approvals, "resume": 2}}),
            candidate=candidate(model={"provider": "rule", "name": "words"}),
            prompt=a_prompt(),
            rails=Rails(),
            slos=SLOS,
            suites=(),
        )
    )


class Forge:
    """Everything that a release needs, each part to be replaced by a wrong one."""

    def __init__(self, *, approvals: int = 1) -> None:
        self.content = content(approvals)
        self.said = "PASS"
        self.judged = self.content.candidate_digest
        self.approvers = ["rosa"]
        self.authors = ["ana"]
        self.expires_at = ""
        self.machine = "machine"

    def subject(self, digest: str) -> Subject:
        return Subject(
            digest=digest,
            system=self.content.system,
            candidate=self.content.candidate_digest,
            slos=slos_layer(self.content),
        )

    def evidence(self) -> Evidence:
        judged = Assessment(
            slo=SafetySLO(name="accuracy", target=">= 0.6"),
            name="accuracy",
            target=">= 0.6",
            estimate=0.65,
            low=0.61,
            high=0.7,
            n=120,
            verdict=Verdict.PASS,
        )
        decision = GateDecision(
            decision=Verdict(self.said),
            system=self.content.system,
            candidate=self.judged,
            run="run-1",
            bar="sha256:" + "b" * 64,
            slos=(judged,),
        )
        summary = RunSummary(
            run="run-1",
            system=self.content.system,
            candidate=self.judged,
            bar=decision.bar,
            status="complete",
            n=120,
        )
        return Evidence(
            decision=decision,
            decision_digest="sha256:" + "d" * 64,
            summary=summary,
            summary_digest="sha256:" + "e" * 64,
        )

    def attestations(self, digest: str) -> list[Signed]:
        subject, evidence, machine = self.subject(digest), self.evidence(), signer(self.machine)
        approvals = [
            attest_approval(
                subject,
                evidence.decision_digest,
                trusted(name, "reviewer"),
                signer=signer(name),
                at=APPROVED,
            )
            for name in self.approvers
        ]
        other = msgspec.structs.replace(subject, candidate=self.judged)
        evaluation = attest_evaluation(other, evidence, signer=machine, at=RELEASED)
        gate = attest_gate(other, evidence, signer=machine, at=RELEASED)
        basis = Basis(
            authors=tuple(signer(name).key_id for name in self.authors),
            gate=envelope_digest(gate[1]),
            evaluation=envelope_digest(evaluation[1]),
            approvals=tuple(envelope_digest(envelope) for _, envelope in approvals),
            checkpoint=sign_checkpoint(
                signer("machine"), origin="golden", size=7, root=b"\7" * 32, time=APPROVED
            ),
            waivers={},
            expires_at=self.expires_at,
        )
        release = attest_release(subject, basis, signer=machine, at=RELEASED)
        return [*approvals, evaluation, gate, release]

    def write(self, path: Path, *, attested: bool = True) -> str:
        digest = build_bundle(self.content, path)
        if attested:
            add_attestations(path, self.attestations(digest))
        return digest


Members = dict[str, bytes]


def members_of(path: Path) -> Members:
    """The files of a tar."""
    with tarfile.open(path) as archive:
        return {
            item.name: archive.extractfile(item).read()  # type: ignore[union-attr]
            for item in archive.getmembers()
        }


def write_tar(path: Path, members: Iterable[tuple[str | tarfile.TarInfo, bytes]]) -> None:
    """A tar of whatever is asked for, wrong or not."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in members:
            item = tarfile.TarInfo(name) if isinstance(name, str) else name
            if item.isreg():
                item.size = len(data)
            archive.addfile(item, io.BytesIO(data))


def largest_blob(members: Members) -> str:
    return max(
        (name for name in members if name.startswith("blobs")), key=lambda n: len(members[n])
    )


def blob_of(members: Members, title: bytes) -> str:
    """The blob of a layer, by its title in the bundle's manifest."""
    for data in members.values():
        if b'"artifactType":"application/vnd.roadworthy.bundle.v1","config"' in data:
            layers = json.loads(data)["layers"]
            found = [
                layer["digest"]
                for layer in layers
                if layer["annotations"]["org.opencontainers.image.title"] == title.decode()
            ]
            return blob_name(found[0])
    raise AssertionError(title)


FAULTS: dict[str, tuple[Callable[[Path], None], str, str]] = {}
"""Fault -> (maker, state that it must get, what the fault must say)."""


def fault(state: str, says: str) -> Callable[[Callable[[Path], None]], Callable[[Path], None]]:
    """Enter a maker under its name."""

    def enter(make: Callable[[Path], None]) -> Callable[[Path], None]:
        FAULTS[make.__name__] = (make, state, says)
        return make

    return enter


def edited(path: Path, change: Callable[[Members], None]) -> None:
    """A good release, its files changed before they are packed again."""
    Forge().write(path)
    members = members_of(path)
    change(members)
    write_tar(path, members.items())


@fault("tampered", "was changed")
def flipped_byte_in_a_blob(path: Path) -> None:
    def change(members: Members) -> None:
        name = largest_blob(members)
        members[name] = members[name][:99] + bytes([members[name][99] ^ 1]) + members[name][100:]

    edited(path, change)


@fault("tampered", "was changed")
def flipped_byte_in_the_prompt(path: Path) -> None:
    def change(members: Members) -> None:
        name = blob_of(members, b"prompt.json")
        members[name] = members[name].replace(b"Route", b"Routf", 1)

    edited(path, change)


@fault("tampered", "was changed")
def swapped_blobs(path: Path) -> None:
    def change(members: Members) -> None:
        rails, slos = blob_of(members, b"rails.json"), blob_of(members, b"slos.json")
        members[rails], members[slos] = members[slos], members[rails]

    edited(path, change)


@fault("tampered", "is missing")
def missing_blob(path: Path) -> None:
    edited(path, lambda members: members.pop(blob_of(members, b"rails.json")) and None)


@fault("tampered", "belongs to nothing")
def extra_blob(path: Path) -> None:
    from hashlib import sha256

    edited(path, lambda members: members.update({f"blobs/sha256/{sha256(b'x').hexdigest()}": b"x"}))


@fault("tampered", "has no place")
def extra_file(path: Path) -> None:
    edited(path, lambda members: members.update({"README": b"read me"}))


@fault("tampered", "index.json was edited")
def index_edited(path: Path) -> None:
    def change(members: Members) -> None:
        index = json.loads(members["index.json"])
        index["manifests"][0]["annotations"] = {"note": "trust me"}
        members["index.json"] = canonical_json(index)

    edited(path, change)


@fault("tampered", "belongs to nothing")
def attestation_cut_from_the_index(path: Path) -> None:
    def change(members: Members) -> None:
        index = json.loads(members["index.json"])
        index["manifests"].pop()
        members["index.json"] = canonical_json(index)

    edited(path, change)


@fault("tampered", "is not written in the one form")
def index_with_a_space(path: Path) -> None:
    def change(members: Members) -> None:
        members["index.json"] = members["index.json"].replace(b",", b", ", 1)

    edited(path, change)


@fault("tampered", "oci-layout")
def layout_edited(path: Path) -> None:
    edited(path, lambda members: members.update({"oci-layout": b'{"imageLayoutVersion":"1.0.1"}'}))


@fault("tampered", "index.json is missing")
def index_missing(path: Path) -> None:
    edited(path, lambda members: members.pop("index.json") and None)


def canonical_json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


@fault("tampered", "names candidate")
def content_of_another_candidate(path: Path) -> None:
    """Other content under the digest of a candidate that passed: every blob is in order."""
    forge = Forge()
    forge.content = msgspec.structs.replace(
        forge.content, prompt=a_prompt(body="Say whatever you like: {{ input }}")
    )
    forge.write(path, attested=False)


@fault("tampered", "about another bundle")
def attestation_for_another_bundle(path: Path) -> None:
    """The manifests of one release's attestations under the manifest of another."""
    Forge().write(path)
    stolen = members_of(path)
    other = Forge(approvals=2)
    other.write(path, attested=False)
    members = members_of(path)
    index, theirs = json.loads(members["index.json"]), json.loads(stolen["index.json"])
    index["manifests"] += theirs["manifests"][1:]
    named = {entry["digest"] for entry in theirs["manifests"][1:]}
    named |= {json.loads(stolen[blob_name(d)])["layers"][0]["digest"] for d in set(named)}
    named.add("sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")
    kept = {blob_name(digest): stolen[blob_name(digest)] for digest in sorted(named)}
    write_tar(path, {**members, **kept, "index.json": canonical_json(index)}.items())


@fault("tampered", "an attestation is about 'sha256:")
def statement_about_another_subject(path: Path) -> None:
    """Signed by the right people, about another digest, filed under this bundle."""
    forge = Forge()
    forge.write(path, attested=False)
    add_attestations(path, forge.attestations("sha256:" + "9" * 64))


@fault("tampered", "the payload is 'text/plain'")
def wrong_payload_type(path: Path) -> None:
    import base64

    forge = Forge()
    digest = forge.write(path, attested=False)
    (_, envelope), *rest = forge.attestations(digest)
    payload = base64.b64decode(envelope["payload"])
    wrong = sign_envelope(payload, "text/plain", [signer("rosa")])
    add_attestations(path, [(PREDICATE_APPROVAL, wrong), *rest])


@fault("tampered", "does not hold")
def signature_moved(path: Path) -> None:
    """The signature of one statement on another."""
    forge = Forge()
    digest = forge.write(path, attested=False)
    first, second, *rest = forge.attestations(digest)
    first[1]["signatures"][0]["sig"] = rest[-1][1]["signatures"][0]["sig"]
    add_attestations(path, [first, second, *rest])


@fault("tampered", "is no 'https")
def annotated_as_something_else(path: Path) -> None:
    forge = Forge()
    digest = forge.write(path, attested=False)
    (_, envelope), *rest = forge.attestations(digest)
    add_attestations(path, [("https://example.org/other/v1", envelope), *rest])


@fault("unknown_key", "which is not trusted")
def signed_by_an_unknown_key(path: Path) -> None:
    forge = Forge()
    forge.approvers = ["mallory"]
    forge.write(path)


@fault("unknown_key", "was revoked at")
def signed_by_a_revoked_key(path: Path) -> None:
    forge = Forge()
    forge.approvers = ["rita"]
    forge.write(path)


@fault("unknown_key", "the release was signed afterwards")
def approved_by_a_key_revoked_before_the_release(path: Path) -> None:
    forge = Forge()
    forge.approvers = ["rolf"]
    forge.write(path)


@fault("unknown_key", "is valid only from")
def signed_by_a_key_not_yet_valid(path: Path) -> None:
    forge = Forge()
    forge.approvers = ["nina"]
    forge.write(path)


@fault("unsigned", "0 of 1 approvals")
def unsigned(path: Path) -> None:
    Forge().write(path, attested=False)


@fault("unsigned", "1 of 2 approvals")
def approved_but_not_released(path: Path) -> None:
    forge = Forge(approvals=2)
    digest = forge.write(path, attested=False)
    add_attestations(path, forge.attestations(digest)[:1])


@fault("unsigned", "has no signature")
def approval_without_a_signature(path: Path) -> None:
    forge = Forge()
    digest = forge.write(path, attested=False)
    first, *rest = forge.attestations(digest)
    first[1]["signatures"] = []
    add_attestations(path, [first, *rest])


@fault("refused", "is an author and approved himself")
def author_approves_himself(path: Path) -> None:
    forge = Forge()
    forge.authors = ["rosa"]
    forge.write(path)


@fault("refused", "is an author and approved himself")
def author_approves_with_his_second_key(path: Path) -> None:
    forge = Forge()
    forge.authors, forge.approvers = ["rosa"], ["rosa-new"]
    forge.write(path)


@fault("refused", "1 of 2 distinct people")
def one_key_approves_twice_under_two_names(path: Path) -> None:
    forge = Forge(approvals=2)
    digest = forge.write(path, attested=False)
    first = forge.attestations(digest)[0]
    second = attest_approval(
        forge.subject(digest),
        "sha256:" + "d" * 64,
        trusted("rosa", "reviewer", called="ravi"),
        signer=signer("rosa"),
        at=APPROVED,
    )
    forge.approvers = []
    attach_release(path, forge, digest, [first, second])


@fault("refused", "1 of 2 distinct people")
def one_person_approves_with_two_keys(path: Path) -> None:
    forge = Forge(approvals=2)
    forge.approvers = ["rosa", "rosa-new"]
    forge.write(path)


@fault("refused", "0 of 1 distinct people")
def nobody_approved(path: Path) -> None:
    forge = Forge()
    forge.approvers = []
    forge.write(path)


@fault("refused", "may not approve a release")
def approved_by_an_operator(path: Path) -> None:
    forge = Forge()
    forge.approvers = ["otto"]
    forge.write(path)


@fault("refused", "names no author")
def without_an_author(path: Path) -> None:
    forge = Forge()
    forge.authors = []
    forge.write(path)


@fault("unknown_key", "is not a trusted key")
def author_unknown(path: Path) -> None:
    forge = Forge()
    forge.authors = ["mallory"]
    forge.write(path)


@fault("refused", "the gate said 'FAIL'")
def gate_said_fail(path: Path) -> None:
    forge = Forge()
    forge.said = "FAIL"
    forge.write(path)


@fault("refused", "the gate said 'INCONCLUSIVE'")
def gate_said_inconclusive(path: Path) -> None:
    forge = Forge()
    forge.said = "INCONCLUSIVE"
    forge.write(path)


@fault("tampered", "is about candidate 'sha256:7777")
def gate_judged_another_candidate(path: Path) -> None:
    forge = Forge()
    forge.judged = "sha256:" + "7" * 64
    forge.write(path)


@fault("refused", "who is no machine")
def released_by_a_person(path: Path) -> None:
    forge = Forge()
    forge.machine = "ravi"
    forge.write(path)


@fault("expired", "expired at 2026-11-21T11:30")
def expired(path: Path) -> None:
    forge = Forge()
    forge.expires_at = "2026-11-21T11:30:00.000000Z"
    forge.write(path)


def attach_release(path: Path, forge: Forge, digest: str, approvals: list[Signed]) -> None:
    """A release that names these approvals, whoever made them."""
    subject, evidence, machine = forge.subject(digest), forge.evidence(), signer("machine")
    evaluation = attest_evaluation(subject, evidence, signer=machine, at=RELEASED)
    gate = attest_gate(subject, evidence, signer=machine, at=RELEASED)
    basis = Basis(
        authors=(signer("ana").key_id,),
        gate=envelope_digest(gate[1]),
        evaluation=envelope_digest(evaluation[1]),
        approvals=tuple(envelope_digest(envelope) for _, envelope in approvals),
        checkpoint=sign_checkpoint(
            machine, origin="golden", size=7, root=b"\7" * 32, time=APPROVED
        ),
        waivers={},
    )
    release = attest_release(subject, basis, signer=machine, at=RELEASED)
    add_attestations(path, [*approvals, evaluation, gate, release])


@fault("tampered", "is cut short")
def truncated_tar(path: Path) -> None:
    Forge().write(path)
    path.write_bytes(path.read_bytes()[:9000])


@fault("tampered", "is cut short")
def tar_without_its_end(path: Path) -> None:
    Forge().write(path)
    path.write_bytes(path.read_bytes().rstrip(b"\0"))


@fault("tampered", "bytes behind the end")
def bytes_behind_the_tar(path: Path) -> None:
    Forge().write(path)
    path.write_bytes(path.read_bytes() + b"more" + b"\0" * 508)


@fault("tampered", "has no place")
def path_traversal_in_the_tar(path: Path) -> None:
    edited(path, lambda members: members.update({"blobs/sha256/../../../../tmp/owned": b"x"}))


@fault("tampered", "is a link")
def link_in_the_tar(path: Path) -> None:
    Forge().write(path)
    link = tarfile.TarInfo("blobs/sha256/" + "0" * 64)
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    write_tar(path, [*members_of(path).items(), (link, b"")])


@fault("tampered", "is there twice")
def member_twice_in_the_tar(path: Path) -> None:
    Forge().write(path)
    members = members_of(path)
    write_tar(path, [*members.items(), ("index.json", members["index.json"])])


@fault("tampered", "is cut short inside")
def oversize_member(path: Path) -> None:
    """A record that claims sixty megabytes which are not there."""
    Forge().write(path)
    data = bytearray(path.read_bytes())
    data[124:136] = b"%011o\0" % (60 << 20)
    fix_checksum(data, 0)
    path.write_bytes(bytes(data))


@fault("tampered", "the most is")
def monstrous_member(path: Path) -> None:
    """A record that claims eight gigabytes."""
    Forge().write(path)
    data = bytearray(path.read_bytes())
    data[124:136] = b"%011o\0" % ((8 << 30) - 1)
    fix_checksum(data, 0)
    path.write_bytes(bytes(data))


def fix_checksum(data: bytearray, start: int) -> None:
    data[start + 148 : start + 156] = b" " * 8
    data[start + 148 : start + 156] = b"%06o\0 " % sum(data[start : start + 512])


@fault("not_evidence", "no bundle (an OCI layout)")
def no_bundle_at_all(path: Path) -> None:
    path.write_bytes(b"PK\3\4 this is something else" * 40)


def trust_text() -> str:
    """trust.yaml beside the bundles."""
    rows = [
        {name: value for name, value in msgspec.to_builtins(key).items() if value not in ("", [])}
        for key in KEYS
    ]
    return json.dumps({"roadworthy": 1, "keys": rows}, indent=1) + "\n"


def make_all(folder: Path) -> None:
    """Write every bundle, the trusted keys, and what each must get."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (make, _, _) in FAULTS.items():
        make(folder / f"{name}.tar")
    expected = {name: {"state": state, "says": says} for name, (_, state, says) in FAULTS.items()}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    (folder / "trust.json").write_text(trust_text())


if __name__ == "__main__":
    make_all(HERE)
