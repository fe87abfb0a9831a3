"""Inspect AI: a task file or the name of a registered task; its log tells the id of every answer.

Written against inspect_ai 0.3.285. `openai-api/NAME` is its provider for any address that speaks
the API; key and address are read of NAME_API_KEY and NAME_BASE_URL.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from roadworthy.domain import EvidenceError
from roadworthy.origins import Limits, opened

from .tool import ForeignTool, Told, Visit, only, said, text_of

_PROVIDER = "openai-api/candidate/"


def _command(visit: Visit) -> list[str]:
    limit = ["--limit", str(visit.limit)] if visit.limit else []
    return [
        "-m", "inspect_ai", "eval", visit.task, "--model", _PROVIDER + visit.model,
        "--display", "none", "--log-dir", str(visit.folder), "--log-format", "json",
        "--ctl-server", "false", "--max-connections", str(visit.concurrency), *limit, *visit.more,
    ]  # fmt: skip


def _environment(visit: Visit) -> Mapping[str, str]:
    return {"CANDIDATE_API_KEY": visit.key, "CANDIDATE_BASE_URL": visit.url}


def _results(folder: Path) -> list[Path]:
    return only([*folder.glob("*.json"), *folder.glob("*.eval")], folder, "log")


def _told(path: Path) -> list[Told]:
    with opened(path, Limits()) as source:
        log = source.decode(source.whole(), dict[str, Any])
    found: list[Told] = []
    for sample in log.get("samples") or []:
        row = f"sample {sample.get('id')!r} epoch {sample.get('epoch')}"
        answers = [*_answers(sample, row)]
        if not answers and sample.get("error") is None:
            raise EvidenceError(f"{row} has a score and was not asked of the candidate")
        found.extend(answers)
    return found


def _answers(sample: dict[str, Any], row: str) -> list[Told]:
    """Every answer of the candidate in a sample, those that a retry threw away among them."""
    tries = [sample, *(each for each in sample.get("error_retries") or [])]
    events = [event for each in tries for event in each.get("events") or []]
    found = []
    for event in events:
        output = event.get("output") or {}
        ours = event.get("event") == "model" and str(event.get("model", "")).startswith(_PROVIDER)
        if not ours or event.get("error") is not None or not output.get("choices"):
            continue
        name = str(output.get("response_id") or "")
        if event.get("cache") == "read" or not name:
            raise EvidenceError(f"{row} has an answer that was not given now, but kept by Inspect")
        message = output["choices"][0].get("message") or {}
        found.append(
            Told(
                row=row,
                id=name,
                answer=text_of(message.get("content")),
                question=said(event.get("input")),
            )
        )
    return found


TOOL = ForeignTool(
    title="Inspect AI",
    package="inspect-ai",
    install="pip install 'inspect-ai>=0.3.285' openai",
    licence="MIT",
    command=_command,
    environment=_environment,
    results=_results,
    told=_told,
)
