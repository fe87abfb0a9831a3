"""The registry: which models and adapters people approved, for what, until when.

An id has versions, one for each file that was registered under it. Of the versions that are the
same model the newest decision counts, so that a deprecation is not undone by an older approval.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from .candidate import Candidate
from .charter import Charter
from .deployment import Deployment
from .model import Model
from .model_file import ModelFile, ModelIdentity

ModelState = Literal["approved", "proposed", "deprecated", "refused", "unknown", "damaged"]


class ModelVersion(Struct, frozen=True, kw_only=True):
    """A file as it was registered."""

    id: str
    number: int
    """1 is the first under that id."""
    digest: str
    """Of the file's values."""
    file: ModelFile | None
    """None: the entry cannot be read, or is not what was signed."""
    by: str
    """Who proposed it."""
    at: str
    entry: int
    fault: str = ""

    @property
    def name(self) -> str:
        """As people type it."""
        return f"{self.id}@{self.number}"


class ModelApproval(Struct, frozen=True, kw_only=True):
    """A person's word that a version may be used, and where it ends."""

    digest: str
    """Of the version."""
    by: str
    entry: int
    at: str
    system: str = ""
    """The only system that may use it; empty: every one."""
    purpose: str = ""
    """Digest of the intended purpose that it was approved for; empty: any."""
    tasks: tuple[str, ...] = ()
    """Tasks that it may be used for; empty: any."""
    until: str = ""
    """Its last day; empty: none."""
    reason: str = ""
    fault: str = ""
    """Why it counts for nothing, whatever it is used for: a forged signature, a revoked key."""
    forged: bool = False
    """Whether nobody's key signed it as it stands."""


class ModelDeprecation(Struct, frozen=True, kw_only=True):
    """A person's word that a version is to be used no more."""

    digest: str
    by: str
    entry: int
    at: str
    reason: str
    successor: str = ""
    fault: str = ""


class WantedModel(Struct, frozen=True, kw_only=True):
    """A model that a release asks."""

    part: str
    """`model`, `adapter`, or `judge of NEVER-EVENT`."""
    identity: ModelIdentity
    base: str = ""
    """Of an adapter: the digest of the weights that it is put on."""
    fault: str = ""
    """Why nobody can say which model it is."""

    @property
    def words(self) -> str:
        """As people know it."""
        one = self.identity
        where = f" at {one.host}" + (f" ({one.region})" if one.region else "") if one.host else ""
        version = f" {one.version}" if one.version else ""
        return f"{one.provider} {one.name}{version}{where}"


class ModelUse(Struct, frozen=True, kw_only=True):
    """What a decision of the gate rests on, for one of the models."""

    wanted: WantedModel
    version: str
    """As `id@number`."""
    digest: str
    """Of that version's file."""
    approvals: tuple[int, ...]
    """Entries of the ledger."""
    personal_data: bool
    """Whether personal data may go out to it."""


class ModelStanding(Struct, frozen=True, kw_only=True):
    """How one model of a system stands in the registry."""

    wanted: WantedModel
    state: ModelState
    version: ModelVersion | None = None
    reason: str = ""
    """Why it may not be used; empty where it may."""
    step: str = ""
    """What a person does next."""
    approvals: tuple[ModelApproval, ...] = ()
    """Those that count."""
    successor: str = ""
    personal_data: bool = False


def wanted_models(
    candidate: Candidate, charter: Charter, files: Mapping[str, str], deployment: Deployment
) -> list[WantedModel]:
    """Every model that answers, or judges answers, once this is live.

    `files` are the digests of the folder's files by path. A hosted model is one for each address.
    """
    model = candidate.model
    found = _identified("model", model, files, deployment)
    if model.adapter:
        digest = files.get(model.adapter, "")
        found.append(
            WantedModel(
                part="adapter",
                identity=ModelIdentity(provider=model.provider, name=model.adapter, digest=digest),
                base=found[0].identity.digest,
                fault="" if digest else f"the file {model.adapter} is not there",
            )
        )
    for event in charter.never:
        judge = event.rule.judge
        if judge is not None and isinstance(judge.model, Model):
            found += _identified(f"judge of {event.id}", judge.model, files, deployment)
    return found


def _identified(
    part: str, model: Model, files: Mapping[str, str], deployment: Deployment
) -> list[WantedModel]:
    if model.is_hosted or model.provider == "http":
        return _hosted(part, model, deployment)
    digest = model.digest or files.get(model.file, "")
    fault = "" if digest else "nothing says which weights they are: pin `model.digest`"
    identity = ModelIdentity(provider=model.provider, name=model.name, digest=digest)
    return [WantedModel(part=part, identity=identity, fault=fault)]


def _hosted(part: str, model: Model, deployment: Deployment) -> list[WantedModel]:
    upstream = deployment.upstreams.get(model.upstream)
    version = model.version or model.digest
    places = [] if upstream is None else [(upstream.url, upstream.region)]
    places += [(one.url, one.region) for one in upstream.also] if upstream is not None else []
    return [
        WantedModel(
            part=part,
            identity=ModelIdentity(
                provider=model.provider, name=model.name, version=version, host=host_of(url),
                region=region,
            ),
            fault="" if host_of(url) else f"the upstream `{model.upstream}` has no address here",
        )
        for url, region in places or [("", "")]
    ]  # fmt: skip


def host_of(url: str) -> str:
    """The host of an address, with its port where one is named; empty where there is none."""
    from urllib.parse import urlsplit

    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def is_here(host: str) -> bool:
    """Whether a host is this machine: what is sent there does not leave it."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return name in ("localhost", "127.0.0.1", "[::1]")


def is_same_model(one: ModelIdentity, other: ModelIdentity) -> bool:
    """Whether both name one model: by its file where there is one, else by all the rest."""
    if one.digest or other.digest:
        return one.digest == other.digest
    return (one.provider, one.name, one.version, one.host.lower(), one.region.upper()) == (
        other.provider, other.name, other.version, other.host.lower(), other.region.upper(),
    )  # fmt: skip
