"""A log of a long run is alive; that of a short one is quiet."""

from __future__ import annotations

from roadworthy.cli.terminal import lines_of


def test_a_long_run_says_a_line_every_half_minute() -> None:
    said: list[str] = []
    instants = iter(range(0, 10_000))
    show = lines_of(100, "Asking", said.append, lambda: float(next(instants)) * 5)
    for done in range(1, 101):
        show(done, "0.10 EUR\r")
    assert 5 < len(said) < 25
    assert said[0].startswith("Asking: ")
    assert all(line.isprintable() for line in said)


def test_a_short_run_says_nothing() -> None:
    said: list[str] = []
    show = lines_of(100, "Asking", said.append, lambda: 0.0)
    for done in range(100):
        show(done)
    assert said == []
