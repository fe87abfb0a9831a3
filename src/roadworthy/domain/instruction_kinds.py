"""The instructions that a rule can check, as IFEval names them, and the options that each needs.

Zhou et al. 2023, https://arxiv.org/abs/2311.07911. Only the description lives here, so that `check`
can judge a case's `expect.json`; a test keeps it equal to what the scorer checks.
"""

from __future__ import annotations

INSTRUCTIONS: dict[str, tuple[str, ...]] = {
    "punctuation:no_comma": (),
    "length_constraints:number_words": ("relation", "num_words"),
    "length_constraints:number_paragraphs": ("num_paragraphs",),
    "length_constraints:number_sentences": ("relation", "num_sentences"),
    "length_constraints:nth_paragraph_first_word": (
        "num_paragraphs", "nth_paragraph", "first_word",
    ),
    "keywords:forbidden_words": ("forbidden_words",),
    "keywords:existence": ("keywords",),
    "keywords:frequency": ("keyword", "relation", "frequency"),
    "keywords:letter_frequency": ("letter", "let_relation", "let_frequency"),
    "detectable_format:number_highlighted_sections": ("num_highlights",),
    "detectable_format:number_bullet_lists": ("num_bullets",),
    "detectable_format:title": (),
    "detectable_format:json_format": (),
    "detectable_format:multiple_sections": ("section_spliter", "num_sections"),
    "detectable_format:constrained_response": (),
    "detectable_content:number_placeholders": ("num_placeholders",),
    "detectable_content:postscript": ("postscript_marker",),
    "combination:repeat_prompt": ("prompt_to_repeat",),
    "combination:two_responses": (),
    "startend:quotation": (),
    "startend:end_checker": ("end_phrase",),
    "language:response_language": ("language",),
    "change_case:capital_word_frequency": ("capital_relation", "capital_frequency"),
    "change_case:english_capital": (),
    "change_case:english_lowercase": (),
}  # fmt: skip
"""Name -> the keys that must stand beside it."""
