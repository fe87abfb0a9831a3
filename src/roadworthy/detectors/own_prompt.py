"""The release's own prompt, where a detector finds it: among the side files.

Enters: side files and a prompt. Leaves: both. Never happens here: a file of that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from roadworthy.domain import Prompt

OWN_PROMPT = "the release's prompt"
"""Under which it is among the side files."""


def with_prompt(assets: Mapping[str, Any], prompt: Prompt | None) -> Mapping[str, Any]:
    """Side files, with the release's prompt among them."""
    return assets if prompt is None else {**assets, OWN_PROMPT: prompt}
