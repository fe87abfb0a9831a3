"""On the page of the detectors: rails that ask outside, with options and examples."""

from __future__ import annotations

import inspect

import msgspec
from file_page import table

from roadworthy.domain import DEEP_RAILS

EXAMPLES = {
    "http": "upstream: guards\npath: /check\nscore: /result/score",
    "model": (
        "model: {provider: openai_compatible, name: llama-guard-3-8b, version: '3',"
        " upstream: guards}\nspeaks: llama_guard"
    ),
    "presidio": "language: en\nentities: [EMAIL_ADDRESS, CREDIT_CARD]",
    "nemo": "config: nemo.yaml\ncolang: nemo.co",
    "ood": "kind: OUT_OF_SCOPE",
    "guardrails_ai": "validator: guardrails/ban_list\narguments: {banned_words: [guaranteed]}",
}
"""Detector -> options as a file writes them; a test reads each."""

_HEAD = """\
## Rails that ask outside

These are `detector`s of rails only, and need a `budget_ms` of their own. They are asked when no
rail in this process objects, all of a side at once ([how to](../how-to/ask-outside.md)). Without a
word in time the rail is closed. `kind` is what records call the finding, `at_once` how many
questions may be under way in each worker; the others wait within their budget.
"""


def sections() -> str:
    """One section a detector, behind the others."""
    parts = [_HEAD]
    for name, kind in DEEP_RAILS.items():
        about = (inspect.getdoc(kind) or "").partition(": ")[2]
        schema = msgspec.json.schema(kind)["$defs"][kind.__name__]
        parts.append(f"### {name}\n\n{about[:1].upper()}{about[1:]}\n")
        parts.append(table(schema, kind.__name__).replace("](#", "](files.md#"))
        options = "\n".join(f"  {line}" for line in EXAMPLES[name].splitlines())
        parts.append(f"```yaml\ndetector: {name}\nbudget_ms: 2000\noptions:\n{options}\n```\n")
    return "\n".join(parts)
