"""What nobody sees is the same for the rails as for telling two questions apart."""

from __future__ import annotations

from roadworthy.domain import looks_like, question_of
from roadworthy.domain.case import Case


def asks(text: str) -> str | bytes:
    return question_of(Case(id="a", input=text))


def test_what_a_rail_does_not_see_makes_no_other_question() -> None:
    unseen = [point for point in range(0x110000) if looks_like(point, filler="") in (None, " ")]
    assert len(unseen) > 4_000  # the tags and selectors of plane 14 are most of them
    told = [point for point in unseen if asks(f"pay{chr(point)} now") != asks("pay now")]
    assert [f"{point:04X}" for point in told] == []


def test_fillers_make_no_other_question() -> None:
    assert asks("p\u115fa\u1160y\u3164 n\uffa0ow") == asks("pay now")
