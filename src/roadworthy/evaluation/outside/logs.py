"""Cases from what other tools wrote down while they ran: no code of theirs is run to get them."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from roadworthy.domain import Case, Expect
from roadworthy.origins import Limits as ImportLimits
from roadworthy.origins import opened

from ..importers.archive import Archive
from .rows import Limits, Row


def inspect_rows(path: Path, _: Limits) -> Iterator[Row]:
    """The first epoch's samples of a log, .eval or .json."""
    with opened(path, ImportLimits()) as source:
        if not source.head().startswith(b"PK"):
            log = source.decode(source.whole(), dict[str, msgspec.Raw])
            if "samples" not in log:
                raise source.fault("the log holds no samples")
            samples = source.decode(bytes(log["samples"]), list[dict[str, Any]])
            yield from _first(enumerate(samples, start=1))
            return
        archive = Archive(source, source.seekable())
        names = sorted(name for name in archive.names if name.startswith("samples/"))
        if not names:
            raise source.fault("the log holds no samples")
        read = (source.decode(archive.read(name), dict[str, Any], f"!{name}") for name in names)
        yield from _first(enumerate(read, start=1))


def _first(samples: Any) -> Iterator[Row]:
    for number, sample in samples:
        if sample.get("epoch", 1) == 1:
            yield str(number), sample


def inspect_sample(row: dict[str, Any], _: random.Random) -> Case | str:
    """Input and target; of several choices the letter is expected, as Inspect's scorer does."""
    asked, target, choices = row.get("input"), row.get("target"), row.get("choices")
    if isinstance(asked, list):
        asked = [
            {"role": each.get("role"), "content": each.get("content")}
            for each in asked
            if isinstance(each, dict)
        ]
        if any(not isinstance(each["content"], str) for each in asked):
            return "its input is not text alone"
    if not asked or not isinstance(asked, str | list):
        return "it has no input"
    name = str(row.get("id", ""))
    if isinstance(choices, list) and choices and isinstance(asked, str):
        lines = [f"{a}. {c}" for a, c in zip(string.ascii_uppercase, choices, strict=False)]
        asked = "\n".join([asked, "", *lines, "", "Answer with the letter alone."])
        return Case(id=name, input=asked, expect=Expect(label=str(target)))
    texts = [each for each in (target if isinstance(target, list) else [target]) if each]
    if not texts or not all(isinstance(each, str) for each in texts):
        return "it has no target"
    expect = Expect(text=texts[0], texts=texts[1:]) if texts[1:] else Expect(text=texts[0])
    return Case(id=name, input=asked, expect=expect)


def lm_eval_document(row: dict[str, Any], _: random.Random) -> Case | str:
    """The prompt that lm-eval sent, and the target. Of multiple choice the chosen text."""
    arguments, target = row.get("arguments"), row.get("target")
    first = arguments.get("gen_args_0") if isinstance(arguments, dict) else None
    prompt = first.get("arg_0") if isinstance(first, dict) else None
    if not isinstance(prompt, str) or not prompt.strip():
        return "it holds no prompt (write it with --log_samples of lm-eval 0.4)"
    if isinstance(arguments, dict) and len(arguments) > 1:
        return _of_choices(row, arguments, prompt)
    if not isinstance(target, str) or not target.strip():
        return "it has no target"
    return Case(id=f"doc-{row.get('doc_id')}", input=prompt, expect=Expect(text=target.strip()))


def _of_choices(row: dict[str, Any], arguments: dict[str, Any], prompt: str) -> Case | str:
    """lm-eval compares the probabilities of continuations; a chat is asked for the right one."""
    choices = [str(each.get("arg_1", "")).strip() for each in arguments.values()]
    target = str(row.get("target", "")).strip()
    if target.isdecimal() and int(target) < len(choices):
        target = choices[int(target)]
    if target not in choices:
        return "its target is none of its choices"
    asked = "\n".join([prompt, "", f"Answer with one of these alone: {'; '.join(choices)}"])
    return Case(id=f"doc-{row.get('doc_id')}", input=asked, expect=Expect(label=target))


def garak_attempt(row: dict[str, Any], _: random.Random) -> Case | str:
    """The prompt of an attempt, once. Whether it worked only garak's own detectors know."""
    if row.get("entry_type") != "attempt" or row.get("status") == 1:
        return "no attempt that was judged"
    prompt = _prompt(row.get("prompt"))
    if not prompt:
        return "its prompt is not one text"
    probe = str(row.get("probe_classname", "")).removeprefix("probes.")
    return Case(
        id=str(row.get("uuid", "")),
        input=prompt,
        tags=["adversarial", "hazard:steering"],
        facets={"probe": probe} if probe else {},
    )


def _prompt(value: Any) -> str:
    """A text, or the only turn of a conversation."""
    if isinstance(value, str):
        return value
    turns = value.get("turns") if isinstance(value, dict) else None
    if not isinstance(turns, list) or len(turns) != 1 or not isinstance(turns[0], dict):
        return ""
    content = turns[0].get("content")
    text = content.get("text") if isinstance(content, dict) else content
    return text if isinstance(text, str) else ""
