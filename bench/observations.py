"""All run-time objectives of the example over millions of answers, by two facets.

A table of N answers (default 10,000,000) of two weeks, a file for each hour and what its rows have
alike in one for each day, written by the table's own writer (`--rows-only`: without them, as an
earlier version wrote it). Its rows are drawn with numpy, column by column, instead of answered:
confidences, durations and ids differ in every row; digests and sessions, which no objective reads,
are empty. Each measurement is a process of its own: it opens the files, holds each that it reads
against its digest, judges.
`python bench/observations.py [--rows N] [--runs 5] [--folder DIR] [--rows-only] [--json]`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from roadworthy.domain import format_instant
from roadworthy.statistics import mean_interval

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "claims-desk"
NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
HOURS = 14 * 24
BY = ("tenant", "language")
REACH = {"seconds": 3.0, "peak_mb": 2000.0}
DESKS = ("motor", "home", "travel", "health", "liability")
LANGUAGES = ("en", "de", "fr", "it", "es")
TENANTS = ("north", "south", "east", "west")
QUIET, ATTEMPT = "[]", '[{"event":"promises-money","kind":"attempt","found_by":"rail"}]'
WAYS = {
    "each over its own window": ["--own"],
    "each over all answers": [],
    "each over all answers, in its own slices": ["--whole-slices"],
}


def fill(folder: Path, rows: int, *, counts: bool = True) -> None:
    """The files, and what a reader holds them against."""
    import numpy as np

    from roadworthy.flows.table.days import count_days
    from roadworthy.flows.table.store import Kept, keep_file, write_kept

    source = np.random.default_rng(20261122)
    kept = Kept()
    for hour in range(HOURS):
        n = rows // HOURS + (hour < rows % HOURS)
        begin = NOW - dt.timedelta(hours=HOURS - hour)
        name = f"answers/system=claims-desk/hour={begin:%Y-%m-%dT%H}"
        keep_file(folder, kept, name, an_hour(source, begin, n))
    if counts:
        count_days(folder, kept)
    write_kept(folder, kept)


def an_hour(source: Any, begin: dt.datetime, n: int) -> Any:
    """Answers of an hour, drawn."""
    import numpy as np
    import pyarrow as pa

    from roadworthy.table.columns import COUNTS, FLAGS, JSON, NUMBERS, SHIFT_FLAGS, TEXTS
    from roadworthy.table.files import schema_of

    def one_of(values: tuple[Any, ...], shares: Any = None) -> Any:
        drawn = source.choice(len(values), n, p=shares).astype(np.int32)
        return pa.DictionaryArray.from_arrays(drawn, pa.array(values)).dictionary_decode()

    def some(share: float, value: Any, other: Any = None) -> Any:
        return one_of((value, other), [share, 1 - share])

    schema = schema_of(("language", "supplier", "tenant"))
    made: dict[str, Any] = {name: pa.repeat(pa.scalar("", pa.string()), n) for name in TEXTS}
    made |= {name: pa.repeat(pa.scalar("{}", pa.string()), n) for name in JSON}
    made |= {name: pa.repeat(pa.scalar(0, pa.int64()), n) for name in COUNTS}
    made |= {name: pa.nulls(n, pa.bool_()) for name in (*FLAGS, *SHIFT_FLAGS)}
    made |= {name: pa.nulls(n, pa.float64()) for name in NUMBERS}
    made |= {name: pa.nulls(n, schema.field(name).type) for name in ("said", "as_left")}
    instants = np.sort(source.integers(0, 3_600_000_000, n)) + int(begin.timestamp() * 1e6)
    time_type = schema.field("time").type
    learned = pa.array(instants + 90_000_000, mask=source.random(n) > 0.9)
    tenants, decisions = one_of(TENANTS), one_of(DESKS)
    truth = pa.array(np.where(source.random(n) < 0.6, decisions, one_of(DESKS)), pa.string())
    labelled = source.random(n) < 0.3
    ids = [f"{at // 1000:012x}-7{place:019x}" for place, at in enumerate(instants)]
    made |= {
        "id": pa.array(ids),
        "time": pa.array(instants).cast(time_type),
        "learned_at": learned.cast(time_type),
        "system": pa.repeat("claims-desk", n),
        "release": pa.repeat("sha256:" + "a" * 64, n),
        "stage": some(0.9, "live", "canary"),
        "tenant": tenants,
        "status": one_of(("ok", "error", "refused"), [0.994, 0.004, 0.002]),
        "action": one_of(("answered", "held", "blocked", "fallback"), [0.93, 0.05, 0.01, 0.01]),
        "decision": decisions,
        "label": pa.array(np.where(labelled, truth, ""), pa.string()),
        "confidence": pa.array(source.beta(4, 2, n)),
        "latency_ms": pa.array(source.lognormal(6.2, 0.6, n)),
        "first_token_ms": pa.array(source.lognormal(4.5, 0.5, n)),
        "cost": some(0.5, "0.00012", "0.00031"),
        "cache_hit": some(0.05, True, False),
        "notice_given": pa.repeat(True, n),
        "ood": one_of((None, True, False), [0.97, 0.01, 0.02]),
        "tags": pa.repeat(QUIET, n),
        "rails": pa.repeat(QUIET, n),
        "never": some(0.002, ATTEMPT, QUIET),
        "shift.reference": some(0.9, "sha256:" + "b" * 64),
        "shift.unseen": some(0.9, ""),
        "shift.new_facets": one_of((None, "[]", '["supplier"]'), [0.1, 0.88, 0.02]),
        "shift.flagged": one_of((None, False, True), [0.1, 0.85, 0.05]),
        "expect_action": pa.repeat("", n),
        "usage_raw": pa.repeat("{}", n),
        "alone": pa.repeat(True, n),
        "facets.language": one_of(LANGUAGES, [0.6, 0.2, 0.1, 0.05, 0.05]),
        "facets.supplier": one_of((None, *(f"SUP-{each:04d}" for each in range(40)))),
        "facets.tenant": tenants,
    }
    offsets = pa.array(np.arange(0, n + 1, dtype=np.int32))
    keys = pa.repeat("language", n)
    made["facets"] = pa.MapArray.from_arrays(offsets, keys, made["facets.language"])
    return pa.table([made[name].cast(schema.field(name).type) for name in schema.names], schema)


def judge(folder: Path, *, own: bool, slices: bool) -> dict[str, Any]:
    """Open the table and judge; all of it is counted, imports among them."""
    begun = time.perf_counter()
    from roadworthy.flows.objectives.live_judging import Looking
    from roadworthy.flows.table.judging import judge_table
    from roadworthy.flows.table.opening import whole_table
    from roadworthy.flows.table.store import read_kept
    from roadworthy.manifests import load_system

    slos = load_system(EXAMPLE).slos.slos
    imported = time.perf_counter()
    with whole_table(folder, read_kept(folder)) as table:
        opened = time.perf_counter()
        looking = Looking(
            system="claims-desk",
            release="",
            live_since=format_instant(NOW - dt.timedelta(hours=HOURS)),
            now=format_instant(NOW),
        )
        by = () if slices else BY
        judged = list(judge_table(slos, table, looking, by=by, whole=not own))
    ended = time.perf_counter()
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "seconds": ended - imported,
        "open_s": opened - imported,
        "judge_s": ended - opened,
        "import_s": imported - begun,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss * 1024 / 1e6,
        "objectives": len({each.slo.name for each in judged}),
        "judged": len(judged),
        "verdicts": dict(Counter(str(each.found.verdict) for each in judged)),
        "n": max(each.found.n for each in judged),
    }


def measured(folder: Path, runs: int) -> dict[str, Any]:
    """Each way, so many times, in processes of their own."""
    found: dict[str, Any] = {}
    for name, options in WAYS.items():
        command = [sys.executable, __file__, "--judge", str(folder), *options]
        seen = [
            json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
            for _ in range(runs)
        ]
        times = sorted(each["seconds"] for each in seen)
        bounds = mean_interval(times) if len(times) > 1 else None
        found[name] = {
            **seen[-1],
            "runs": seen,
            "mean_s": sum(times) / len(times),
            "low_s": bounds.low if bounds else None,
            "high_s": bounds.high if bounds else None,
            "least_s": times[0],
            "most_s": times[-1],
            "peak_mb": max(each["peak_mb"] for each in seen),
        }
    return found


def main() -> int:
    """Fill, measure, print."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--rows", type=int, default=10_000_000)
    reader.add_argument("--runs", type=int, default=5)
    reader.add_argument("--folder", type=Path)
    reader.add_argument("--rows-only", action="store_true")
    reader.add_argument("--json", action="store_true")
    reader.add_argument("--judge", type=Path, help=argparse.SUPPRESS)
    reader.add_argument("--own", action="store_true", help=argparse.SUPPRESS)
    reader.add_argument("--whole-slices", action="store_true", help=argparse.SUPPRESS)
    asked = reader.parse_args()
    if asked.judge is not None:
        print(json.dumps(judge(asked.judge, own=asked.own, slices=asked.whole_slices)))
        return 0
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="observations-") as folder:
        begun = time.perf_counter()
        fill(Path(folder), asked.rows, counts=not asked.rows_only)
        filled = time.perf_counter() - begun
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet"))
        found = measured(Path(folder), asked.runs)
    if asked.json:
        print(json.dumps({"rows": asked.rows, "mb": size / 1e6, "reach": REACH, "ways": found}))
        return 0
    print(f"{asked.rows:,} answers in {HOURS} files, {size / 1e6:,.0f} MB, drawn in {filled:.0f} s")
    print(f"by {' and '.join(BY)}; {asked.runs} runs each; seconds without imports\n")
    head = ("", "objectives", "slices", "mean s", "95 %", "least", "most", "cpu s", "peak MB")
    print("{:42s}{:>11s}{:>8s}{:>8s}{:>16s}{:>7s}{:>7s}{:>7s}{:>9s}".format(*head))
    for name, each in found.items():
        span = f"{each['low_s']:.2f} to {each['high_s']:.2f}" if each["low_s"] is not None else "-"
        print(
            f"{name:42s}{each['objectives']:11d}{each['judged']:8d}{each['mean_s']:8.2f}{span:>16s}"
            f"{each['least_s']:7.2f}{each['most_s']:7.2f}{each['cpu_s']:7.2f}{each['peak_mb']:9.0f}"
        )
    print(f"\nreach: {REACH['seconds']:g} s, {REACH['peak_mb']:g} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
