"""lm-eval: the name of a task, or its YAML file; the samples beside its results tell every answer.

Written against lm_eval 0.4.13. Tasks that compare the probabilities of continuations cannot be
asked of a chat: lm-eval says so and ends, and so does the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from roadworthy.domain import EvidenceError
from roadworthy.origins import Limits, opened

from .tool import ForeignTool, Told, Visit, only, said


def _command(visit: Visit) -> list[str]:
    arguments = (
        f"base_url={visit.url}/chat/completions,model={visit.model},"
        f"num_concurrent={visit.concurrency},max_retries=3"
    )
    limit = ["--limit", str(visit.limit)] if visit.limit else []
    return [
        "-m", "lm_eval", "run", "--model", "local-chat-completions", "--model_args", arguments,
        "--tasks", visit.task, "--apply_chat_template", "--log_samples",
        "--output_path", str(visit.folder), *limit, *visit.more,
    ]  # fmt: skip


def _environment(visit: Visit) -> Mapping[str, str]:
    return {"OPENAI_API_KEY": visit.key}


def _results(folder: Path) -> list[Path]:
    return only(list(folder.rglob("results_*.json")), folder, "results_*.json")


def _told(path: Path) -> list[Told]:
    found: list[Told] = []
    for beside in sorted(path.parent.glob("samples_*.jsonl")):
        seen: set[Any] = set()
        with opened(beside, Limits()) as source:
            for number, line in source.lines():
                row = source.decode(line, dict[str, Any], f":{number}")
                if row.get("doc_id") in seen:
                    continue  # another filter over the same answers
                seen.add(row.get("doc_id"))
                found.extend(_answers(row, f"{beside.name}:{number}"))
    return found


def _answers(row: dict[str, Any], place: str) -> list[Told]:
    arguments, answers = row.get("arguments"), row.get("resps")
    listed = list(arguments.values()) if isinstance(arguments, dict) else []
    if not isinstance(answers, list) or not listed or len(listed) != len(answers):
        raise EvidenceError(f"{place}: it holds {len(listed)} questions and other answers")
    return [
        Told(row=place, question=_question(asked, place), answer=str(answer))
        for asked, several in zip(listed, answers, strict=True)
        for answer in (several if isinstance(several, list) else [several])
    ]


def _question(asked: Any, place: str) -> tuple[tuple[str, str], ...]:
    """lm-eval keeps the messages as JSON in a list of one."""
    text = asked.get("arg_0") if isinstance(asked, dict) else None
    text = text[0] if isinstance(text, list) and len(text) == 1 else text
    try:
        return said(msgspec.json.decode(str(text)))
    except (msgspec.DecodeError, RecursionError):
        raise EvidenceError(f"{place}: its question is no chat") from None


TOOL = ForeignTool(
    title="lm-eval",
    package="lm_eval",
    install="pip install 'lm_eval[api]>=0.4.13'",
    licence="MIT",
    command=_command,
    environment=_environment,
    results=_results,
    told=_told,
)
