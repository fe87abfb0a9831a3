"""`nemo`: the input or output rails of a NeMo Guardrails configuration (the `nemo` extra).

Enters: a text. Leaves: one finding over all of it where a rail blocked or changed it. What never
happens here: a file that the release does not hold (a configuration that names folders to import is
refused), Python that lies beside a configuration, usage statistics sent to anybody.
"""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress
from typing import Any

from roadworthy.domain import DetectorError, Finding, NemoCheck, TextContext, UsageError

from .in_thread import InThread

_REACHES = ("import_paths", "docs", "knowledge_base", "actions_server_url")
"""Keys that reach for what the release does not hold."""


def make_nemo(check: NemoCheck, assets: dict[str, Any]) -> InThread:
    """Something that looks. Raises UsageError where it is not installed, or cannot be read."""
    config = assets.get(check.config)
    if not isinstance(config, dict):
        raise UsageError(f"{check.config}: no NeMo configuration", fix="write YAML with `rails:`")
    for key in _REACHES:
        if key in config:
            raise UsageError(
                f"{check.config}: `{key}` reaches for what the release does not hold",
                fix="write all flows into the side file that `colang` names",
            )
    colang = assets.get(check.colang, "") if check.colang else ""
    if not isinstance(colang, str):
        raise UsageError(f"{check.colang}: no flows", fix="write Colang into a file such as x.co")
    os.environ["NEMO_GUARDRAILS_NO_USAGE_STATS"] = "1"
    try:
        from nemoguardrails import LLMRails, RailsConfig
    except ImportError:
        raise UsageError(
            "a rail asks `nemo`, which is not installed", fix="pip install 'roadworthy[nemo]'"
        ) from None
    try:
        rails = LLMRails(RailsConfig.from_content(colang_content=colang, config=config))
    except Exception as error:  # whatever it finds wrong with its own files
        raise UsageError(
            f"{check.config}: NeMo Guardrails cannot use it ({type(error).__name__}: {error})"
        ) from None
    looking = _Looking(check, rails)
    return InThread(looking, at_once=check.at_once, close=looking.close)


class _Looking:
    """One look at a text, each thread in a loop of its own: its models' connections stay there."""

    def __init__(self, check: NemoCheck, rails: Any) -> None:
        from nemoguardrails.rails.llm.options import RailStatus, RailType

        self._kind = check.kind
        self._rails = rails
        self._types = {"input": RailType.INPUT, "output": RailType.OUTPUT}
        self._passed = RailStatus.PASSED
        self._stopped = (RailStatus.BLOCKED, RailStatus.MODIFIED)
        self._own = threading.local()
        self._loops: list[asyncio.AbstractEventLoop] = []

    def __call__(self, text: str, context: TextContext) -> list[Finding]:
        said = {"role": "user", "content": context.input if context.side == "output" else text}
        messages = [said]
        if context.side == "output":
            messages.append({"role": "assistant", "content": text})
        asked = self._rails.check_async(messages, rail_types=[self._types[context.side]])
        result = self._loop().run_until_complete(asked)
        if result.status == self._passed:
            return []
        if result.status not in self._stopped:
            raise DetectorError("NeMo Guardrails said neither passed nor blocked")
        return [Finding(kind=self._kind, start=0, end=len(text))]

    def close(self) -> None:
        """Close the loops; one that still runs is left."""
        for loop in self._loops:
            with suppress(RuntimeError):
                loop.close()

    def _loop(self) -> asyncio.AbstractEventLoop:
        loop: asyncio.AbstractEventLoop | None = getattr(self._own, "loop", None)
        if loop is None:
            loop = self._own.loop = asyncio.new_event_loop()
            self._loops.append(loop)
        return loop
