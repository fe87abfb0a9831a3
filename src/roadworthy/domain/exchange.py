"""What goes to a model and what comes back. Every provider only streams."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, field

from .candidate import Sampling


class Usage(Struct, frozen=True, kw_only=True):
    """Tokens by class, as the provider reported them. `raw` keeps the provider's own words."""

    input_tokens: int = 0
    """All input tokens, cached ones included."""
    output_tokens: int = 0
    """All output tokens, reasoning included."""
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    audio_tokens: int = 0
    raw: dict[str, Any] = field(default_factory=dict)


class TokenLogprob(Struct, frozen=True, kw_only=True):
    """A generated token and its natural-log probability; `top` are the alternatives."""

    token: str
    logprob: float
    top: dict[str, float] = field(default_factory=dict)


class ModelRequest(Struct, frozen=True, kw_only=True):
    """One call of a model.

    Exactly one of `prompt` (a text to complete) and `messages` (chat, in OpenAI's shape, passed
    through untouched) is set. With `labels` the answer is one of them and the provider reports
    `label_logprobs` where it can.
    """

    model: str
    messages: tuple[dict[str, Any], ...] = ()
    prompt: str | None = None
    sampling: Sampling = Sampling()
    labels: tuple[str, ...] = ()
    logprobs: bool = False
    stream: bool = False
    """Whether the caller profits from partial text; a provider may answer in one chunk if not."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Unknown fields of the caller's body (tools, response_format …), passed through."""
    timeout_s: float = 0.0
    """At most so long from call to last chunk; 0: as long as the provider's own limit is."""
    repeat: int = 0
    prefix_chars: int = 0
    """A hint for caches: so many leading characters of `prompt` are the same in every call."""
    end_user: str | UnsetType = UNSET
    """Who asks, by a pseudonym, where the release tells its upstream; it decides no answer."""


class Chunk(Struct, frozen=True, kw_only=True):
    """A piece of a reply. The last one carries `finish_reason`, and usage where known."""

    text: str = ""
    finish_reason: str = ""
    usage: Usage | None = None
    logprobs: tuple[TokenLogprob, ...] = ()
    label_logprobs: dict[str, float] | None = None
    """Label -> natural-log probability, not normalised over the labels."""
    delta: dict[str, Any] | None = None
    """The upstream's raw delta when it holds more than text (tool calls, refusals)."""


class Call(Struct, kw_only=True):
    """One request as the request path takes it: who asks, in which slice, what."""

    id: str
    """UUIDv7; the observation's id."""
    system: str
    tenant: str = ""
    end_user: str = ""
    session: str = ""
    facets: dict[str, str] = field(default_factory=dict)
    endpoint: str = ""
    managed: bool = True
    """True: the release owns the prompt. False: the caller's messages go through."""
    variables: dict[str, Any] = field(default_factory=dict)
    """For managed calls; `input` is the text that rails and rules look at."""
    messages: tuple[dict[str, Any], ...] = ()
    """All of a transparent call; of a managed one the earlier turns that are sent along."""
    prompt: str | None = None
    """Of a call that is not managed: one text to be continued, in the place of messages."""
    steps: tuple[dict[str, Any], ...] = ()
    """Of a managed call: tool calls since the user's last words, and what the tools said."""
    sampling: Sampling | None = None
    """The caller's wish, honoured in transparent mode only."""
    extra: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    thoughts: bool = False
    """Whether the caller asked that the model thinks, in an API that can tell what it thought."""
    begun: bool = False
    """Whether the caller was answered before in this conversation, as its messages say."""
    media: dict[str, str] = field(default_factory=dict)
    """Pictures in messages: what stands in their place there -> the picture, a `data:` URL."""
    languages: str = ""
    """Which the caller reads, as `Accept-Language` says it (RFC 9110, section 12.5.4)."""
    stream: bool = False
    stage: str = "live"
    release: str = ""
    """Digest of the release that answers; empty: the live one."""
    shadow_of: str = ""
    """The call whose copy it is; nobody gets its answer."""
    repeat: int = 0


Health = Literal["well", "resting", "probed"]
"""Of an address. `resting`: it failed again and again, and nobody asks it; `probed`: one call is
finding out."""


class AddressState(Struct, frozen=True, kw_only=True):
    """How an address of a model does."""

    address: str
    """Host and port."""
    state: Health
