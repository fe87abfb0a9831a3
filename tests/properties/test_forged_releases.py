"""Attestations changed anywhere, signed by the right keys: no traceback, and no release by luck."""

from __future__ import annotations

import base64
import contextlib
import copy
import importlib.util
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.domain import RoadworthyError
from roadworthy.ledger import Ed25519Signer, sign_envelope
from roadworthy.release import add_attestations, candidate_digest, read_bundle
from roadworthy.release.frozen import freeze
from roadworthy_verify import layout, verify_path
from roadworthy_verify.covered import candidate_digest as digest_covered
from roadworthy_verify.covered import encoded
from roadworthy_verify.envelope import PAYLOAD_TYPE
from roadworthy_verify.report import EXIT_CODES

GOLDEN = Path(__file__).parents[1] / "golden"
TRUST = GOLDEN / "bad" / "bundles" / "trust.json"
FOR_READERS = ("waivers", "signed_at", "expires_at")
"""Fields of the release on which no verdict rests, or that have other good values."""

odd = st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.just([]) | st.just({})
odd |= st.sampled_from(["\ud800", "\x1b[2J", "9999-13-45", -1, 10**30, ["x"], {"a": {"b": []}}])


@pytest.fixture(scope="module")
def forge() -> Any:
    spec = importlib.util.spec_from_file_location("make_bundles", GOLDEN / "make_bundles.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path in a JSON value."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with what lies at the path replaced (removed where `new` is Ellipsis)."""
    value = copy.deepcopy(value)
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    if new is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = new
    return value


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_a_changed_statement_makes_no_traceback_and_no_release(forge: Any, data: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "release.tar"
        made = forge.Forge()
        attestations = made.attestations(made.write(path, attested=False))
        number = data.draw(st.integers(0, len(attestations) - 1))
        kind, envelope = attestations[number]
        statement = json.loads(base64.b64decode(envelope["payload"]))
        place = data.draw(st.sampled_from(list(places(statement))))
        new = data.draw(odd | st.just(...))
        forged = changed(statement, place, new)
        signer = forge.signer("rosa" if number == 0 else "machine")
        payload = json.dumps(forged).encode()
        attestations[number] = (kind, sign_envelope(payload, PAYLOAD_TYPE, [signer]))
        add_attestations(path, attestations)
        report = verify_path(path, trust=TRUST, at=forge.AFTER)
    assert report.state in EXIT_CODES
    report.fault.encode()
    if report.ok and forged != statement:
        assert number == len(attestations) - 1, (number, place, new)
        assert place[0] == "predicate" and place[1] in FOR_READERS, (place, new)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_changed_envelope_makes_no_traceback_and_no_release(forge: Any, data: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "release.tar"
        made = forge.Forge()
        attestations = made.attestations(made.write(path, attested=False))
        number = data.draw(st.integers(0, len(attestations) - 1))
        kind, envelope = attestations[number]
        place = data.draw(st.sampled_from(list(places(envelope))))
        new = data.draw(odd.filter(lambda value: value != "\ud800") | st.just(...))
        attestations[number] = (kind, changed(envelope, place, new))
        add_attestations(path, attestations)
        report = verify_path(path, trust=TRUST, at=forge.AFTER)
    assert not report.ok
    assert report.exit_code in (4, 5)


def test_only_the_named_keys_make_a_release(forge: Any, tmp_path: Path) -> None:
    """Whoever signs as the machine or as rosa without their keys gets nowhere."""
    for number, name in ((0, "ravi"), (1, "rosa"), (2, "rosa"), (3, "rosa"), (3, "mallory")):
        path = tmp_path / f"{number}{name}.tar"
        made = forge.Forge()
        attestations = made.attestations(made.write(path, attested=False))
        kind, envelope = attestations[number]
        payload = base64.b64decode(envelope["payload"])
        signer: Ed25519Signer = forge.signer(name)
        attestations[number] = (kind, sign_envelope(payload, PAYLOAD_TYPE, [signer]))
        add_attestations(path, attestations)
        assert not verify_path(path, trust=TRUST, at=forge.AFTER).ok


LAYERS = ("config", "slos.json", "rails.json", "prompt.json", "bom.cdx.json", "assets/x.json")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_bundle_made_by_hand_makes_no_traceback(forge: Any, data: Any) -> None:
    """Content changed anywhere, every digest in order again: an error by name, or a bundle."""
    content = forge.content()
    whole = freeze(content)
    parts = {name: whole[name] for name in ("version", "system", "charter", "candidate")}
    values: dict[str, Any] = {
        "config": {**parts, "candidate_digest": content.candidate_digest},
        "slos.json": whole["slos"],
        "rails.json": whole["rails"],
        "prompt.json": whole["prompt"],
        "bom.cdx.json": {"a": 1},
        "assets/x.json": {"$decimal": "0.5"},
    }
    name = data.draw(st.sampled_from(LAYERS))
    place = data.draw(st.sampled_from(list(places(values[name]))))
    new = data.draw(odd.filter(lambda value: value != "\ud800") | st.just(...))
    values[name] = changed(values[name], place, new)
    if data.draw(st.booleans()):
        _name_the_candidate(values)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "b.tar"
        forge.write_tar(path, _packed(values).items())
        report = verify_path(path, at=forge.AFTER)
        assert report.state in ("unsigned", "tampered")
        report.fault.encode()
        try:
            _, found = read_bundle(path)
        except RoadworthyError as error:
            error.message.encode()
        else:
            assert candidate_digest(found) == found.candidate_digest
            assert report.state == "unsigned"


def _name_the_candidate(values: dict[str, Any]) -> None:
    """Let the content name what it now holds, as a careful forger would."""
    whole = {**values["config"], "prompt": values["prompt.json"], "rails": values["rails.json"]}
    assets = {"x.json": layout.digest_of_bytes(encoded(values["assets/x.json"]))}
    with contextlib.suppress(Exception):
        values["config"]["candidate_digest"] = digest_covered(whole, assets)


def _packed(values: dict[str, Any]) -> dict[str, bytes]:
    blobs = {name: encoded(value) for name, value in values.items()}
    manifest = layout.bundle_manifest(
        layout.descriptor(layout.CONTENT, blobs["config"]),
        [
            layout.descriptor(layout.layer_type(name), data, title=name)
            for name, data in blobs.items()
            if name != "config"
        ],
    )
    members = {
        layout.blob_name(layout.digest_of_bytes(data)): data for data in [manifest, *blobs.values()]
    }
    index = layout.index(manifest, ())
    return {"oci-layout": layout.OCI_LAYOUT, "index.json": index, **members}
