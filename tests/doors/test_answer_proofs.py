"""An answer is proved to somebody who has neither ledger nor journal."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.dialects import APIS, Door, a_door
from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import a_key
from doubles.recorded_answer import RecordedAnswer
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import VerificationError
from roadworthy.flows.journals.seals import enter_seal
from roadworthy.flows.request.answer_proof import encode_answer_proof, prove_answer
from roadworthy.flows.workspace.loop import Loop
from roadworthy.gateway.app import App
from roadworthy.gateway.wire import Request
from roadworthy.journal import segments
from roadworthy.wiring.clock import SystemClock, new_id
from roadworthy.wiring.gateway import Gateway
from roadworthy.wiring.plan import Plan
from roadworthy_verify import load_heads, verify_path
from roadworthy_verify.command import run as stand_alone
from roadworthy_verify.message_pack import PackError, unpack

CHAT = APIS[0]
WORDS = "Your parcel is on its way, and it will be with you on Monday."


async def asked(door: Door, text: str, *, stream: bool = False) -> str:
    door.upstream.script = [Reply(text=text)]
    body = {"model": "letters", **CHAT.body("Where is my parcel?"), "stream": stream}
    answer = await door.ask(CHAT.path, body)
    assert answer.status == 200
    return dict(answer.headers)[b"x-roadworthy-observation"].decode()


def seal(loop: Loop) -> None:
    for path in segments(loop.workspace.journal):
        enter_seal(path.stem, loop)


async def some_answers(root: Path, count: int = 5) -> tuple[Loop, list[str]]:
    async with a_door(root) as door:
        ids = [await asked(door, f"{WORDS} {at}", stream=bool(at % 2)) for at in range(count)]
    return door.loop, ids


def unpacked(proof: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.msgpack.decode(base64.b64decode(proof["record"]))
    return found


@pytest.mark.parametrize("count", [1, 2, 3, 6])
async def test_each_answer_is_proved_offline_and_its_text_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int
) -> None:
    loop, ids = await some_answers(tmp_path / "desk", count)
    seal(loop)
    for at, one in enumerate(ids):
        out = tmp_path / f"{at}.json"
        where = [one, str(tmp_path / "desk"), "--out", str(out)]
        assert run(VERBS, ["provenance", "prove", *where]) == 0
    trust = tmp_path / "trust.yaml"
    shutil.copy(loop.workspace.trust, trust)
    shutil.move(loop.workspace.root, tmp_path / "gone")
    capsys.readouterr()
    for at, one in enumerate(ids):
        text = tmp_path / "text.txt"
        text.write_text(f"{WORDS} {at}\n")
        how = [str(tmp_path / f"{at}.json"), "--trust", str(trust), "--text", str(text)]
        assert stand_alone(how) == 0
        said = capsys.readouterr().out
        assert f"answer {one} of release sha256:" in said and "byte by byte" in said
        assert run(VERBS, ["verify", *how]) == 0
        text.write_text(f"{WORDS} {at}!")
        assert stand_alone(how) == 3
        assert "not the one that was answered" in capsys.readouterr().out
        document = json.loads((tmp_path / f"{at}.json").read_text())
        assert WORDS.encode() not in base64.b64decode(document["record"])


async def test_what_is_not_sealed_yet_is_undecided_and_a_stranger_is_told_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loop, ids = await some_answers(tmp_path, 2)
    assert run(VERBS, ["provenance", "prove", ids[0], str(tmp_path)]) == 4
    assert "not sealed yet" in capsys.readouterr().err
    assert run(VERBS, ["provenance", "prove", "0" * 32, str(tmp_path)]) == 1
    assert prove_answer(loop.workspace.journal, "no id") is None


async def test_the_door_gives_the_proof_to_its_tenant_only(tmp_path: Path) -> None:
    loop, ids = await some_answers(tmp_path, 3)
    async with FakeUpstream() as _:
        for sealed in (False, True):
            if sealed:
                seal(loop)
            plan = Plan(workspace=str(loop.workspace.root), roots={"": str(tmp_path)})
            gateway = Gateway(plan, SystemClock())
            await gateway.start()
            try:
                app = App(gateway, new_id)
                own, other = a_key(loop), a_key(loop, "globex")
                status, found = await get(app, ids[1], own)
                assert (status, (await get(app, ids[1], other))[0]) == (200 if sealed else 409, 404)
                assert (await get(app, "0" * 32, own))[0] == 404
                assert (await get(app, "check", own))[0] == 405
                if not sealed:
                    assert found["error"]["code"] == "not_sealed_yet"
            finally:
                await gateway.aclose()
    (tmp_path / "p.json").write_bytes(msgspec.json.encode(found))
    report = verify_path(tmp_path / "p.json", trust=loop.workspace.trust)
    assert report.ok and report.details["observation"] == ids[1]


async def get(app: App, name: str, key: str) -> tuple[int, Any]:
    headers = {b"authorization": f"Bearer {key}".encode()}
    request = Request("GET", f"/v1/provenance/{name}", headers)
    app.admit(request)
    answer = RecordedAnswer()
    await app.answer(request, answer)
    return answer.status, msgspec.json.decode(answer.data)


async def a_proof(root: Path) -> tuple[Loop, dict[str, Any], list[dict[str, Any]]]:
    loop, ids = await some_answers(root, 4)
    seal(loop)
    proofs = [prove_answer(loop.workspace.journal, one) for one in ids]
    found = [proof for proof in proofs if proof is not None]
    assert len(found) == 4
    return loop, found[1], found


async def test_no_byte_of_a_proof_can_be_changed_unseen(tmp_path: Path) -> None:
    loop, proof, _ = await a_proof(tmp_path)
    data = encode_answer_proof(proof)
    target = tmp_path / "p.json"
    for place in range(0, len(data), 7):
        changed = bytearray(data)
        changed[place] ^= 1
        target.write_bytes(changed)
        report = verify_path(target, trust=loop.workspace.trust)
        if report.ok:
            assert json.loads(changed) == proof, f"byte {place}"


async def test_every_bit_of_the_record_counts(tmp_path: Path) -> None:
    loop, proof, _ = await a_proof(tmp_path)
    record = base64.b64decode(proof["record"])
    target = tmp_path / "p.json"
    for place in range(len(record)):
        changed = bytearray(record)
        changed[place] ^= 1 << place % 8
        other = {**proof, "record": base64.b64encode(changed).decode()}
        target.write_bytes(encode_answer_proof(other))
        assert verify_path(target, trust=loop.workspace.trust).state == "tampered", place


async def test_parts_of_another_proof_and_made_up_ones_are_told(tmp_path: Path) -> None:
    loop, proof, others = await a_proof(tmp_path)
    other = others[2]
    people = loop.ledger.prove(1)
    entry = msgspec.to_builtins(people)
    seal_ = proof["seal"]
    wrong: dict[str, dict[str, Any]] = {
        "another_record": {"record": other["record"]},
        "another_index": {"index": other["index"]},
        "negative_index": {"index": -1},
        "true_index": {"index": True},
        "another_path": {"path": other["path"]},
        "no_path": {"path": []},
        "one_hash_more": {"path": [*proof["path"], "00" * 32]},
        "another_name": {"observation": other["observation"]},
        "no_name": {"observation": 7},
        "another_entry": {"seal": entry},
        "no_seal": {"seal": {}},
        "a_seal_more": {"seal": {**seal_, "ok": True}},
        "a_field_more": {"ok": True},
        "a_record_of_no_answer": first_record(proof, loop),
        "another_root": {
            "seal": {**seal_, "entry": {**seal_["entry"], "payload": {"root": "00" * 32}}}
        },
        "record_a_list": {"record": [1]},
        "record_loose": {"record": proof["record"] + "\n"},
    }
    target = tmp_path / "p.json"
    for name, change in wrong.items():
        target.write_bytes(encode_answer_proof({**proof, **change}))
        report = verify_path(target, trust=loop.workspace.trust)
        assert report.state == "tampered", (name, report.fault)
    target.write_bytes(encode_answer_proof(proof))
    assert verify_path(target, trust={"keys": []}).state == "unknown_key"
    assert verify_path(target, trust=loop.workspace.trust, at="2020-01-01T00:00:00Z").state == (
        "refused"
    )
    unsigned = {**seal_, "checkpoint": {**seal_["checkpoint"], "signature": ""}}
    target.write_bytes(encode_answer_proof({**proof, "seal": unsigned}))
    assert verify_path(target, trust=loop.workspace.trust).state == "unsigned"


def first_record(proof: dict[str, Any], loop: Loop) -> dict[str, Any]:
    """The segment's first record says where it begins: a leaf, and no answer."""
    from roadworthy.journal.inclusion import _climb
    from roadworthy.journal.reading import read_segment

    (path,) = [
        p for p in segments(loop.workspace.journal) if p.stem == proof["seal"]["entry"]["subject"]
    ]
    payloads = [placed.payload for placed in read_segment(path)]
    leaves = [hashlib.sha256(b"\x00" + payload).digest() for payload in payloads]
    hashes, _ = _climb(leaves, 0)
    return {"record": base64.b64encode(payloads[0]).decode(), "index": 0, "path": hashes}


