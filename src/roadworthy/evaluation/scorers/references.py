"""The texts that a case holds for right, and the best score among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import UNSET

from roadworthy.domain import Case


def right_texts(case: Case) -> Sequence[str]:
    """`expect.text` and `expect.texts`; none when the case expects no text."""
    expect = case.expect
    first = () if expect.text is None else (expect.text,)
    return first if expect.texts is UNSET else (*first, *expect.texts)


def best(
    case: Case, score: Callable[[str], float], *, of: Callable[..., float] = max
) -> float | None:
    """The best of the scores against each right text; None when there is none."""
    texts = right_texts(case)
    return of(map(score, texts)) if texts else None
