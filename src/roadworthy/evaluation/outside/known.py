"""One function a known set: a row as its authors publish it -> a case without id, or why not."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from typing import Any

from roadworthy.domain import Case, Expect

from ..scorers.instructions import unchecked

_NO_TEXT = "it has no text where one is expected"


def _text(row: dict[str, Any], *names: str) -> str:
    for name in names:
        value = row.get(name)
        if isinstance(value, str) and value.strip():
            return value
    return ""


def gsm8k(row: dict[str, Any], _: random.Random) -> Case | str:
    """The number after `####`."""
    question, answer = _text(row, "question"), _text(row, "answer")
    mark, number = answer.rpartition("####")[1:]
    if not question or not mark:
        return _NO_TEXT
    asked = f"{question}\n\nGive the result as the last number of your answer."
    return Case(id="", input=asked, expect=Expect(text=number.strip().replace(",", "")))


def humaneval(row: dict[str, Any], _: random.Random) -> Case | str:
    """The function is completed; its tests call it in the sandbox."""
    prompt, tests, entry = (_text(row, name) for name in ("prompt", "test", "entry_point"))
    if not prompt or not tests or not entry.isidentifier():
        return _NO_TEXT
    asked = f"Complete this Python function. Answer with code only.\n\n```python\n{prompt}```"
    expect = Expect(tests=f"{tests}\n\ncheck({entry})\n", setup=prompt)
    return Case(id=_text(row, "task_id"), input=asked, expect=expect)


def ifeval(row: dict[str, Any], _: random.Random) -> Case | str:
    """Instructions that can be checked by rule; a prompt with another one is left out."""
    prompt, names, options = _text(row, "prompt"), row.get("instruction_id_list"), row.get("kwargs")
    if not prompt or not isinstance(names, list) or not isinstance(options, list):
        return _NO_TEXT
    if len(names) != len(options) or not all(isinstance(each, str) for each in names):
        return "instructions and their options do not go together"
    plain = [name.removeprefix("en:") for name in names]
    reasons = [why for name in sorted(set(plain)) if (why := unchecked(name))]
    if reasons:
        return reasons[0]
    asked = [
        {"instruction": name}
        | {key: said for key, said in (each or {}).items() if said is not None}
        for name, each in zip(plain, options, strict=True)
    ]
    return Case(id=f"ifeval-{row.get('key', '')}", input=prompt, expect=Expect(json=asked))


def squad(row: dict[str, Any], _: random.Random) -> Case | str:
    """Extractive answers, several right ones; of SQuAD 2 those without an answer are tagged."""
    context, question, answers = _text(row, "context"), _text(row, "question"), row.get("answers")
    if isinstance(answers, dict):
        texts = answers.get("text")
    else:
        texts = [each.get("text") for each in answers] if isinstance(answers, list) else None
    if not context or not question or not isinstance(texts, list):
        return _NO_TEXT
    right = list(dict.fromkeys(each for each in texts if isinstance(each, str)))
    if not right:
        return "it has no answer in its text (SQuAD 2)"
    how = "Answer with the shortest words of the text that answer."
    asked = f"{context}\n\nQuestion: {question}\n{how}"
    expect = Expect(text=right[0], texts=right[1:]) if right[1:] else Expect(text=right[0])
    return Case(id=_text(row, "id"), input=asked, expect=expect)


def truthfulqa(row: dict[str, Any], drawing: random.Random) -> Case | str:
    """The best answer among the wrong ones, their order drawn with the seed."""
    question, best = _text(row, "Question"), _text(row, "Best Answer")
    wrong = [each.strip() for each in _text(row, "Incorrect Answers").split(";") if each.strip()]
    if not question or not best or not wrong:
        return _NO_TEXT
    return _choice(question, [best, *wrong[: len(string.ascii_uppercase) - 1]], 0, drawing)


def _choice(question: str, choices: list[str], right: int, drawing: random.Random) -> Case:
    order = drawing.sample(range(len(choices)), len(choices))
    lines = [
        f"{letter}. {choices[place]}"
        for letter, place in zip(string.ascii_uppercase, order, strict=False)
    ]
    asked = "\n".join([question, "", *lines, "", "Answer with the letter alone."])
    return Case(id="", input=asked, expect=Expect(label=string.ascii_uppercase[order.index(right)]))


GLUE: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "sst2": (("sentence",), ("negative", "positive"), "What is the sentiment of the sentence"),
    "cola": (("sentence",), ("unacceptable", "acceptable"), "Is the sentence good English"),
    "mrpc": (("sentence1", "sentence2"), ("different", "same"), "Do both say the same"),
    "qqp": (("question1", "question2"), ("different", "same"), "Do both ask the same"),
    "mnli": (("premise", "hypothesis"), ("entailment", "neutral", "contradiction"),
             "What is the hypothesis to the premise"),
    "qnli": (("question", "sentence"), ("entailment", "not_entailment"),
             "Does the sentence answer the question"),
    "rte": (("sentence1", "sentence2"), ("entailment", "not_entailment"),
            "Does the second follow from the first"),
    "wnli": (("sentence1", "sentence2"), ("not_entailment", "entailment"),
             "Does the second follow from the first"),
}  # fmt: skip
"""Task -> its columns, its labels in the order of their numbers, what is asked."""


def glue(task: str) -> Callable[[dict[str, Any], random.Random], Case | str]:
    """The converter of a task. The test split has no labels (-1) and gives no case."""
    columns, labels, asked = GLUE[task]

    def convert(row: dict[str, Any], _: random.Random) -> Case | str:
        texts = [_text(row, column) for column in columns]
        number = str(row.get("label", "")).strip()
        if not all(texts):
            return _NO_TEXT
        if number not in map(str, range(len(labels))):
            return "it has no label"
        lines = [f"{name}: {text}" for name, text in zip(columns, texts, strict=True)]
        question = f"{asked}: {' or '.join(labels)}? Answer with that word alone."
        return Case(
            id="",
            input="\n".join([*lines, "", question]),
            expect=Expect(label=labels[int(number)]),
        )

    return convert


def stsb(row: dict[str, Any], _: random.Random) -> Case | str:
    """How alike two sentences are, from 0 to 5. The test split has no score (-1)."""
    first, second = _text(row, "sentence1"), _text(row, "sentence2")
    said = str(row.get("label", row.get("score", ""))).strip()
    if not first or not second:
        return _NO_TEXT
    try:
        score = float(said)
    except ValueError:
        return "it has no score"
    if not 0.0 <= score <= 5.0:
        return "it has no score"
    asked = "\n".join([
        f"sentence1: {first}", f"sentence2: {second}", "",
        "How alike are they in meaning, from 0 (not at all) to 5 (the same)? Answer with one "
        "number alone, decimals allowed.",
    ])  # fmt: skip
    return Case(id="", input=asked, expect=Expect(text=said))


def plain_row(row: dict[str, Any], _: random.Random) -> Case | str:
    """A question and what is expected, by the usual names of columns."""
    asked = _text(row, "input", "question", "prompt", "text")
    if not asked:
        return "no column `input`, `question`, `prompt` or `text`"
    label, expected = _text(row, "label"), _text(row, "expected", "answer", "target", "output")
    expect = Expect(text=expected) if expected else Expect(label=label or None)
    return Case(id=_text(row, "id"), input=asked, expect=expect)
