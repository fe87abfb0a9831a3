"""candidate.yaml, rails.yaml and prompts/NAME.md: what would run, named by one digest."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from .charter import Count, Positive, Share
from .egress import Egress
from .episode import LiveTool
from .file import File
from .model import Model

Task = Literal["decision", "chat", "generation", "extraction", "rag"]


class Sampling(File, frozen=True, kw_only=True):
    """How tokens are drawn."""

    temperature: Annotated[float, Meta(ge=0, le=2)] = 0.0
    top_p: Share = 1.0
    top_k: Count = 0
    """0: not limited."""
    max_tokens: Positive = 256
    seed: int | None = 0
    stop: list[str] = field(default_factory=list)


class Decision(File, frozen=True, kw_only=True):
    """For `task: decision`: the closed set of answers and how sure is sure enough."""

    labels: list[str]
    confidence: Literal["logprob", "verbalised", "agreement"] = "logprob"
    """How sure the decision is: by the probabilities of the labels · `verbalised`: as the model
    says it in words (`Confidence: 85 %`); it then answers freely, and names one label."""
    accept: Share | Literal["auto"] = 0.0
    """Confidence from which on the decision stands by itself; below it a person decides.
    `auto`: from the threshold on that the calibration proves."""
    calibration: str | UnsetType = UNSET
    """The file that `roadworthy calibrate` wrote: a map of confidences, a proven threshold."""
    calibrate: bool = False
    """Divide each label's probability by what the bare prompt gives it (contextual calibration,
    Zhao et al. 2021, https://arxiv.org/abs/2102.09690)."""


class Tool(File, frozen=True, kw_only=True):
    """A tool that the model may call."""

    name: str
    schema: dict[str, Any] = field(default_factory=dict)
    needs_approval: bool = True
    description: str | UnsetType = UNSET
    """What the model is told of it."""
    live: LiveTool | UnsetType = UNSET
    """The function that an evaluation runs where a case records no result."""


class FacetSource(File, frozen=True, kw_only=True):
    """Where a facet is read from: a header, a JSON pointer into the body, or a regex."""

    header: str = ""
    pointer: str = ""
    regex: str = ""
    """RE2; the first group is the value."""
    default: str = ""


class Assertion(File, frozen=True, kw_only=True):
    """A CEL expression over `input` and `facets` that every request must satisfy."""

    that: str
    otherwise: str
    """What the caller is told when it does not hold."""


class Candidate(File, frozen=True, kw_only=True):
    """The whole of candidate.yaml."""

    roadworthy: int = 1
    name: str = "candidate"
    task: Task
    model: Model
    prompt: str = ""
    """Path of the prompt file beside the candidate; empty for models that take none (`rule`)."""
    sampling: Sampling = field(default_factory=Sampling)
    decision: Decision | None = None
    knowledge: str = ""
    tools: list[Tool] = field(default_factory=list)
    rails: str = ""
    """Path of the rails file; empty means that only the charter's never events apply."""
    facets: dict[str, FacetSource] = field(default_factory=dict)
    assertions: list[Assertion] = field(default_factory=list)
    ood: str | UnsetType = UNSET
    """The file that `roadworthy ood fit` wrote: the reference that inputs are held against. Left
    out it is in no digest."""
    logprobs: bool | UnsetType = UNSET
    """Ask for the probability of every token (`perplexity`), where the provider can tell. Left
    out it is in no digest."""


RailAction = Literal["block", "redact", "flag", "hold", "replace", "label", "resample"]


class Rail(File, frozen=True, kw_only=True):
    """A detector, where it looks, and what follows."""

    id: str
    detector: str
    """pattern | pii | secrets | deny | schema | cel | classifier … (see roadworthy.detectors)."""
    on: Literal["input", "output", "both"] = "both"
    action: RailAction = "block"
    threshold: Share = 0.5
    options: dict[str, Any] = field(default_factory=dict)
    budget_ms: Annotated[float, Meta(ge=0)] = 5.0
    on_timeout: Literal["open", "closed"] = "closed"
    replacement: str = ""
    """For `label`: what people are told behind the answer. For `replace` and `redact`: empty means
    the kind in angle brackets, such as `<IBAN>`."""


class Rails(File, frozen=True, kw_only=True):
    """The whole of rails.yaml."""

    roadworthy: int = 1
    rails: list[Rail] = field(default_factory=list)
    egress: Egress | UnsetType = UNSET
    """What may leave to upstreams that are elsewhere. Left out: nothing is held back."""


class Variable(File, frozen=True, kw_only=True):
    """A variable of a prompt. Variables are data: they can never close a role or a tag."""

    type: Literal["string", "integer", "number", "boolean", "list"] = "string"
    description: str = ""
    required: bool = True
    max_chars: Positive = 20_000


class PromptHeader(File, frozen=True, kw_only=True):
    """The YAML front matter of prompts/NAME.md."""

    roadworthy: int = 1
    id: str
    variables: dict[str, Variable] = field(default_factory=dict)
    output_schema: dict[str, Any] | None = None
    sampling: Sampling | None = None
    examples: str = ""
    """A JSONL file of few-shot examples beside the prompt: `{"input": …, "output": …}` a line."""
    format: Literal["chat", "completion"] = "chat"
    """`completion` sends one text (base models); `chat` sends messages split at role headings."""
    tests: list[dict[str, Any]] = field(default_factory=list)


class Prompt(Struct, frozen=True, kw_only=True):
    """A prompt as loaded: header, sandboxed Jinja2 body, few-shot examples."""

    path: str
    header: PromptHeader
    body: str
    examples: tuple[dict[str, Any], ...] = ()
