"""models/NAME.yaml: what is known of a model or an adapter, and on which terms it may be asked.

One file is one model as it is: other weights, another version, another endpoint are another file's
business or a new version of this one. Facts are what the maker says unless `checked` names what
showed them here. Sources: Mitchell et al. 2019 (model cards); EU AI Act, Annexes XI and XII; NIST
AI 600-1, GV-6.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from .candidate import Task
from .charter import Count, Positive
from .file import File
from .model import ProviderKind
from .obligation import Day

ModelId = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)]
Sha256 = Annotated[str, Meta(pattern=r"^(sha256:[0-9a-f]{64})?$")]
MaybeDay = Annotated[str, Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
Modality = Literal["text", "image", "audio", "video", "embedding", "score"]


class ModelIdentity(File, frozen=True, kw_only=True):
    """Which model it is, so that no other one can pass for it."""

    provider: ProviderKind
    name: str
    """Its name at that provider."""
    digest: Sha256 = ""
    """Of the file: weights, adapter, rules, source. Where it is there, it alone says which."""
    version: str = ""
    """Of a hosted one: version or date as the candidate pins it."""
    host: str = ""
    """Of a hosted one: the host of its upstream's address."""
    region: str = ""
    """Of a hosted one: the region of that address, as roadworthy.toml names it."""


class ModelData(File, frozen=True, kw_only=True):
    """On which data it was made, each in a sentence or more; `unknown` is an answer."""

    pretraining: str = ""
    tuning: str = ""
    test: str = ""


class ModelFigure(File, frozen=True, kw_only=True):
    """A figure that is said of it, and by whom."""

    task: str
    metric: str
    value: float
    n: Count = 0
    """0: nobody says of how many."""
    low: float | None = None
    high: float | None = None
    source: str
    """Who says so and where."""
    checked: str = ""
    """What showed it here (an entry of the ledger, a report); empty: it is a claim."""


class Forbidden(File, frozen=True, kw_only=True):
    """Uses that licence or terms rule out, as far as a machine can see them."""

    tasks: list[Task] = field(default_factory=list)
    classes: list[Literal["high", "high_sectoral"]] = field(default_factory=list)
    """Classes of the EU AI Act."""
    jurisdictions: list[str] = field(default_factory=list)
    """As `use.allowed.jurisdictions` of a charter names them."""
    alone: bool = False
    """Decisions that no person has looked at (`autonomy: decide`)."""
    words: list[str] = field(default_factory=list)
    """What only people can judge; whoever approves it reads them."""


class VendorTerms(File, frozen=True, kw_only=True):
    """What the contract with whoever runs or licenses it says."""

    with_whom: str
    document: str
    """Which terms: their title and where they are."""
    document_digest: Sha256 = ""
    """Of the text as it was read."""
    read_on: Day
    until: MaybeDay = ""
    """Their last day; empty: none is agreed."""
    personal_data: Literal["allowed", "forbidden"] | None = None
    """Whether personal data may be sent; left out: they do not say."""
    processing_agreement: bool = False
    """Whether there is one (GDPR, Article 28)."""
    trains_on_inputs: bool | None = None
    """Whether the vendor may learn from what is sent; left out: they do not say."""
    keeps_inputs_days: Count | None = None
    regions: list[str] = field(default_factory=list)
    """Where it is processed."""
    indemnity: str = ""
    """What the vendor stands for, such as claims of third parties."""
    service_level: str = ""
    notice_of_change: str = ""
    """How long before a version ends or changes they say so."""


class SupplierDocument(File, frozen=True, kw_only=True):
    """Something that the maker handed over."""

    title: str
    where: str = ""
    digest: Sha256 = ""


class ModelFile(File, frozen=True, kw_only=True):
    """The whole of models/NAME.yaml: the entry of a model or an adapter in the registry."""

    roadworthy: int = 1
    id: ModelId
    """Its name in the registry; its versions follow each other under it."""
    kind: Literal["model", "adapter"] = "model"
    title: str
    identity: ModelIdentity
    base: Sha256 = ""
    """Of an adapter: the digest of the weights that it is for."""
    maker: str
    """Who made it."""
    licence: str
    """SPDX identifier, or its name and where it is."""
    tasks: list[str] = field(default_factory=list)
    modalities: list[Modality] = field(default_factory=list)
    parameters: Positive | None = None
    context_tokens: Positive | None = None
    knowledge_until: str = ""
    tunable: bool | None = None
    price: str = ""
    released: MaybeDay = ""
    general_purpose: bool | None = None
    """Whether it is a general-purpose AI model (EU AI Act, Article 3(63))."""
    training_flop: str = ""
    """Cumulative, and how it is known, such as `3e22, by the maker`."""
    data: ModelData = field(default_factory=ModelData)
    figures: list[ModelFigure] = field(default_factory=list)
    intended_use: str
    limits: list[str] = field(default_factory=list)
    """What it cannot do, and where it fails."""
    forbidden: Forbidden = field(default_factory=Forbidden)
    terms: VendorTerms | None = None
    documents: list[SupplierDocument] = field(default_factory=list)
