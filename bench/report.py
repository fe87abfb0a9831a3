"""`roadworthy report` on a large run, as a whole process, and how the file opens in Chromium.

The run is made up and recorded for real (`synthetic_run.py`). Written: wall, CPU and peak memory
of the command, size of the file. Opened: first paint, until the list of cases answers, until a
case from the middle shows, a filter, and a search through every text.
`python bench/report.py [--cases 100000] [--runs 3] [--keep FOLDER] [--json]`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REACH = {"write_s": 10.0, "ready_s": 1.0}
INSTALL = "apt-get install chromium && pip install playwright"
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
WHOLE = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"


def write(root: Path, out: Path, *options: str) -> dict[str, float]:
    """Run the command once; wall, CPU and peak memory of its process."""
    command = [sys.executable, "-m", "roadworthy", "report", str(root), "--out", str(out)]
    environment = {key: value for key, value in os.environ.items() if key != "ROADWORTHY_HOME"}
    started = time.perf_counter()
    process = subprocess.Popen([*command, *options, "--json"], stdout=subprocess.PIPE,
                               env=environment)  # fmt: skip
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"the report ended with {process.returncode}: {said.decode()}")
    return {
        "write_s": time.perf_counter() - started,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
        "file_mb": json.loads(said)["bytes"] / 1e6,
    }


def open_it(browser: Any, file: Path) -> dict[str, float]:
    """Open the file once in a fresh page; seconds."""
    page = browser.new_page()
    page.goto(f"file://{file}", wait_until="commit")
    page.wait_for_selector("html[data-ready]", state="attached", timeout=120_000)
    ready = float(page.evaluate("document.documentElement.dataset.ready")) / 1000
    page.wait_for_load_state("domcontentloaded")
    found = {
        "paint_s": page.evaluate(PAINT) / 1000,
        "ready_s": ready,
        "whole_s": page.evaluate(WHOLE) / 1000,
    }
    for _ in range(5):
        page.click("text=Next page")
    started = time.perf_counter()
    page.click("#cases tbody tr:nth-child(7) button.lead")
    page.wait_for_selector("dialog[open] .answer")
    found["case_s"] = time.perf_counter() - started
    page.keyboard.press("Escape")
    started = time.perf_counter()
    page.select_option("#f-verdict", "failed")
    found["filter_s"] = time.perf_counter() - started
    page.click("text=Reset")
    started = time.perf_counter()
    page.fill("#f-words", "no text holds this")
    page.wait_for_selector("#case-list [role=status]:text-matches('^0 of [0-9,]+ cases$')",
                           timeout=120_000)  # fmt: skip
    found["search_s"] = time.perf_counter() - started
    page.close()
    return found


def opened(file: Path, runs: int) -> dict[str, Any]:
    """Medians of opening, or why it was skipped."""
    chromium = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return {"skipped": INSTALL}
    if chromium is None:
        return {"skipped": INSTALL}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        found = [open_it(browser, file) for _ in range(runs)]
        browser.close()
    return {**median(found), "runs": found}


def median(found: list[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.median(each[key] for each in found) for key in found[0]}


def measure(cases: int, runs: int, folder: Path) -> dict[str, Any]:
    root, file = folder / "system", folder / "run.html"
    load = os.getloadavg()[0]
    # In a process of its own: a child's peak memory begins at its parent's.
    maker = [sys.executable, str(Path(__file__).with_name("synthetic_run.py")), str(root)]
    made = subprocess.run([*maker, str(cases)], capture_output=True, text=True, check=True)
    other = made.stdout.split()[0]
    written = [write(root, file) for _ in range(runs)]
    compared = write(root, folder / "compared.html", "--against", other)
    bare = write(root, folder / "bare.html", "--without-texts")
    return {
        "cases": cases,
        "load_before": load,
        "written": {**median(written), "runs": written},
        "against_another_run": compared,
        "without_texts": bare,
        "opened": opened(file, runs),
        "reach": REACH if cases == 100_000 else {},
    }


def show(result: dict[str, Any]) -> None:
    print(f"{result['cases']:,} cases; every file is written by a process of its own")
    if result["load_before"] > 0.5:
        print(f"the machine was busy (load {result['load_before']:.1f}): wall times are too long")
    print(f"{'':32}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'file MB':>9}")
    rows = [
        ("report, median", result["written"]),
        *(("  run", r) for r in result["written"]["runs"]),
    ]
    rows += [("against another run", result["against_another_run"]),
             ("without texts", result["without_texts"])]  # fmt: skip
    for name, each in rows:
        print(f"{name:32}{each['write_s']:9.2f}{each['cpu_s']:9.2f}{each['peak_mb']:9.0f}"
              f"{each['file_mb']:9.1f}")  # fmt: skip
    browser = result["opened"]
    if "skipped" in browser:
        print(f"opening it: skipped, {browser['skipped']}")
    else:
        names = {"paint_s": "first paint", "ready_s": "list of cases answers",
                 "whole_s": "whole file parsed", "case_s": "a case shows",
                 "filter_s": "a filter", "search_s": "a search through every text"}  # fmt: skip
        for key, name in names.items():
            print(f"in Chromium: {name:32}{browser[key]:6.2f} s")
    for key, bound in result["reach"].items():
        value = {**result["written"], **browser}.get(key)
        verdict = "not measured" if value is None else "reached" if value <= bound else "MISSED"
        print(f"reach {key} {bound}: {verdict}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="make the files here and leave them")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.keep is not None:
        options.keep.mkdir(parents=True, exist_ok=True)
        result = measure(options.cases, options.runs, options.keep.resolve())
    else:
        with tempfile.TemporaryDirectory(prefix="roadworthy-bench-") as folder:
            result = measure(options.cases, options.runs, Path(folder))
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        show(result)


if __name__ == "__main__":
    main()
