"""Guard models' words: their own form, or no verdict at all."""

from __future__ import annotations

import pytest

from roadworthy.providers.inspectors.guard_words import Word, llama_guard, qwen3guard, shieldgemma


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("safe", Word(0.0)),
        ("\n\nsafe\n", Word(0.0)),
        ("unsafe", Word(1.0)),
        ("\n\nunsafe\nS1", Word(1.0, ("S1",))),
        ("unsafe\nS1,S14,S1", Word(1.0, ("S1", "S14"))),
        ("unsafe\nS1, S9", Word(1.0, ("S1", "S9"))),
    ],
)
def test_llama_guard_says_safe_or_unsafe(said: str, word: Word) -> None:
    assert llama_guard(said) == word


@pytest.mark.parametrize(
    "said",
    ["", "Safe", "safe.", "safe S1", "safe\nS1", "it is safe", "unsafe S1", "unsafe\nviolence",
     "unsafe\nS1\nsafe", "safe\nunsafe", "not unsafe", "unsafe\nS1,", "unsafe\nS123", "safe safe"],
)  # fmt: skip
def test_what_llama_guard_would_not_say_is_no_verdict(said: str) -> None:
    assert llama_guard(said) is None


@pytest.mark.parametrize(
    ("said", "word"),
    [("Yes", Word(1.0)), (" No", Word(0.0)), ("No.", Word(0.0)), ("Yes, because it is", Word(1.0)),
     ("yes", None), ("", None), ("Maybe", None), ("Nothing", None), ("Yesterday", None),
     ("I say No", None)],
)  # fmt: skip
def test_shieldgemma_begins_with_yes_or_no(said: str, word: Word | None) -> None:
    assert shieldgemma(said) == word


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("Safety: Safe\nCategories: None", Word(0.0)),
        ("Safety: Safe\nCategories: None\nRefusal: Yes", Word(0.0)),
        ("Safety: Unsafe\nCategories: Violent", Word(1.0, ("VIOLENT",))),
        ("Safety: Controversial\nCategories: PII, Jailbreak", Word(0.5, ("PII", "JAILBREAK"))),
        ("Safety: Unsafe\nCategories: Violent\nRefusal: No", Word(1.0, ("VIOLENT",))),
    ],
)
def test_qwen3guard_says_safety_and_categories(said: str, word: Word) -> None:
    assert qwen3guard(said) == word


@pytest.mark.parametrize(
    "said",
    ["", "Safe", "Safety: Safe", "Safety: safe\nCategories: None", "Categories: None",
     "Safety: Safe\nCategories: Violent", "Safety: Unsafe\nCategories: None",
     "Safety: Unsafe\nCategories: Weather", "Safety: Unsafe\nCategories: ",
     "Safety: Safe\nSafety: Unsafe\nCategories: None", "Safety: Safe\nCategories: None\nRefusal: x",
     "Safety: Safe\nCategories: None\nNote: fine", "so\nSafety: Safe\nCategories: None"],
)  # fmt: skip
def test_what_qwen3guard_would_not_say_is_no_verdict(said: str) -> None:
    assert qwen3guard(said) is None
