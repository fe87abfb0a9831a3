"""The words and shapes of a bundle: an OCI image layout in which every byte is determined.

A bundle is `oci-layout`, `index.json` and `blobs/sha256/…` (OCI image specification 1.1). The
manifest's digest is the bundle's digest. Attestations are manifests with that one as `subject`,
so adding one changes the index and never the bundle. Writer and verifier share these shapes;
the verifier rebuilds manifests and index from what they say and compares bytes, so that nothing
can be added that is covered by no digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from .covered import encoded

Json = dict[str, Any]

OCI_LAYOUT = encoded({"imageLayoutVersion": "1.0.0"})
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
EMPTY_BLOB = b"{}"

BUNDLE = "application/vnd.roadworthy.bundle.v1"
CONTENT = "application/vnd.roadworthy.content.v1+json"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"
TITLE = "org.opencontainers.image.title"
PREDICATE = "in-toto.io/predicate-type"

LAYERS = {
    "slos.json": "application/vnd.roadworthy.slos.v1+json",
    "rails.json": "application/vnd.roadworthy.rails.v1+json",
    "prompt.json": "application/vnd.roadworthy.prompt.v1+json",
    "rollout.json": "application/vnd.roadworthy.rollout.v1+json",
    "bom.cdx.json": "application/vnd.cyclonedx+json",
}
"""Layer -> media type. `prompt.json` and `rollout.json` may be missing."""
OPTIONAL_LAYERS = frozenset({"prompt.json", "rollout.json"})
ASSET = "application/vnd.roadworthy.asset.v1+json"
ASSET_FOLDER = "assets/"
"""Layers of this folder are side files, by the path that the candidate knows them by."""

PREDICATE_EVALUATION = "https://roadworthy.dev/attestation/evaluation/v1"
PREDICATE_GATE = "https://roadworthy.dev/attestation/gate/v1"
PREDICATE_APPROVAL = "https://roadworthy.dev/attestation/approval/v1"
PREDICATE_RELEASE = "https://roadworthy.dev/attestation/release/v1"

MAX_MEMBERS = 4096
"""Files in a bundle: some hundred side files and attestations, with room."""
MAX_BLOB_BYTES = 64 << 20
"""The largest side file (weights of a small classifier); models are named by digest, not kept."""
MAX_SMALL_BYTES = 8 << 20
"""Index, manifests, envelopes, content: whatever is read into memory to be parsed."""
MAX_TOTAL_BYTES = 1 << 30


def digest_of_bytes(data: bytes) -> str:
    """`sha256:…` of bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def blob_name(digest: str) -> str:
    """Where a blob of that digest lies in the layout."""
    return "blobs/sha256/" + digest.removeprefix("sha256:")


def descriptor(media_type: str, data: bytes, *, title: str = "", predicate: str = "") -> Json:
    """The OCI descriptor of a blob."""
    found: Json = {"mediaType": media_type, "digest": digest_of_bytes(data), "size": len(data)}
    annotations = {TITLE: title} if title else {PREDICATE: predicate} if predicate else {}
    if annotations:
        found["annotations"] = annotations
    return found


def layer_type(title: str) -> str:
    """The media type of a layer; empty when a bundle has no such layer."""
    return ASSET if title.startswith(ASSET_FOLDER) else LAYERS.get(title, "")


def bundle_manifest(config: Json, layers: list[Json]) -> bytes:
    """The manifest of a bundle. Its digest is the bundle's."""
    return encoded(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": BUNDLE,
            "config": config,
            "layers": layers,
        }
    )


def attestation_manifest(envelope: Json, subject: Json) -> bytes:
    """The manifest of one attestation: a referrer of the bundle."""
    return encoded(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": ENVELOPE,
            "config": descriptor(OCI_EMPTY, EMPTY_BLOB),
            "layers": [envelope],
            "subject": subject,
        }
    )


def index(bundle: bytes, attestations: Iterable[bytes]) -> bytes:
    """The index over the manifests: the bundle first, then attestations by digest."""
    referrers = [
        {**descriptor(OCI_MANIFEST, manifest), "artifactType": ENVELOPE}
        for manifest in attestations
    ]
    return encoded(
        {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [
                {**descriptor(OCI_MANIFEST, bundle), "artifactType": BUNDLE},
                *sorted(referrers, key=lambda item: str(item["digest"])),
            ],
        }
    )
