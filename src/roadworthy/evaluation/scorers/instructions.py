"""Instructions that a rule can check, as IFEval words them (Zhou et al. 2023): all 25 kinds.

https://arxiv.org/abs/2311.07911. `expect.json` lists them, each a mapping such as
`{"instruction": "punctuation:no_comma"}` with its options beside. Strict, as the paper calls it:
the answer as it is, all must hold. Those on language and sentences need the extra `ifeval`: without
it a case that asks for one is not scored. An answer in which no language shows is in none (the
paper lets it pass). Keywords are texts, never patterns.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from msgspec import UNSET

from roadworthy.domain import Case, DetectorError, Observation

from .english_text import INSTALL, capital_words, installed, language_of, sentence_count

Options = dict[str, Any]


class Instructions:
    """1.0 when the output follows every instruction of `expect.json`, else 0.0."""

    def __init__(self, name: str) -> None:
        self.name = name

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """None when the case lists none. Raises DetectorError when one cannot be checked."""
        asked = case.expect.json
        if asked is UNSET or not isinstance(asked, list) or not asked:
            return None
        return float(all([_holds(each, output) for each in asked]))


def _holds(asked: Any, output: str) -> bool:
    name = asked.get("instruction") if isinstance(asked, dict) else None
    check = _CHECKS.get(name) if isinstance(name, str) else None
    if check is None:
        raise DetectorError(f"the instruction {str(name)[:80]!r} cannot be checked by rule")
    try:
        return bool(output.strip()) and check(output, asked)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DetectorError(f"the instruction {name!r} lacks an option: {error}") from None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    import re2

    return re2.compile(pattern)


def _found(pattern: str, text: str) -> list[str]:
    return [match.group(0) for match in _compiled(pattern).finditer(text)]


def _literal(text: str) -> str:
    import re2

    return str(re2.escape(text))


def _related(count: int, asked: Options, relation: str, number: str) -> bool:
    """`at least` and `less than` are the only two relations of the paper."""
    said, wanted = asked[relation], int(asked[number])
    if said not in ("at least", "less than"):
        raise ValueError(f"the relation {said!r}")
    return count >= wanted if said == "at least" else count < wanted


def _words(text: str, asked: Options) -> bool:
    return _related(len(_found(r"[\pL\pN\pM_]+", text)), asked, "relation", "num_words")


def _forbidden(text: str, asked: Options) -> bool:
    return not any(
        _compiled(rf"(?i)\b{_literal(word)}\b").search(text) for word in asked["forbidden_words"]
    )


def _existing(text: str, asked: Options) -> bool:
    return all(word.casefold() in text.casefold() for word in asked["keywords"])


def _frequency(text: str, asked: Options) -> bool:
    return _related(
        text.casefold().count(asked["keyword"].casefold()), asked, "relation", "frequency"
    )


def _letters(text: str, asked: Options) -> bool:
    count = text.lower().count(asked["letter"].lower())
    return _related(count, asked, "let_relation", "let_frequency")


def _highlighted(text: str, asked: Options) -> bool:
    single = [each for each in _found(r"\*[^\n\*]*\*", text) if each.strip("*").strip()]
    double = [each for each in _found(r"\*\*[^\n\*]*\*\*", text) if each[2:-2].strip()]
    return len(single) + len(double) >= int(asked["num_highlights"])


def _repeated(text: str, asked: Options) -> bool:
    return text.strip().lower().startswith(asked["prompt_to_repeat"].strip().lower())


def _quoted(text: str, _: Options) -> bool:
    told = text.strip()
    return len(told) > 1 and told[0] == told[-1] == '"'


def _titled(text: str, _: Options) -> bool:
    return any(each.strip("<>").strip() for each in _found(r"<<[^\n]+>>", text))


def _bullets(text: str, asked: Options) -> bool:
    stars = _found(r"(?m)^\s*\*[^\*].*$", text)
    return len(stars) + len(_found(r"(?m)^\s*-.*$", text)) == int(asked["num_bullets"])


def _placeholders(text: str, asked: Options) -> bool:
    return len(_found(r"\[.*?\]", text)) >= int(asked["num_placeholders"])


def _parts(text: str, mark: str) -> list[str] | None:
    """Between marks; an empty one at either end does not count, one inside is wrong."""
    parts = [each.strip() for each in text.split(mark)]
    inside = parts[1:-1]
    return None if not all(inside) else [each for each in parts if each]


def _paragraphs(text: str, asked: Options) -> bool:
    parts = _parts(text, "***")
    return parts is not None and len(parts) == int(asked["num_paragraphs"])


def _two_responses(text: str, _: Options) -> bool:
    parts = _parts(text, "******")
    return parts is not None and len(parts) == 2 and parts[0] != parts[1]


def _ended(text: str, asked: Options) -> bool:
    return text.strip().strip('"').lower().endswith(asked["end_phrase"].strip().lower())


def _postscript(text: str, asked: Options) -> bool:
    marker = asked["postscript_marker"]
    usual = {"P.P.S": r"p\.\s?p\.\s?s", "P.S.": r"p\.\s?s\."}
    pattern = usual.get(marker) or _literal(marker.lower())
    return _compiled(pattern).search(text.lower()) is not None


def _is_json(text: str, _: Options) -> bool:
    told = text.strip()
    for opening in ("```json", "```Json", "```JSON", "```"):
        told = told.removeprefix(opening)
    try:
        json.loads(told.removesuffix("```").strip())
    except (ValueError, RecursionError):
        return False
    return True


def _sections(text: str, asked: Options) -> bool:
    marks = _found(rf"\s?{_literal(asked['section_spliter'])}\s?\d+\s?", text)
    return len(marks) >= int(asked["num_sections"])


def _constrained(text: str, _: Options) -> bool:
    answers = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
    return any(answer in text for answer in answers)


def _language(text: str, asked: Options) -> bool:
    return language_of(text) == str(asked["language"])


def _sentences(text: str, asked: Options) -> bool:
    return _related(sentence_count(text), asked, "relation", "num_sentences")


def _capital_words(text: str, asked: Options) -> bool:
    return _related(capital_words(text), asked, "capital_relation", "capital_frequency")


_WORD_ENDS = frozenset(".,?!'\"")


def _first_word(text: str, asked: Options) -> bool:
    """Paragraphs end at an empty line; the n-th is counted with empty ones, as in the paper."""
    parts = [each.strip() for each in text.split("\n\n")]
    count, place = sum(map(bool, parts)), int(asked["nth_paragraph"])
    if count != int(asked["num_paragraphs"]) or not 1 <= place <= count or not parts[place - 1]:
        return False
    word = parts[place - 1].split()[0].lstrip("'").lstrip('"')
    end = next((at for at, char in enumerate(word) if char in _WORD_ENDS), len(word))
    return word[:end].lower() == str(asked["first_word"]).lower()


_CHECKS: dict[str, Callable[[str, Options], bool]] = {
    "punctuation:no_comma": lambda text, _: "," not in text,
    "length_constraints:number_words": _words,
    "length_constraints:number_paragraphs": _paragraphs,
    "keywords:forbidden_words": _forbidden,
    "keywords:existence": _existing,
    "keywords:frequency": _frequency,
    "keywords:letter_frequency": _letters,
    "detectable_format:number_highlighted_sections": _highlighted,
    "detectable_format:number_bullet_lists": _bullets,
    "detectable_format:title": _titled,
    "detectable_format:json_format": _is_json,
    "detectable_format:multiple_sections": _sections,
    "detectable_format:constrained_response": _constrained,
    "detectable_content:number_placeholders": _placeholders,
    "detectable_content:postscript": _postscript,
    "combination:repeat_prompt": _repeated,
    "combination:two_responses": _two_responses,
    "startend:quotation": _quoted,
    "startend:end_checker": _ended,
    "language:response_language": _language,
    "length_constraints:number_sentences": _sentences,
    "length_constraints:nth_paragraph_first_word": _first_word,
    "change_case:capital_word_frequency": _capital_words,
    "change_case:english_capital": lambda text, _: text.isupper() and language_of(text) == "en",
    "change_case:english_lowercase": lambda text, _: text.islower() and language_of(text) == "en",
}

_LIBRARIES = {
    "language:response_language": "langdetect",
    "change_case:english_capital": "langdetect",
    "change_case:english_lowercase": "langdetect",
    "length_constraints:number_sentences": "nupunkt",
}


def unchecked(name: str) -> str:
    """Why an instruction cannot be checked here; empty when it can."""
    if name not in _CHECKS:
        return f"not scored: {name}"
    library = _LIBRARIES.get(name)
    return "" if library is None or installed(library) else f"not scored: {name} ({INSTALL})"
