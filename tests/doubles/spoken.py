"""The command line called in this process, and what it said."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

Says = Callable[..., tuple[int, str]]
"""Arguments -> exit code and what was said; standard error only where it failed."""


def says(capture: pytest.CaptureFixture[str]) -> Says:
    """A way to call the command, its output taken from pytest's capture."""

    def call(*arguments: str) -> tuple[int, str]:
        code = run(VERBS, arguments)
        said = capture.readouterr()
        return code, said.out + (said.err if code else "")

    return call


def said_json(call: Says, *arguments: str, code: int = 0) -> Any:
    """What a verb says with --json; it must end with `code`."""
    found, said = call(*arguments, "--json")
    assert found == code, said
    return json.loads(said)
