"""A bundle: the content of a release and its bill of materials as an OCI image layout.

In: ReleaseContent. Out: a folder or tar with one digest on every machine, and the content back
from it. Never: a content that is handed out before every byte of its bundle was checked against
the digests (`roadworthy_verify.contents`, eight numbered steps).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from roadworthy.domain import ReleaseContent, UsageError, VerificationError
from roadworthy_verify import layout
from roadworthy_verify.container import BundleError, Container, NotABundleError
from roadworthy_verify.contents import Contents, read_contents, read_layer
from roadworthy_verify.covered import encoded

from .bom import bill_of_materials
from .frozen import blob, frozen_digest, thaw
from .pin import candidate_digest
from .writing import (
    add_members,
    is_tar,
    locked,
    replace_tar,
    replaced_folder,
    unwritable,
    write_bundle,
)

_IN_LAYERS = frozenset({"prompt", "rails", "slos", "rollout", "assets"})
"""Fields of the content that have a layer of their own; the others are the config."""


def build_bundle(content: ReleaseContent, out: Path) -> str:
    """Write the bundle of a content to `out` (a tar when it ends in `.tar`, else a folder).

    Returns the bundle's digest. The same bundle that lies there already is left alone, with its
    attestations. Raises UsageError when `out` holds something that is no bundle,
    or a side file is too large to be in one.
    """
    manifest, members = _members(content)
    digest = layout.digest_of_bytes(manifest)
    if not _is_there(out, digest):
        write_bundle(out, {**members, "index.json": layout.index(manifest, ())})
    return digest


def bundle_digest(content: ReleaseContent) -> str:
    """The digest that `build_bundle` would return, without writing anything."""
    return layout.digest_of_bytes(_members(content)[0])


def read_bundle(path: Path) -> tuple[str, ReleaseContent]:
    """The digest and content of a bundle, every byte checked.

    Raises VerificationError where it does not hold, UsageError when there is no bundle.
    """
    container, contents = _opened(path)
    content = _content(container, contents)
    if candidate_digest(content) != content.candidate_digest:
        raise VerificationError(
            f"{path}: the content is not that of candidate {content.candidate_digest}"
        )
    return contents.digest, content


def read_envelopes(path: Path) -> tuple[str, list[tuple[str, dict[str, Any]]]]:
    """The bundle's digest, and digest and envelope of each attestation. Signatures unproved."""
    _, contents = _opened(path)
    return contents.digest, [(item.digest, item.envelope) for item in contents.attestations]


def foreign_envelopes(path: Path, digest: str, known: Callable[[str], bool]) -> list[str]:
    """Digests of attestations at `path` that `known` denies; none where no such bundle lies.

    `digest` is the bundle's that is meant: another one there is not looked into.
    """
    try:
        there, envelopes = read_envelopes(path)
    except (UsageError, VerificationError):
        return []
    return [name for name, _ in envelopes if there == digest and not known(name)]


def envelope_digest(envelope: dict[str, Any]) -> str:
    """How other attestations name this one."""
    return layout.digest_of_bytes(encoded(envelope))


