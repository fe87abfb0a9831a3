"""More innocent texts to learn from: other columns of the public sets, and sets nobody measures on.

Enters: the folder with the sets. Leaves: rows that are trained on and never measured, so that the
table stays one of the same texts. Never happens here: a set under share-alike terms, or a row that
stays in training where its family is left out.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from .sets import LONGEST, MOST, Row, lines, table, whole

_Read = Callable[[Path], Iterable[Any]]


def more(data: Path) -> list[Row]:
    """Innocent rows; each set named and with the family that it is left out with."""
    rows: list[Row] = []
    for name, (family, read) in _MORE.items():
        texts = [text.strip()[:LONGEST] for text in read(data) if isinstance(text, str)]
        texts = list(dict.fromkeys(text for text in texts if text))
        random.Random(name).shuffle(texts)  # noqa: S311
        rows += [Row(text, False, name, family, measured=False) for text in texts[:MOST]]
    return rows


def _answers(name: str) -> _Read:
    """What a model answered to Arena-Hard."""
    path = f"arena_hard_answers/{name}.jsonl.gz"
    return lambda data: (one["choices"][0]["turns"][0]["content"] for one in lines(data / path))


def _said_last(data: Path) -> Iterator[str]:
    """The last answer of the chosen conversations."""
    for one in lines(data / "hh_rlhf_harmless" / "harmless_test_even_shared.jsonl.gz"):
        yield one["chosen"].rpartition("\n\nAssistant:")[2]


def _tools(data: Path) -> Iterator[str]:
    for one in _calls(data):
        yield json.dumps(one["function"])


def _calls(data: Path) -> Iterator[dict[str, Any]]:
    for name in ("irrelevance", "multiple"):
        yield from lines(data / "bfcl_tools" / f"BFCL_v4_{name}.json")


def _talk(data: Path) -> Iterator[str]:
    for one in table(data / "begin_wow" / "begin_test_wow.tsv.gz", delimiter="\t"):
        yield from (one["knowledge"], one["message"], one["response"])


def _law(data: Path) -> Iterator[str]:
    for name in ("articles", "annexes"):
        for one in whole(data / "eu_ai_act_en" / f"ai-act-{name}.json"):
            content = one["content"]
            yield content if isinstance(content, str) else json.dumps(content)


def _situations(data: Path) -> Iterator[str]:
    for name in ("Age", "Disability_status", "Religion"):
        for one in lines(data / "bbq_dev" / f"{name}.jsonl.gz"):
            yield one["context"] + " " + one["question"]


def _outputs(data: Path) -> Iterator[Any]:
    for name in ("seed_tasks", "user_oriented_instructions"):
        for one in lines(data / "self_instruct_seeds" / f"{name}.jsonl"):
            yield one["instances"][0]["output"]


_MORE: dict[str, tuple[str, _Read]] = {
    "arena_hard_gpt35": ("arena_hard", _answers("gpt-3.5-turbo-0125")),
    "arena_hard_gpt4": ("arena_hard", _answers("gpt-4-0314")),
    "bbq": ("bbq", _situations),
    "begin": ("begin", _talk),
    "bfcl_asked": ("bfcl", lambda data: (one["question"][0][0]["content"] for one in _calls(data))),
    "bfcl_tools": ("bfcl", _tools),
    "eu_ai_act_articles": ("eu_ai_act", _law),
    "gsm8k_answers": (
        "gsm8k",
        lambda data: (one["answer"] for one in lines(data / "gsm8k" / "test.jsonl.gz")),
    ),
    "hh_answers": ("hh_rlhf", _said_last),
    "humaneval_code": (
        "humaneval",
        lambda data: (
            one["prompt"] + one["canonical_solution"] + one["test"]
            for one in lines(data / "humaneval" / "HumanEval.jsonl.gz")
        ),
    ),
    "pandalm_second": (
        "pandalm",
        lambda data: (
            one["response2"] for one in whole(data / "pandalm_testset" / "testset-v1.json.gz")
        ),
    ),
    "pubmedqa_answers": (
        "pubmedqa",
        lambda data: (
            one["LONG_ANSWER"] for one in whole(data / "pubmedqa" / "ori_pqal.json.gz").values()
        ),
    ),
    "self_instruct_outputs": ("self_instruct", _outputs),
    "topical_chat_answers": (
        "topical_chat",
        lambda data: (
            one["system_output"]
            for one in whole(data / "topical_chat_human" / "topical_chat.json.gz")
        ),
    ),
    "truthfulqa_answers": (
        "truthfulqa_en",
        lambda data: (one["Best Answer"] for one in table(data / "truthfulqa" / "TruthfulQA.csv")),
    ),
}
