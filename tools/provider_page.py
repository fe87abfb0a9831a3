"""The reference page of the providers: prose from a template, keys and options from the code."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import msgspec

from roadworthy.domain import Model, Upstream
from roadworthy.providers.anthropic_wire import AnthropicOptions
from roadworthy.providers.local_server import THREADS_VARIABLE, LocalOptions
from roadworthy.providers.openai_wire import WireOptions
from roadworthy.providers.rules import RuleLabel, RuleModel

TEMPLATE = Path(__file__).with_name("providers.template.md")

_MARK = re.compile(r"<!-- table (\w+): (.*) -->")
_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (Model, Upstream, LocalOptions, WireOptions, AnthropicOptions, RuleModel, RuleLabel)
}

_SAID = {
    "provider": "one of the sections below",
    "name": "the model's name at that provider; for `python` the function's",
    "digest": "`sha256:` of the weights or the source; checked before they are used",
    "version": "the version that a vendor names",
    "adapter": "a file with a fine-tuned adapter, pinned by its digest; kept for a later version",
    "upstream": "an entry of `[upstreams]` in `roadworthy.toml`",
    "file": "a file in the system's folder: rules, source, recording, weights",
    "options": "the provider's own, see there",
    "url": "address up to and without `/chat/completions` or `/messages`",
    "region": "where it stands; shown, not acted on",
    "credential": "`env:NAME` or `file:PATH`, never the secret itself",
    "timeout_s": "of one call, from its start to its end",
    "connect_timeout_s": "until the connection stands",
    "max_connections": "at a time",
    "weight": "its share of the calls, beside those of `also`",
    "retries": "after the first try, with growing pauses, where nothing was answered yet",
    "labels": "label -> how it is scored",
    "bias": "what the label's sum begins with",
}
"""Where the code needs no words, people do."""


def described(kind: type[Any]) -> dict[str, str]:
    """A struct's fields with the text that stands under each in the source."""
    body = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(body, ast.ClassDef)
    texts: dict[str, str] = {}
    last = ""
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            last = node.target.id
            texts[last] = ""
        elif last and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            texts[last] = " ".join(str(node.value.value).split())
            last = ""
    return texts


def table(kind: type[Any], title: str) -> str:
    """A table of a struct's fields: name, default, meaning."""
    texts = {**_SAID, **{name: text for name, text in described(kind).items() if text}}
    rows = [f"| {title} | default | |", "| --- | --- | --- |"]
    for field in msgspec.structs.fields(kind):
        if field.name == "roadworthy":
            continue
        default = "required" if field.required else f"`{_default(field)}`"
        rows.append(f"| `{field.name}` | {default} | {_cell(texts[field.name])} |")
    return "\n".join(rows)


def _cell(text: str) -> str:
    return text.replace("`THREADS_VARIABLE`", f"`{THREADS_VARIABLE}`").replace("|", "\\|")


def _default(field: Any) -> str:
    value = field.default
    if value is msgspec.NODEFAULT:
        value = field.default_factory()
    return msgspec.json.encode(value).decode()


def page() -> str:
    """The whole page."""

    def filled(mark: re.Match[str]) -> str:
        return table(_KINDS[mark[1]], mark[2])

    return _MARK.sub(filled, TEMPLATE.read_text(encoding="utf-8"))
