"""Writes the golden proofs under verify/tests/golden: two that hold, and the tampered ones.

Run by hand after a change of the format (`python tests/golden/make_proofs.py`); the difference is
reviewed. They are made from the golden ledger's own drafts, so the same each time.
"""

from __future__ import annotations

import copy
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from doubles.ledgers import (  # noqa: E402
    START,
    a_draft,
    a_ledger,
    a_signer,
    a_trust,
    drafts,
    people_drafts,
)
from roadworthy.domain import Checkpoint  # noqa: E402
from roadworthy.ledger import (  # noqa: E402
    ConsistencyProof,
    proof_document,
    revoke,
    sign_checkpoint,
    sign_draft,
)
from roadworthy.manifests import save_trust  # noqa: E402

TARGET = ROOT / "verify" / "tests" / "golden"
SIGNED = 7
"""The entry that ada signed, which the inclusion proof is of."""
Json = dict[str, Any]


def make_good(folder: Path) -> tuple[Json, Json, Json]:
    """An inclusion proof, one of another entry, and a consistency proof, of one ledger."""
    with tempfile.TemporaryDirectory() as work:
        ledger = a_ledger(Path(work))
        ledger.record(*people_drafts(), *drafts(4, first=3))
        old = ledger.checkpoint()
        ada = a_signer(2)
        signed = a_draft(4, kind="kill.lifted", actor=f"person:{ada.key_id}")
        ledger.record(sign_draft(signed, ada), *drafts(6, first=8))
        new = ledger.checkpoint()
        hashes = ledger.prove_consistency(old.size, new.size)
        growth = ConsistencyProof(old=old, new=new, hashes=hashes)
        proofs = ledger.prove(SIGNED), ledger.prove(SIGNED + 1), growth
        ledger.store.close()
    save_trust(folder / "trust.yaml", a_trust())
    save_trust(folder / "revoked.yaml", revoke(a_trust(), "machine", at=START))
    save_trust(folder / "strangers.yaml", type(a_trust())(keys=a_trust().keys[1:]))
    inclusion, other, grown = (json.loads(json.dumps(proof_document(one))) for one in proofs)
    return inclusion, other, grown


def signed_anew(head: Json, **changed: Any) -> Json:
    """The head with other words, by the machine's own key."""
    said = Checkpoint(**{**head, **changed})
    anew = sign_checkpoint(
        a_signer(),
        origin=said.origin,
        size=said.size,
        root=bytes.fromhex(said.root),
        time=said.time,
    )
    return {name: getattr(anew, name) for name in head}


def inclusions(good: Json, other: Json, grown: Json) -> dict[str, Callable[[Json], Any]]:
    """Name -> what is done to the good proof (in place), or what is in its place."""

    def head(**changed: Any) -> Callable[[Json], None]:
        return lambda p: p.update(checkpoint=p["checkpoint"] | changed)

    return {
        "no_hash": lambda p: p["hashes"].pop(),
        "one_hash_more": lambda p: p["hashes"].append("00" * 32),
        "hashes_swapped": lambda p: p["hashes"].reverse(),
        "hash_flipped": lambda p: p["hashes"].__setitem__(0, "00" * 32),
        "hash_not_hex": lambda p: p["hashes"].__setitem__(0, "zz" * 32),
        "hash_with_spaces": lambda p: p["hashes"].__setitem__(0, " " + p["hashes"][0][:-1]),
        "hashes_a_text": lambda p: p.update(hashes="".join(p["hashes"])),
        "a_million_hashes": lambda p: p.update(hashes=p["hashes"] * 200),
        "another_entry": lambda p: p.update(entry=other["entry"], seq=other["seq"]),
        "another_number": lambda p: p.update(seq=p["seq"] + 1),
        "both_numbers": lambda p: (p.update(seq=8), p["entry"].update(seq=8)),
        "huge_number": lambda p: (p.update(seq=10**30), p["entry"].update(seq=10**30)),
        "number_zero": lambda p: (p.update(seq=0), p["entry"].update(seq=0)),
        "number_true": lambda p: (p.update(seq=True), p["entry"].update(seq=True)),
        "number_a_text": lambda p: p.update(seq="7"),
        **{
            f"entry_{name}": (lambda p, name=name: p["entry"].update({name: other["entry"][name]}))
            for name in ("kind", "actor", "subject", "payload", "payload_digest", "prev")
        },
        "entry_time": lambda p: p["entry"].update(time="2026-11-21T20:00:00.999999Z"),
        "entry_system": lambda p: p["entry"].update(system="other-desk"),
        "entry_digest": lambda p: p["entry"].update(digest=other["entry"]["digest"]),
        "entry_half_a_character": lambda p: p["entry"].update(subject="\ud800"),
        "entry_infinite": lambda p: p["entry"]["payload"].update(n=1e999),
        "entry_field_more": lambda p: p["entry"].update(note="trust me"),
        "entry_gone": lambda p: p.pop("entry"),
        "head_field_more": head(witness="trust me"),
        "head_origin": head(origin="other.log/1"),
        "head_size": head(size=good["checkpoint"]["size"] + 1),
        "head_huge_size": head(size=10**30),
        "head_root": head(root="00" * 32),
        "head_time": head(time="2026-11-21T20:00:00.999999Z"),
        "head_key_id": head(key_id=a_signer(2).key_id),
        "head_signature": head(signature="AAAA" * 21 + "AA=="),
        "head_not_base64": head(signature="!!!!"),
        "head_of_another_log": lambda p: p.update(
            checkpoint=signed_anew(p["checkpoint"], root="11" * 32, origin="other.log/1")
        ),
        "head_of_the_same_size": lambda p: p.update(
            checkpoint=signed_anew(p["checkpoint"], root="11" * 32)
        ),
        "head_unsigned": head(signature=""),
        "head_gone": lambda p: p.pop("checkpoint"),
        "head_from_the_future": lambda p: p.update(
            checkpoint=signed_anew(p["checkpoint"], time="2999-01-01T00:00:00.000000Z")
        ),
        "persons_signature": lambda p: p["entry"]["payload"]["signature"].update(value="AAAA"),
        "field_more": lambda p: p.update(ok=True),
        "version_2": lambda p: p.update(roadworthy=2),
        "version_a_text": lambda p: p.update(roadworthy="1"),
        "kind_of_the_other": lambda p: p.update(kind="consistency_proof"),
        "kind_unknown": lambda p: p.update(kind="promise"),
    }