async def test_a_segment_that_was_changed_since_gives_no_proof(tmp_path: Path) -> None:
    loop, proof, _ = await a_proof(tmp_path)
    name = proof["seal"]["entry"]["subject"]
    path = loop.workspace.journal / f"{name}.seal.json"
    seal_ = msgspec.json.decode(path.read_bytes())
    seal_["entry"]["payload"]["root"] = "00" * 32
    path.write_bytes(msgspec.json.encode(seal_))
    with pytest.raises(VerificationError, match="not as it was sealed"):
        prove_answer(loop.workspace.journal, proof["observation"])
    path.write_bytes(b"[]")
    with pytest.raises(VerificationError, match="damaged"):
        prove_answer(loop.workspace.journal, proof["observation"])


async def test_a_proof_carries_its_checkpoint_and_says_what_the_record_says(tmp_path: Path) -> None:
    loop, proof, _ = await a_proof(tmp_path)
    target = tmp_path / "p.json"
    target.write_bytes(encode_answer_proof(proof))
    assert [head.size for head in load_heads(target)] == [proof["seal"]["checkpoint"]["size"]]
    report = verify_path(target, trust=loop.workspace.trust)
    seen = unpacked(proof)["observation"]
    for name in ("release", "time", "system", "output_digest", "tenant"):
        assert report.details["answer"][name] == seen[name]
    assert report.details["text"] == "not given"
    other = verify_path(loop.workspace.ledger, trust=loop.workspace.trust, text=b"x")
    assert other.state == "not_evidence"


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, -1, 2**63, -(2**63), 0.5, None, True, "ü" * 300, b"x" * 70000, [0] * 20]},
        {str(at): at for at in range(70)},
        list(range(70_000)),
        "x" * 70_000,
        -129, 128, 40_000, 3_000_000_000, -40_000, -3_000_000_000, 1e300,
    ],
)  # fmt: skip
def test_message_pack_is_read_as_it_was_written(value: Any) -> None:
    data = msgspec.msgpack.encode(value)
    assert unpack(data) == value
    for cut in range(0, len(data), max(1, len(data) // 50)):
        with pytest.raises(PackError):
            unpack(data[:cut])
    with pytest.raises(PackError):
        unpack(data + b"\xc0")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xc1", b"\xc7\x01\x01a", b"\xd4\x01a", b"\x82\xa1a\x01\xa1a\x02", b"\x81\x01\x02",
        b"\x91" * 100_000, b"\xdf\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff", b"\xa1\xff",
    ],
)  # fmt: skip
def test_what_is_no_message_pack_is_told(data: bytes) -> None:
    with pytest.raises(PackError):
        unpack(data)
