"""Anthropic's Messages API, the way in: a ModelRequest becomes a body.

Enters: a request in chat completions' words. Leaves: bytes that say the same. What never happens
here: a wish that is dropped unsaid. What the API has no words for is refused and named; what only
the API knows (`thinking`, `cache_control`, `output_config` …) goes through untouched.
https://platform.claude.com/docs/en/api/messages
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Struct, field

from roadworthy.domain import ModelRequest, Sampling

from .anthropic_turns import listed, turns_of, unheard

API_VERSION = "2026-10-21"
_WITH_SAMPLING = "2023-06-01"
"""The last version that takes `temperature`, `top_p` and `top_k`, of models that take them."""


class AnthropicOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model.options` of an anthropic model."""

    api_version: str = API_VERSION
    """The header `anthropic-version`. From `2026-10-21` on the API takes no `temperature`, `top_p`
    and `top_k`, and they are not sent; `2023-06-01` takes them, of older models."""
    betas: tuple[str, ...] = ()
    """What stands in the header `anthropic-beta`."""
    headers: dict[str, str] = field(default_factory=dict)
    """Further headers of every request. Never a secret: options are part of the digest."""
    auth_header: str = "x-api-key"
    """What carries the credential; `authorization` carries it as `Bearer`."""
    fields: dict[str, Any] = field(default_factory=dict)
    """Further fields of every body, such as `thinking` or `cache_control`."""
    omit: tuple[str, ...] = ()
    """Sampling fields that the model refuses where the version takes them."""
    user_id: bool = False
    """Whether the end user's pseudonym goes along as `metadata.user_id`."""


NO_COUNTERPART: dict[str, str] = {
    "audio": "answers are text there",
    "frequency_penalty": "there is no such sampling there",
    "function_call": "say it as `tool_choice`",
    "functions": "say them as `tools`",
    "logit_bias": "there is no such sampling there",
    "logprobs": "there are no log-probabilities there",
    "modalities": "answers are text there",
    "prediction": "nothing can be predicted there",
    "presence_penalty": "there is no such sampling there",
    "prompt_cache_key": "caches are asked for by `cache_control` there",
    "prompt_cache_retention": "caches are asked for by `cache_control` there",
    "safety_identifier": "the end user is told as `user`, where model.options.user_id says so",
    "seed": "the same request may be answered otherwise there",
    "store": "nothing is stored there",
    "top_logprobs": "there are no log-probabilities there",
    "verbosity": "say it in words, or as `output_config`",
    "web_search_options": "tools that run there are not let in: no rail sees what they read",
    "container": "tools that run there are not let in: no rail sees what they read",
    "mcp_servers": "tools that run there are not let in: no rail sees what they read",
}
"""Fields that Anthropic cannot be told, or may not: why."""

NOT_SENT = frozenset(("metadata", "n", "stream_options", "user"))
"""Labels of the caller's own, and what the gateway does itself: no wish for another answer."""

_MAPPED = frozenset(
    ("parallel_tool_calls", "reasoning_effort", "response_format", "tool_choice", "tools")
)
_ASKS_NOTHING: dict[str, Any] = {
    "frequency_penalty": 0, "presence_penalty": 0, "logprobs": False, "store": False,
    "logit_bias": {}, "modalities": ["text"], "top_logprobs": 0, "functions": [],
    "verbosity": "medium",
}  # fmt: skip
"""What these are when nobody says anything."""

_EFFORTS = ("low", "medium", "high", "xhigh", "max")
_TIERS = ("auto", "standard_only")
_CHOICES = {"auto": "auto", "required": "any", "none": "none"}
_SAMPLED = ("temperature", "top_p", "top_k")
_WITHOUT_THOUGHT = ("temperature", "top_k")
"""Anthropic takes them of no request that thinks."""

_encode = msgspec.json.Encoder().encode


def encode_message(request: ModelRequest, options: AnthropicOptions, *, stream: bool) -> bytes:
    """The body of a request. Raises ProviderError for what cannot be asked."""
    if request.prompt is not None:
        raise unheard("prompt", "Anthropic continues no text: write `format: chat` in the prompt")
    body: dict[str, Any] = {**options.fields, **_foreign(request.extra)}
    system, turns = turns_of(request.messages)
    if system:
        body["system"] = system[0]["text"] if _is_bare(system) else system
    body["messages"] = turns
    body["model"] = request.model
    body["stream"] = stream
    _add_sampling(body, request.sampling)
    _add_tools(body, request.extra, options)
    _add_output(body, request.extra, options)
    if options.user_id and request.end_user is not UNSET:
        body["metadata"] = {"user_id": request.end_user}
    for name in _unsent(options):
        body.pop(name, None)
    if body.get("temperature", 0) > 1:
        raise unheard("temperature", "goes from 0 to 1 at Anthropic")
    return _encode(body)


