"""garak: the names of probes; its report tells every conversation and what came back.

Written against garak 0.17.1. Generations of one prompt are asked one by one (its generator for any
address that speaks the API does so).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from roadworthy.origins import Limits, opened

from .tool import ForeignTool, Said, Told, Visit, only

_JUDGED = 2
"""`status` of an attempt that was answered and judged; each stands in the file before, too."""


def _command(visit: Visit) -> list[str]:
    generator = {"openai": {"OpenAICompatible": {"uri": f"{visit.url}/"}}}
    return [
        "-m", "garak", "--target_type", "openai.OpenAICompatible", "--target_name", visit.model,
        "--generator_options", msgspec.json.encode(generator).decode(),
        "--probes", visit.task, "--report_prefix", str(visit.folder / "garak"),
        "--parallel_attempts", str(visit.concurrency), *visit.more,
    ]  # fmt: skip


def _environment(visit: Visit) -> Mapping[str, str]:
    return {
        "OPENAICOMPATIBLE_API_KEY": visit.key,
        "XDG_DATA_HOME": str(visit.folder.parent / "garak-data"),
    }


def _results(folder: Path) -> list[Path]:
    return only(list(folder.glob("*.report.jsonl")), folder, "report.jsonl")


def _told(path: Path) -> list[Told]:
    found: list[Told] = []
    with opened(path, Limits()) as source:
        for number, line in source.lines():
            row = source.decode(line, dict[str, Any], f":{number}")
            if row.get("entry_type") == "attempt" and row.get("status") == _JUDGED:
                question = _question(row.get("prompt"))
                found.extend(
                    Told(row=f"line {number}", question=question, answer=_text(answer))
                    for answer in row.get("outputs") or []
                    if answer is not None
                )
    return found


def _question(prompt: Any) -> Said:
    turns = prompt.get("turns") if isinstance(prompt, dict) else None
    return tuple(
        (str(turn.get("role", "")), _text(turn.get("content")))
        for turn in turns or []
        if isinstance(turn, dict)
    )


def _text(message: Any) -> str:
    text = message.get("text") if isinstance(message, dict) else message
    return text if isinstance(text, str) else ""


TOOL = ForeignTool(
    title="garak",
    package="garak",
    install="pip install 'garak>=0.17' (6 GB: it brings torch)",
    licence="Apache-2.0",
    command=_command,
    environment=_environment,
    results=_results,
    told=_told,
)
