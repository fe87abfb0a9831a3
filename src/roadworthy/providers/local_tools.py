"""Tools of a local model: told in the prompt, called in an answer that is read strictly.

Enters: the tools and messages of a request in OpenAI's shape. Leaves: messages that a chat template
can hold, and calls. What never happens here: a call made out of something that is not exactly the
form (`{"name": …, "parameters": {…}}`, or a list of such, and no other word). An answer that
begins as one and is none is an error, never a guess, and never a text that somebody reads.

The form is the one that Gemma 3 is documented with:
https://ai.google.dev/gemma/docs/capabilities/function-calling
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.domain import Chunk, ModelRequest, ProviderError

from .local_grammar import call_grammar
from .local_prompt import content_of

TOLD = """\
You have access to functions. If you decide to invoke any of the function(s), you MUST put it in \
the format of
{{"name": function name, "parameters": dictionary of argument name and its value}}

You SHOULD NOT include any other text in the response if you call a function
{functions}"""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_CALL = re.compile(r"\s*(?:\{|\[\s*\{)")
_PERHAPS = re.compile(r"\s*(?:\[\s*)?")
_PLAIN = (None, "auto", "none", "required")


class Tools(Struct, frozen=True, kw_only=True):
    """The tools of one request."""

    told: str = ""
    """What the model is told of them; empty when there are none."""
    functions: tuple[dict[str, Any], ...] = ()
    """Those that may be called."""
    required: bool = False
    """Whether the answer must be a call (`tool_choice`)."""

    @property
    def names(self) -> list[str]:
        """The names of those that may be called."""
        return [function["name"] for function in self.functions]

    def grammar(self) -> str:
        """What an answer that must be a call may look like; empty when it may be a text."""
        return call_grammar(self.functions) if self.required else ""


def tools_of(request: ModelRequest, *, call_first: bool = False) -> Tools:
    """The tools that a request offers. Raises ProviderError (400) when they cannot be told.

    `call_first`: what a user says is answered by a call, unless the request chooses for itself.
    """
    offered, choice = request.extra.get("tools") or [], request.extra.get("tool_choice")
    named = _chosen(choice)
    if not offered:
        if choice == "required" or named:
            raise _refused("tool_choice asks for a call, and there are no tools")
        return Tools()
    if request.labels:
        raise _refused("a decision calls no tools")
    if request.prompt is not None:
        raise _refused("a prompt that is one text cannot tell of tools", "write format: chat")
    functions = [_function(each) for each in offered] if isinstance(offered, list) else []
    names = [each["name"] for each in functions]
    if not names or len(set(names)) < len(names):
        raise _refused("tools must be a list of functions, each name once")
    if named and named not in names:
        raise _refused(f"tool_choice names {named!r}, which is not among the tools")
    if choice == "none":
        return Tools()
    try:
        told = TOLD.format(functions=json.dumps(functions, ensure_ascii=False))
    except (ValueError, RecursionError):
        raise _refused("the tools' schemas are nested too deep") from None
    first = call_first and choice is None and _user_spoke_last(request)
    return Tools(
        told=told,
        functions=tuple(each for each in functions if not named or each["name"] == named),
        required=choice == "required" or bool(named) or first,
    )


def _user_spoke_last(request: ModelRequest) -> bool:
    return bool(request.messages) and request.messages[-1].get("role") == "user"


def _chosen(choice: Any) -> str:
    """The tool that must be called; empty when none is named."""
    if choice is None or choice in _PLAIN:
        return ""
    function = choice.get("function") if isinstance(choice, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(name, str) or not name:
        raise _refused("tool_choice must be auto, none, required or name a function")
    return name


def _function(tool: Any) -> dict[str, Any]:
    function = tool.get("function") if isinstance(tool, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if function is None or not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _refused("a tool must be a function whose name has up to 64 of A-Z a-z 0-9 _ . -")
    return {key: function[key] for key in ("name", "description", "parameters") if key in function}


def _refused(message: str, fix: str = "") -> ProviderError:
    return ProviderError(f"the local model: {message}", retryable=False, status=400, fix=fix)


# What was said before, in the same form


def plain_messages(messages: Sequence[dict[str, Any]], tools: Tools) -> tuple[dict[str, Any], ...]:
    """Messages with contents only: tools told first, calls and their results in the form."""
    plain: list[dict[str, Any]] = []
    if tools.told:
        plain.append({"role": "system", "content": tools.told})
    names: dict[str, str] = {}
    for message in messages:
        calls = _calls_in(message)
        if message.get("role") == "tool":
            name = names.get(str(message.get("tool_call_id")), "")
            result = _written({"name": name, "result": content_of(message)})
            plain.append({"role": "user", "content": result})
        elif calls:
            names |= {ident: call["name"] for ident, call in calls}
            listed = [call for _, call in calls]
            said = _written(listed[0] if len(listed) == 1 else listed)
            before = content_of(message)
            plain.append({**message, "content": f"{before}\n{said}" if before else said})
        else:
            plain.append(message)
    return tuple(plain)


def _written(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _calls_in(message: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(id, call in the form) of every tool call of a message."""
    found = []
    listed = message.get("tool_calls")
    for each in listed if isinstance(listed, list) else []:
        function = each.get("function") if isinstance(each, dict) else None
        if not isinstance(function, dict):
            raise _refused("a message has a tool call without a function")
        arguments = function.get("arguments") or "{}"
        try:
            given = msgspec.json.decode(arguments) if isinstance(arguments, str) else arguments
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            given = arguments
        call = {"name": str(function.get("name")), "parameters": given}
        found.append((str(each.get("id")), call))
    return found


