"""A stopped slice stays stopped however its value is spelt."""

from __future__ import annotations

import pytest

from roadworthy.domain import KillFlag


def stops(killed: str, given: str) -> bool:
    flag = KillFlag(
        id="k", scope="slice", value=f"language={killed}", reason="r", by="b", at="2026-01-01"
    )
    return flag.stops(system="desk", tenant="acme", facets={"language": given})


@pytest.mark.parametrize(
    "given",
    [
        "de", "DE", " de ", "de-DE", "de_AT", "de,en", "en, de", "de;q=1", "en;q=1,De-ch",
        '"de"', "de/DE", "de.UTF-8", "en|de", "[de]", "(de)", "'de'", "de:1", "<de>", "en;q=0.5|de",
    ],
)  # fmt: skip
def test_another_spelling_of_a_killed_value_is_stopped(given: str) -> None:
    assert stops("de", given)
    assert stops(" DE ", given)


@pytest.mark.parametrize(
    "given",
    [
        "D\u0415",  # a capital
        "d\u0435",  # Cyrillic
        "\uff24\uff25",  # wide
        "\U0001d41d\U0001d41e",  # mathematical
        "d\u200be",  # a blank that nobody sees
        "d\x00e",
        "d\u0435\u0334",  # a mark over a look-alike
        "d\u0435\u2013AT",  # another dash
        "en, d\u0435",
    ],
)
def test_what_looks_like_a_killed_value_is_stopped(given: str) -> None:
    assert stops("de", given)
    assert stops(given, "de") or "," in given or "\u2013" in given


def test_a_killed_value_of_another_script_stops_itself_only() -> None:
    assert stops("Москва", "москва")
    assert stops("İzmir", "i\u0307zmir")
    assert not stops("Москва", "Mo")
    assert stops("ab", "\u0410\u0412")  # of the second, only the capital looks Latin
    assert not stops("München", "Munchen")


@pytest.mark.parametrize("given", ["", "en", "den", "d", "en-de", "nde"])
def test_another_value_is_answered(given: str) -> None:
    assert not stops("de", given)


@pytest.mark.parametrize("given", ["A, b", "a,b", "b,a", "a", "b", "c, a", "b-1"])
def test_a_killed_list_stops_each_of_its_values(given: str) -> None:
    assert stops("a, b", given)
    assert not stops("a, b", "c")


@pytest.mark.parametrize("killed", ["de;q=1", "de; q=0.9", '"de"', "de;level=1;q=1", "en;q=1,de"])
def test_what_a_caller_wrote_beside_a_value_is_no_part_of_what_is_killed(killed: str) -> None:
    assert stops(killed, "de")
    assert stops(killed, "fr,de-AT")
    assert not stops(killed, "fr;q=1")
    assert not stops(killed, "q")


def test_a_version_is_one_value() -> None:
    assert stops("v1.2", "v1.2, v3")
    assert not stops("v1.2", "v1.3")
    assert not stops("v1.2", "2")


def test_an_empty_killed_value_stops_only_an_empty_one() -> None:
    assert stops("", " ")
    assert not stops("", "en")