def add_attestations(path: Path, envelopes: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Add signed envelopes, each with its predicate type, to a bundle; its digest stays.

    What is there already is not added again, and what an interrupted signing left is removed.
    Raises VerificationError when the bundle does not hold, UsageError when it lies in a place that
    cannot be written, EvidenceError when the disk is full; then it stays as it was.
    """
    path = path.absolute()
    with locked(path):
        container, contents = _opened(path, tolerate_unnamed_blobs=True)
        manifests, blobs = _attestation_blobs(contents, envelopes)
        index = layout.index(contents.manifest, manifests)
        if len(manifests) > len(contents.attestation_manifests):
            blobs["index.json"] = index
        if blobs or contents.unnamed:
            _write(path, container, blobs, contents.unnamed)


def mend_bundle(path: Path) -> None:
    """Remove what an interrupted signing left: blobs that nothing names, half-written files.

    Raises VerificationError when the bundle does not hold otherwise.
    """
    add_attestations(path, ())


def _write(
    path: Path, container: Container, members: dict[str, bytes], remove: tuple[str, ...]
) -> None:
    try:
        if not is_tar(path):
            add_members(path, members, remove=remove)
            return
        kept = {
            name: container.read(name, layout.MAX_BLOB_BYTES)
            for name in container.sizes
            if name not in remove
        }
        replace_tar(path, {**kept, **members})
    except OSError as error:
        raise unwritable(path, error) from error


def describe_bundle(path: Path) -> dict[str, Any]:
    """What is in a bundle, as plain values for a reader. Signatures are not checked here."""
    digest, content = read_bundle(path)
    _, contents = _opened(path)
    model = content.candidate.model
    return {
        "digest": digest,
        "system": content.system,
        "candidate": content.candidate_digest,
        "name": content.candidate.name,
        "task": content.candidate.task,
        "model": " ".join(filter(None, (model.provider, model.name, model.version, model.digest))),
        "prompt": content.prompt.header.id if content.prompt else "",
        "rails": [rail.id for rail in content.rails.rails],
        "never": [event.id for event in content.charter.never],
        "unwatched": [event.id for event in content.charter.never if not event.is_wired],
        "objectives": [f"{slo.name} {slo.target}" for slo in content.slos.slos],
        "layers": sorted(contents.layers),
        "attestations": sorted(item.predicate_type for item in contents.attestations),
    }


def copy_bundle(path: Path, folder: Path) -> str:
    """Copy a bundle (folder or tar) into a folder of its own; returns its digest.

    What lies in `folder` is replaced in one step, unless it is the same already. Raises
    VerificationError when the bundle does not hold.
    """
    container, contents = _opened(path)
    if not _same_index(folder, container):
        try:
            with replaced_folder(folder) as building:
                for name in container.sizes:
                    container.copy(name, building / name)
        except OSError as error:
            raise unwritable(folder, error) from error
    return contents.digest


def slos_layer(content: ReleaseContent) -> str:
    """The digest of the content's objectives as the bundle holds them."""
    return frozen_digest(content.slos)


def _same_index(folder: Path, container: Container) -> bool:
    """Whether the bundle in the folder is the same one with the same attestations, whole."""
    try:
        there, _ = _opened(folder)
        limit = layout.MAX_SMALL_BYTES
        return there.read("index.json", limit) == container.read("index.json", limit)
    except (UsageError, VerificationError):
        return False


def _opened(path: Path, *, tolerate_unnamed_blobs: bool = False) -> tuple[Container, Contents]:
    try:
        container = Container(path)
        return container, read_contents(container, tolerate_unnamed_blobs=tolerate_unnamed_blobs)
    except NotABundleError as fault:
        raise UsageError(str(fault), fix="make one with `roadworthy release build`") from fault
    except BundleError as fault:
        raise VerificationError(f"{path}: {fault}") from fault
    except OSError as error:
        raise VerificationError(f"{path} cannot be read: {error.strerror or error}") from error


def _is_there(path: Path, digest: str) -> bool:
    """Whether this very bundle lies there, whole."""
    try:
        return _opened(path)[1].digest == digest
    except (UsageError, VerificationError):
        return False


def _members(content: ReleaseContent) -> tuple[bytes, dict[str, bytes]]:
    """The bundle's manifest, and every file but the index."""
    fields = {name: getattr(content, name) for name in content.__struct_fields__}
    config = blob({name: value for name, value in fields.items() if name not in _IN_LAYERS})
    layers = dict(_layers(content))
    for title, data in layers.items():
        if len(data) > layout.MAX_BLOB_BYTES:
            raise UsageError(
                f"{title} has {len(data)} bytes; a bundle takes {layout.MAX_BLOB_BYTES} at most",
                fix="name large weights by digest in the candidate's `model`",
            )
    manifest = layout.bundle_manifest(
        layout.descriptor(layout.CONTENT, config),
        [
            layout.descriptor(layout.layer_type(title), data, title=title)
            for title, data in layers.items()
        ],
    )
    blobs = (config, manifest, *layers.values())
    named = {layout.blob_name(layout.digest_of_bytes(data)): data for data in blobs}
    return manifest, {"oci-layout": layout.OCI_LAYOUT, **named}


def _layers(content: ReleaseContent) -> Iterator[tuple[str, bytes]]:
    yield "slos.json", blob(content.slos)
    yield "rails.json", blob(content.rails)
    if content.prompt is not None:
        yield "prompt.json", blob(content.prompt)
    if content.rollout is not None:
        yield "rollout.json", blob(content.rollout)
    for path in sorted(content.assets):
        yield layout.ASSET_FOLDER + path, blob(content.assets[path])
    yield "bom.cdx.json", encoded(bill_of_materials(content))


def _content(container: Container, contents: Contents) -> ReleaseContent:
    fields = dict(contents.content)
    for name in ("prompt", "rails", "slos", "rollout"):
        fields[name] = read_layer(container, contents, f"{name}.json")
    fields["assets"] = {
        title.removeprefix(layout.ASSET_FOLDER): read_layer(container, contents, title)
        for title in contents.layers
        if title.startswith(layout.ASSET_FOLDER)
    }
    try:
        return msgspec.convert(thaw(fields), ReleaseContent)
    except (msgspec.ValidationError, ValueError) as error:
        raise VerificationError(
            f"the content is not one that this version reads: {error}",
            fix="use the version of roadworthy that built it, or a newer one",
        ) from error


def _attestation_blobs(
    contents: Contents, envelopes: Sequence[tuple[str, dict[str, Any]]]
) -> tuple[list[bytes], dict[str, bytes]]:
    """All attestation manifests, old and new, and the blobs of the new ones."""
    subject = layout.descriptor(layout.OCI_MANIFEST, contents.manifest)
    manifests = list(contents.attestation_manifests)
    blobs: list[bytes] = []
    for predicate_type, envelope in envelopes:
        data = encoded(envelope)
        found = layout.descriptor(layout.ENVELOPE, data, predicate=predicate_type)
        manifest = layout.attestation_manifest(found, subject)
        if manifest not in manifests:
            manifests.append(manifest)
            blobs += [layout.EMPTY_BLOB, data, manifest]
    return manifests, {layout.blob_name(layout.digest_of_bytes(data)): data for data in blobs}
