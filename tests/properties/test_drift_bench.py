"""The replay of drift says what it cannot read, and finds a planted shift in what it can."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

BENCH = Path(__file__).parents[2] / "bench" / "drift.py"
HEAD = "Complaint ID,Date received,Issue,Product,Company response to consumer\n"


def told(data: Path, *words: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(BENCH), "--data", str(data), "--json", "--shuffles", "20", *words],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_what_is_not_there_is_skipped_and_said(tmp_path: Path) -> None:
    found = told(tmp_path)
    assert len(found) == 3
    assert all("there is no" in each["skipped"] for each in found.values())


def test_a_month_in_which_something_new_comes_is_told_and_shuffled_dates_are_quiet(
    tmp_path: Path,
) -> None:
    source = random.Random(3)
    folder = tmp_path / "cfpb_complaints_dated"
    folder.mkdir()
    lines = [HEAD]
    months = [f"2017-{at:02}" for at in range(5, 13)] + ["2019-06", "2020-04"]
    for month in months:
        for at in range(150):
            issue = source.choice(["fees", "fraud", "service"])
            issue = "app" if month == "2020-04" and at % 3 == 0 else issue
            lines.append(f"{at},{month}-03,{issue},card,closed\n")
    with gzip.open(folder / "cfpb_2017_2021_shared.csv.gz", "wt", encoding="utf-8") as file:
        file.writelines(lines)
    found = told(tmp_path, "--only", "cfpb")["cfpb_complaints_dated"]
    inputs = [each for each in found["months"] if each["indicator"] == "input_drift"]
    last = [each for each in inputs if each["month"] == "2020-04"]
    assert all(each["alarm"] and "`app` +33.3%" in each["moved"] for each in last)
    assert found["shuffled"]["issue"]["within"]
    assert found["planted"]["issue"][-1]["at_once"] == 1.0
