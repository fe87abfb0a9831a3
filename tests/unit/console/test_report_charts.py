"""Charts: well-formed, escaped, finite; scales that hold what they show."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.console.report.charts import (
    domain_of,
    forest,
    interval_bar,
    number,
    reliability_diagram,
    risk_curve,
    ticks,
)
from roadworthy.console.report.shown import LIMIT, visible

ANY = st.floats(allow_nan=True, allow_infinity=True)
HOSTILE = "</svg><script>alert(1)</script>\" onload='x' & <b>"


def drawn(svg: str) -> ElementTree.Element:
    root = ElementTree.fromstring(svg)
    assert root.tag == "svg"
    assert root.find("title") is not None
    for element in root.iter():
        assert element.tag in {"svg", "title", "desc", "rect", "line", "circle", "path", "text"}
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert name != "style"
            assert "nan" not in value.lower() and "inf" not in value.lower().replace("in f", "")
    return root


@given(ANY, ANY, ANY, ANY)
def test_an_interval_bar_is_sound_whatever_the_numbers(estimate, low, high, bound):
    domain = domain_of([estimate, low, high], share=False, bound=bound)
    assert all(math.isfinite(edge) for edge in domain)
    assert domain[0] < domain[1]
    drawn(interval_bar(estimate, (low, high), target=(">=", bound), domain=domain, says=HOSTILE))


def test_names_in_charts_are_text():
    (svg,) = forest([(HOSTILE, 0.5, 0.4, 0.6, 9)], domain=(0, 1), line=0.5, title=HOSTILE)
    title = drawn(svg).find("title")
    assert title is not None
    assert HOSTILE in str(title.text)


def test_the_interval_lies_where_its_numbers_say():
    root = drawn(interval_bar(0.5, (0.25, 0.75), target=(">=", 0.5), domain=(0, 1)))
    reach = next(e for e in root.iter("rect") if e.get("class", "").startswith("reach"))
    wide = 220 - 16
    assert float(reach.attrib["x"]) == pytest.approx(8 + 0.25 * wide)
    assert float(reach.attrib["width"]) == pytest.approx(0.5 * wide)
    dot = next(root.iter("circle"))
    assert float(dot.attrib["cx"]) == pytest.approx(8 + 0.5 * wide)
    wanted = next(e for e in root.iter("rect") if e.get("class") == "wanted")
    assert float(wanted.attrib["x"]) == pytest.approx(8 + 0.5 * wide)


def test_curves_of_no_and_of_one_point_are_drawn():
    drawn(reliability_diagram([], title="r"))
    drawn(reliability_diagram([(0.9, 1.0, 1.0, 0.95, 1.0, 0.0, 1.0)], title="r"))
    drawn(risk_curve([], top=1.0, title="c"))
    drawn(risk_curve([(1.0, 0.5, 0.1, 0.9)], top=1.0, title="c", other=[(1.0, 0.2)]))


@pytest.mark.parametrize(
    ("values", "share", "wanted"),
    [
        ([0.5, 0.4, 0.6], True, (0.0, 1.0)),
        ([0.002, 0.001, 0.008], True, (0.0, 0.01)),
        ([0.995, 0.991, 0.999], True, (0.99, 1.0)),
        ([120.0, 90.0, 160.0], False, (0.0, 200.0)),
        ([None, None], False, (0.0, 1.0)),
        ([0.0, 0.0, 0.0], False, (0.0, 1.0)),
    ],
)
def test_scales(values, share, wanted):
    assert domain_of(values, share=share) == pytest.approx(wanted)


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e6))
def test_ticks_are_few_and_inside(low, span):
    found = ticks(low, low + span)
    assert 0 <= len(found) <= 8
    assert all(low - span * 1e-6 <= tick <= low + span * (1 + 1e-6) for tick in found)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(None, "-"), (0.0, "0"), (0.5, "0.5"), (0.1234, "0.123"), (0.00004, "4.0e-05"),
     (12.345, "12.35"), (12345.6, "12,346"), (100.0, "100"), (-0.25, "-0.25")],
)  # fmt: skip
def test_numbers_for_people(value, wanted):
    assert number(value) == wanted


@given(st.text())
def test_what_is_shown_holds_no_character_that_turns_or_hides_text(text):
    shown = visible(text)
    assert not set(shown) & set("\x00\x07\x1b\u202e\u202d\u2066\u2069\u200b\u200f\ufeff")


def test_ordinary_text_is_shown_as_it_is():
    for text in ("plain", "Straße, café", "שלום", "日本語", "tab\tline\n", "<b>&"):
        assert visible(text) == text
    assert visible("a\u202eb\x00") == "a⟨U+202E⟩b⟨U+0000⟩"
    assert visible("x" * (LIMIT + 1)).endswith(f"… ({LIMIT + 1:,} characters)")
