from __future__ import annotations

from pathlib import Path

from msgspec import structs

from doubles.inspected import a_row, an_inspection
from roadworthy.console.report.page import write_report
from roadworthy.domain import Case, EarlyStop, Expect, FlakyCase, Trajectory


def page(folder: Path, **run: object) -> str:
    with an_inspection(folder, [a_row("c1")]) as inspection:
        changed = structs.replace(inspection, run=structs.replace(inspection.run, **run))
        write_report(changed, folder / "run.html")
    return (folder / "run.html").read_text(encoding="utf-8")


def test_flaky_cases_are_shown_with_their_counts_and_who_answers_for_them(tmp_path):
    held = FlakyCase(
        suite="main", case="<b>odd</b>", passed=2, asked=4, owner="Ada", until="2026-12-31"
    )
    loose = FlakyCase(suite="main", case="loose", passed=3, asked=4)
    text = page(tmp_path, flaky_cases=(held, loose))
    assert "2 flaky cases" in text
    assert "&lt;b&gt;odd&lt;/b&gt;" in text
    assert "<b>odd" not in text
    assert "2 of 4" in text
    assert "Ada, until 2026-12-31" in text
    assert "none: it counts" in text


def test_one_is_said_as_one(tmp_path):
    alone = FlakyCase(suite="main", case="loose", passed=3, asked=4)
    text = page(tmp_path, flaky_cases=(alone,))
    assert "1 flaky case<" in text
    assert "Reading 1 case …" in text
    assert "1 flaky cases" not in text and "(`--against`)" not in text


def test_a_run_without_either_says_nothing_of_them(tmp_path):
    text = page(tmp_path)
    assert "flaky cases" not in text
    assert "stopped early" not in text


def test_an_early_stop_is_shown_with_what_it_costs(tmp_path):
    ended = EarlyStop(suite="main", rule="accuracy within 0.05", asked=400, of=20_000, looks=9)
    text = page(tmp_path, stopped_early=(ended,), looks=9)
    assert "Suite main stopped early: accuracy within 0.05 after 400 of 20,000 cases." in text
    assert "pay for 9 looks" in text


def test_what_a_case_leaves_out_and_what_it_expects_on_the_way_is_written(tmp_path):
    asked = [
        Case(id="c1", input="hello", expect=Expect(text="hi")),
        Case(id="c2", input="hello", expect=Expect(trajectory=Trajectory(never=["refund"]))),
    ]
    rows = [a_row("c1"), a_row("c2")]
    with an_inspection(tmp_path, rows, cases=asked) as inspection:
        write_report(inspection, tmp_path / "run.html")
    assert (tmp_path / "run.html").stat().st_size > 0
