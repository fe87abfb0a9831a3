"""Prompts of local models: messages or a text in, token ids out.

Control tokens come from our templates only. What people wrote is tokenised as plain text, so no
input can close its turn or open another one, whatever it contains.
"""

from __future__ import annotations

from typing import Any, Protocol

from msgspec import Struct

from roadworthy.domain import ModelRequest, ProviderError, UsageError

MIN_SHARED_TOKENS = 24
"""Shorter beginnings are not worth keeping: computing them costs less than cutting the cache."""


MIN_TAIL_CHARS = 32
"""What follows the last blank line and is shorter (`Desk:`) cannot hold what calls differ in."""


class Template(Struct, frozen=True, kw_only=True):
    """How a chat becomes one text; every part is read with control tokens."""

    before: str
    """Before a turn's content; `{role}` is its role."""
    after: str
    begin: str
    """Where the model's own turn begins."""
    assistant: str = "assistant"
    system_in_user: bool = False
    """Whether system messages are put at the head of the next user turn."""


TEMPLATES = {
    # https://ai.google.dev/gemma/docs/core/prompt-structure
    "gemma": Template(
        before="<start_of_turn>{role}\n",
        after="<end_of_turn>\n",
        begin="<start_of_turn>model\n",
        assistant="model",
        system_in_user=True,
    ),
    "chatml": Template(
        before="<|im_start|>{role}\n", after="<|im_end|>\n", begin="<|im_start|>assistant\n"
    ),
    "plain": Template(before="", after="\n\n", begin=""),
}

_ROLES = ("system", "developer", "user", "assistant")


class Tokenizer(Protocol):
    """What turns text into token ids."""

    async def tokenize(self, text: str, *, begin: bool = False, special: bool = False) -> list[int]:
        """Token ids; control tokens are read only when `special`."""
        ...


class TokenPrompt(Struct, frozen=True):
    """A prompt as the model reads it."""

    tokens: list[int]
    shared: int
    """How many leading tokens belong to the part that calls have in common."""
    open_space: bool
    """Whether the answer begins after a space that the prompt does not hold."""


def template_named(name: str) -> Template:
    """The template of that name. Raises UsageError."""
    if name not in TEMPLATES:
        raise UsageError(
            f"there is no chat template {name!r}",
            fix="write model.options.chat_template: one of " + ", ".join(TEMPLATES),
        )
    return TEMPLATES[name]


async def token_prompt(
    request: ModelRequest, tokenizer: Tokenizer, template: Template
) -> TokenPrompt:
    """Tokenise a request. The shared part depends on this request alone, never on others.

    It is what stands before the last message, or, in a text, `prefix_chars` characters (else
    everything up to the last blank line that has more than a few words after it).
    """
    if request.prompt is not None:
        return await _text_prompt(request.prompt, request.prefix_chars, tokenizer)
    pieces = _pieces(request.messages, template)
    tokens: list[int] = []
    shared = 0
    for index, (text, special) in enumerate(pieces):
        if index == len(pieces) - 2:
            shared = len(tokens)
        if text:
            tokens += await tokenizer.tokenize(text, begin=not tokens, special=special)
    return TokenPrompt(tokens, _worth(shared), _open_space(pieces[-1][0]))


async def _text_prompt(text: str, prefix_chars: int, tokenizer: Tokenizer) -> TokenPrompt:
    tokens = await tokenizer.tokenize(text, begin=True)
    split = prefix_chars or text.rfind("\n\n", 0, max(0, len(text) - MIN_TAIL_CHARS)) + 2
    shared = 0
    if 2 < split < len(text):
        prefix = await tokenizer.tokenize(text[:split], begin=True)
        while shared < len(prefix) and shared < len(tokens) - 1:
            if prefix[shared] != tokens[shared]:
                break
            shared += 1
        if shared < len(prefix):
            shared = max(0, shared - 1)
    return TokenPrompt(tokens, _worth(shared), _open_space(text))


def _worth(shared: int) -> int:
    return shared if shared >= MIN_SHARED_TOKENS else 0


def _open_space(text: str) -> bool:
    return bool(text) and not text[-1].isspace()


def _pieces(messages: tuple[dict[str, Any], ...], template: Template) -> list[tuple[str, bool]]:
    """(text, whether control tokens count), ending with the last content and the model's turn."""
    pieces: list[tuple[str, bool]] = []
    opening = ""
    after = ""
    for message in messages:
        role, content = _role(message), content_of(message)
        if role in ("system", "developer") and template.system_in_user:
            opening += content + "\n\n"
            continue
        role = template.assistant if role == "assistant" else role
        pieces.append((after + template.before.format(role=role), True))
        if opening and role == "user":
            pieces.append((opening, False))
            opening = ""
        pieces.append((content, False))
        after = template.after
    if not pieces:
        raise ProviderError("a chat needs at least one message of a user", retryable=False)
    pieces.append((after + template.begin, True))
    return pieces


def _role(message: dict[str, Any]) -> str:
    """The role, one of four: it stands among control tokens, so no other word gets there."""
    role = message.get("role", "user")
    if role not in _ROLES:
        raise ProviderError(
            f"the local model knows no role {str(role)[:40]!r}",
            retryable=False,
            status=400,
            fix=f"roles are {', '.join(_ROLES)} and tool",
        )
    return str(role)


def content_of(message: dict[str, Any]) -> str:
    """A message's content as one text. Raises ProviderError when it is none."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict)]
        if all(part.get("type") == "text" for part in parts):
            return "".join(str(part.get("text", "")) for part in parts)
    if content is None:
        return ""
    raise ProviderError("the local model reads text only", retryable=False, status=400)
