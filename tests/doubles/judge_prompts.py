"""What a judge is asked, taken apart: for doubles that judge by it."""

from __future__ import annotations


def answer_in(prompt: str, name: str = "answer") -> str:
    """The text between the marks of that name."""
    return prompt.split(f" {name}>>\n", 1)[1].split("\n<<", 1)[0]


def question_in(prompt: str) -> str:
    """What was asked."""
    return answer_in(prompt, "question")