def require_heard(
    messages: Sequence[dict[str, Any]],
    extra: Mapping[str, Any],
    wishes: Mapping[str, Any],
    options: AnthropicOptions,
) -> None:
    """Raise ProviderError that names the first wish of a caller that nobody there would hear."""
    for name in ("seed", *_unsent(options)):
        if wishes.get(name) is not None or (name in _SAMPLED and extra.get(name) is not None):
            raise unheard(name, NO_COUNTERPART.get(name, "the model of this release takes none"))
    if (wishes.get("temperature") or 0) > 1:
        raise unheard("temperature", "goes from 0 to 1 at Anthropic")
    _foreign(extra)
    _add_tools({}, extra, options)
    _add_output({}, extra, options)
    if _thinks({**options.fields, **extra}):
        for name in _WITHOUT_THOUGHT:
            if wishes.get(name):
                raise unheard(name, "Anthropic takes none of a request that thinks")
    turns_of(messages, _unseen)


def _unsent(options: AnthropicOptions) -> tuple[str, ...]:
    """Sampling that is not told. Versions are dates: later ones compare as greater."""
    return options.omit if options.api_version <= _WITH_SAMPLING else (*options.omit, *_SAMPLED)


def _foreign(extra: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that go through as they are. Raises ProviderError for one that has no words."""
    passed = {}
    for name, value in extra.items():
        if name in _MAPPED or name in NOT_SENT or value is None:
            continue
        if name in NO_COUNTERPART:
            if value != _ASKS_NOTHING.get(name, UNSET):
                raise unheard(name, f"has no counterpart at Anthropic: {NO_COUNTERPART[name]}")
            continue
        if name == "service_tier" and value not in _TIERS:
            raise unheard(name, f"is one of {', '.join(_TIERS)} at Anthropic")
        passed[name] = value
    return passed


def _add_sampling(body: dict[str, Any], sampling: Sampling) -> None:
    body["max_tokens"] = sampling.max_tokens
    if not _thinks(body):
        body["temperature"] = sampling.temperature
        if sampling.top_k:
            body["top_k"] = sampling.top_k
    if sampling.top_p != 1.0:
        body["top_p"] = sampling.top_p
    if sampling.stop:
        body["stop_sequences"] = sampling.stop


def _thinks(body: Mapping[str, Any]) -> bool:
    thinking = body.get("thinking")
    return isinstance(thinking, dict) and thinking.get("type") != "disabled"


def _add_tools(body: dict[str, Any], extra: Mapping[str, Any], options: AnthropicOptions) -> None:
    own = listed(options.fields.get("tools"), "model.options.fields.tools")
    given = listed(extra.get("tools"), "tools")
    tools = [*own, *(_tool(tool, f"tools[{number}]") for number, tool in enumerate(given))]
    if tools:
        body["tools"] = tools
    choice = _choice(extra.get("tool_choice"))
    if extra.get("parallel_tool_calls") is not None:
        choice = choice or ({"type": "auto"} if tools else None)
        if choice is not None and choice["type"] != "none":
            choice["disable_parallel_tool_use"] = not extra["parallel_tool_calls"]
    if choice is not None:
        body["tool_choice"] = choice


def _tool(tool: Any, place: str) -> dict[str, Any]:
    """A function as a tool; what stands beside the function (`cache_control` …) goes along."""
    function = tool.get("function") if isinstance(tool, dict) else None
    if not isinstance(function, dict) or tool.get("type", "function") != "function":
        raise unheard(place, "only functions are let in: no rail sees what tools there read")
    schema = function.get("parameters") or {"type": "object"}
    rest = {name: value for name, value in function.items() if name != "parameters"}
    beside = {name: value for name, value in tool.items() if name not in ("type", "function")}
    said = {**rest, "input_schema": schema, **beside}
    return {name: value for name, value in said.items() if value is not None}


def _choice(choice: Any) -> dict[str, Any] | None:
    if choice is None:
        return None
    if isinstance(choice, str) and choice in _CHOICES:
        return {"type": _CHOICES[choice]}
    function = choice.get("function") if isinstance(choice, dict) else None
    if isinstance(function, dict) and isinstance(function.get("name"), str):
        return {"type": "tool", "name": function["name"]}
    raise unheard("tool_choice", "is auto, required, none or one function at Anthropic")


def _add_output(body: dict[str, Any], extra: Mapping[str, Any], options: AnthropicOptions) -> None:
    """Structured answers and effort, beside what the release or the caller says natively."""
    output: dict[str, Any] = {}
    for given in (options.fields.get("output_config"), extra.get("output_config")):
        if isinstance(given, dict):
            output.update(given)
    wanted = extra.get("response_format")
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if isinstance(wanted, dict) and kind == "json_schema":
        named = wanted.get("json_schema")
        schema = named.get("schema") if isinstance(named, dict) else None
        output["format"] = {"type": "json_schema", "schema": schema or {}}
    elif wanted is not None and kind != "text":
        raise unheard(
            "response_format", f"{kind!r} has no counterpart at Anthropic: give a json_schema"
        )
    effort = extra.get("reasoning_effort")
    if effort is not None:
        if effort not in _EFFORTS:
            raise unheard("reasoning_effort", f"is one of {', '.join(_EFFORTS)} at Anthropic")
        output["effort"] = effort
    if output:
        body["output_config"] = output


def _is_bare(system: list[dict[str, Any]]) -> bool:
    """Whether instructions are one text and nothing else."""
    return len(system) == 1 and system[0].keys() == {"type", "text"}


def _unseen(_url: str, _place: str) -> dict[str, Any]:
    """A file that stands under a name still: whether it can be sent is seen when it is."""
    return {}