# What the model says


class CallReader:
    """Divides an answer, as it comes, into text and calls."""

    def __init__(self, tools: Tools, *, place: int) -> None:
        """`place`: how many messages went before; it makes the ids of calls the answer's own."""
        self._names = tools.names
        self._place = place
        self._held: list[str] = []
        self._is_call: bool | None = None

    def read(self, chunk: Chunk) -> Chunk:
        """The chunk without what is, or may be, the beginning of a call; the last with the calls.

        Raises ProviderError when the answer began as a call and is none.
        """
        if self._is_call is False:
            return chunk
        self._held.append(chunk.text)
        held = "".join(self._held)
        if self._is_call is None:
            self._is_call = _is_call(held, ended=bool(chunk.finish_reason))
            if self._is_call is False:
                return msgspec.structs.replace(chunk, text=held)
        if not chunk.finish_reason:
            return msgspec.structs.replace(chunk, text="")
        calls = _read(held, self._names, cut=chunk.finish_reason == "length")
        delta = {"tool_calls": [self._told(number, call) for number, call in enumerate(calls)]}
        return msgspec.structs.replace(chunk, text="", finish_reason="tool_calls", delta=delta)

    def _told(self, number: int, call: dict[str, Any]) -> dict[str, Any]:
        arguments = json.dumps(call["parameters"], ensure_ascii=False)
        return {
            "index": number,
            "id": f"call_{self._place}_{number}",
            "type": "function",
            "function": {"name": call["name"], "arguments": arguments},
        }


def _is_call(text: str, *, ended: bool) -> bool | None:
    """Whether an answer that begins so is a call; None while nobody can tell."""
    if _CALL.match(text):
        return True
    return False if ended or not _PERHAPS.fullmatch(text) else None


def _read(text: str, names: Sequence[str], *, cut: bool) -> list[dict[str, Any]]:
    """The calls that an answer is. Raises ProviderError when it is anything else."""
    try:
        said = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        why = "it was cut at max_tokens" if cut else str(error)
        raise _malformed(why) from None
    calls = said if isinstance(said, list) else [said]
    for call in calls:
        if not isinstance(call, dict) or set(call) != {"name", "parameters"}:
            raise _malformed("a call has `name` and `parameters`, and nothing else")
        if call["name"] not in names:
            raise _malformed(f"there is no function {str(call['name'])[:64]!r}")
        if not isinstance(call["parameters"], dict):
            raise _malformed("`parameters` is no object")
    return calls


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _malformed(why: str) -> ProviderError:
    return ProviderError(
        f"the local model began a tool call that cannot be read: {why}", retryable=False
    )