def growths(grown: Json) -> dict[str, Callable[[Json], Any]]:
    """The same for the consistency proof."""
    return {
        "growth_no_hash": lambda p: p["hashes"].pop(),
        "growth_hash_flipped": lambda p: p["hashes"].__setitem__(0, "00" * 32),
        "growth_backwards": lambda p: p.update(old=p["new"], new=p["old"]),
        "growth_old_root": lambda p: p["old"].update(root="00" * 32),
        "growth_old_rewritten": lambda p: p.update(old=signed_anew(p["old"], root="22" * 32)),
        "growth_new_rewritten": lambda p: p.update(new=signed_anew(p["new"], root="22" * 32)),
        "growth_of_another_log": lambda p: p.update(old=signed_anew(p["old"], origin="other/1")),
        "growth_field_more": lambda p: p["old"].update(witness="trust me"),
        "growth_unsigned": lambda p: p["new"].update(signature=""),
        "growth_old_unsigned": lambda p: p["old"].pop("signature"),
    }


TEXTS: dict[str, Callable[[str], str | bytes]] = {
    "seq_twice": lambda text: text.replace('"seq"', '"seq": 1, "seq"', 1),
    "name_twice_deep_down": lambda text: text.replace('"text"', '"text": "x", "text"', 1),
    "not_utf_8": lambda text: text.encode().replace(b"kill.lifted", b"kill\xff.lifted", 1),
    "cut_short": lambda text: text[: len(text) // 2],
    "nested_deeply": lambda text: '{"kind": ' + "[" * 20_000,
    "a_number_of_5000_digits": lambda text: text.replace('"seq": 7', '"seq": 7' + "0" * 5000, 1),
    "not_a_number": lambda text: text.replace('"n": 4', '"n": NaN', 1),
    "beyond_every_number": lambda text: text.replace('"n": 4', '"n": 1e999', 1),
    "two_documents": lambda text: text + text,
}


def make(target: Path) -> None:
    """Write every golden proof below `target`."""
    shutil.rmtree(target / "proofs", ignore_errors=True)
    folder = target / "proofs"
    (folder / "bad").mkdir(parents=True)
    good, other, grown = make_good(folder)
    write(folder / "inclusion.json", good)
    write(folder / "consistency.json", grown)
    for source, changes in ((good, inclusions(good, other, grown)), (grown, growths(grown))):
        for name, spoil in changes.items():
            proof = copy.deepcopy(source)
            spoil(proof)
            write(folder / "bad" / f"{name}.json", proof)
    text = (folder / "inclusion.json").read_text("utf-8")
    for name, rewrite in TEXTS.items():
        said = rewrite(text)
        data = said if isinstance(said, bytes) else said.encode("utf-8")
        (folder / "bad" / f"{name}.json").write_bytes(data)


def write(path: Path, document: Json) -> None:
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    make(TARGET)
