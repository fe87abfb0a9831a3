"""Drift on real traffic with dates: what is told month by month, how soon, and how often wrongly.

`python bench/drift.py [--data FOLDER] [--shuffles 100] [--json]`. FOLDER is ROADWORTHY_SHARED/data,
or ../shared/data beside the checkout, and holds `cfpb_complaints_dated` (complaints to one bank,
2017 to 2021), `jailbreakllms_dated` (attacks in the wild, 2022 to 2023) and `azure_llm_trace_2023`
(requests of two services, by their lengths); what is not there is skipped. Of each: the distance
from the first period by month, with interval; then the same rows with their dates shuffled, where
every alarm is a false one and five in a hundred are allowed; then a planted change, and how many
windows go by until it is found.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from roadworthy.domain import Observation, ReferenceCounts, Shift
from roadworthy.monitoring import Against, measure
from roadworthy.statistics import Stratum, drift, share_interval

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("ROADWORTHY_SHARED", ROOT.parent / "shared")) / "data"
WINDOW = 200
"""Rows a window, where time is not by the month."""
SHARES = (0.05, 0.1, 0.2, 0.4)
"""Of a window's rows that are of a kind never seen, in a planted change."""


class Row(NamedTuple):
    """What came in, when, and what became of it."""

    month: str
    topic: str
    decision: str = ""
    label: str = ""


View = Callable[[Row], str]


def reference_of(rows: Sequence[Row]) -> Against:
    truths: dict[str, Counter[str]] = {}
    for row in rows:
        if row.decision and row.label:
            truths.setdefault(row.decision, Counter())[row.label] += 1
    counts = ReferenceCounts(
        inputs=dict(Counter(row.topic for row in rows)),
        decisions=dict(Counter(row.decision for row in rows if row.decision)),
        truths={name: dict(each) for name, each in truths.items()},
        n=len(rows),
    )
    return Against(digest="sha256:reference", counts=counts, false_alarm=0.05, held=len(rows))


def seen(row: Row, number: int) -> Observation:
    return Observation(
        id=f"o{number}", time=f"{row.month}-01T00:00:00Z", system="s", release="r", stage="live",
        decision=row.decision, label=row.label,
        shift=Shift(reference="sha256:reference", topic=row.topic),
    )  # fmt: skip


def by_month(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.month, []).append(row)
    return dict(sorted(found.items()))


def told(
    name: str, rows: Sequence[Row], before: str, since: str, indicators: Sequence[str]
) -> list[dict[str, Any]]:
    """Each indicator in each month from `since` on, against all rows before `before`."""
    against = reference_of([row for row in rows if row.month < before])
    found = []
    for month, own in by_month(row for row in rows if row.month >= since).items():
        observed = [seen(row, at) for at, row in enumerate(own)]
        for indicator in indicators:
            one = measure(indicator, observed, against=against)
            found.append({"data": name, "indicator": indicator, "month": month, "n": one.n,
                          "value": one.value, "low": one.low, "high": one.high,
                          "alarm": bool(one.low),
                          "moved": one.reason.partition("moved most: ")[2].partition(";")[0],
                          "reference": against.counts.n})  # fmt: skip
    return found


def false_alarms(
    rows: Sequence[Row], first: int, sizes: Sequence[int], view: View, shuffles: int
) -> dict[str, Any]:
    """Alarms of windows of rows whose dates were shuffled; nothing moved in any."""
    alarms = windows = 0
    for seed in range(shuffles):
        mixed = list(rows)
        random.Random(seed).shuffle(mixed)
        kinds = [view(row) for row in mixed]
        reference = Counter(kinds[:first])
        at = first
        for size in sizes:
            own = Counter(kinds[at : at + size])
            at += size
            alarms += drift([Stratum(reference, own, size)]).interval.low > 0
            windows += 1
    bounds = share_interval(alarms, windows)
    return {"windows": windows, "alarms": alarms / windows, "low": bounds.low, "high": bounds.high,
            "kinds": len({view(row) for row in rows}), "within": bounds.low <= 0.05}  # fmt: skip


def delays(rows: Sequence[Row], first: int, view: View, runs: int = 40) -> list[dict[str, Any]]:
    """Windows until a kind never seen is found, where it has a share of every window's rows."""
    found = []
    for share in SHARES:
        waited: list[int] = []
        for seed in range(runs):
            source = random.Random(f"{share} {seed}")
            kinds = [view(row) for row in rows]
            source.shuffle(kinds)
            reference = Counter(kinds[:first])
            rest = kinds[first:]
            number = 0
            while number < 50:
                number += 1
                own = Counter(
                    "new" if source.random() < share else source.choice(rest) for _ in range(WINDOW)
                )
                if drift([Stratum(reference, own, WINDOW)]).interval.low > 0:
                    break
            waited.append(number)
        waited.sort()
        found.append({"share": share, "windows": sum(waited) / runs, "worst": waited[-1],
                      "at_once": waited.count(1) / runs, "n": runs})  # fmt: skip
    return found


def complaints(folder: Path) -> list[Row]:
    with gzip.open(folder / "cfpb_2017_2021_shared.csv.gz", "rt", encoding="utf-8") as file:
        return [
            Row(each["Date received"][:7], each["Issue"], each["Product"],
                each["Company response to consumer"])
            for each in csv.DictReader(file)
        ]  # fmt: skip


def attacks(folder: Path) -> list[tuple[str, str]]:
    with gzip.open(folder / "jailbreak_prompts.csv.gz", "rt", encoding="utf-8") as file:
        found = {each["prompt"]: each["date"][:7] for each in csv.DictReader(file) if each["date"]}
    return sorted((month, text) for text, month in found.items())


def lengths(folder: Path) -> tuple[list[int], list[int]]:
    """Input tokens of conversations, and of code, in the order in which they came."""

    def tokens(lines: Iterable[str]) -> list[int]:
        return [int(each["ContextTokens"]) for each in csv.DictReader(lines)]

    with gzip.open(folder / "AzureLLMInferenceTrace_conv.csv.gz", "rt") as file:
        talk = tokens(file)
    with (folder / "AzureLLMInferenceTrace_code.csv").open() as file:
        return talk, tokens(file)


def of_complaints(folder: Path, shuffles: int) -> dict[str, Any]:
    rows = complaints(folder)
    every = ("input_drift", "decision_drift", "concept_drift")
    months = by_month(rows)
    first = sum(len(own) for month, own in months.items() if month < "2017-11")
    sizes = [len(own) for month, own in months.items() if month >= "2017-11"]
    views: dict[str, View] = {
        "issue": lambda row: row.topic, "product": lambda row: row.decision,
        "response": lambda row: row.label,
    }  # fmt: skip
    return {
        "months": told("complaints, from their first half year", rows, "2017-11", "2017-11", every)
        + told("complaints of the pandemic, from the year before",
               [row for row in rows if row.month >= "2019-03"], "2020-03", "2020-03", every),
        "shuffled": {name: false_alarms(rows, first, sizes, view, shuffles)
                     for name, view in views.items()},
        "planted": {"issue": delays(rows, first, views["issue"])},
    }  # fmt: skip


def of_attacks(folder: Path, shuffles: int) -> dict[str, Any]:
    """Topics are found in texts: fitted on one half of the reference, counted on the other."""
    dated = attacks(folder)
    old = [text for month, text in dated if month < "2023-03"]
    random.Random(1).shuffle(old)
    topic = topics_of(old[: len(old) // 2])
    rows = [Row("2022-12", topic(text)) for text in old[len(old) // 2 :]]
    rows += [Row(month, topic(text)) for month, text in dated if month >= "2023-03"]
    return {
        "months": told("attacks, from those until February 2023", rows, "2023-03", "2023-03",
                       ("input_drift",)),
        "shuffled": {"topic": fitted_again(dated, max(4, shuffles // 5))},
        "planted": {},
    }  # fmt: skip


def topics_of(texts: Sequence[str]) -> Callable[[str], str]:
    from roadworthy.detectors import ood
    from roadworthy.domain import Reference

    part = max(2, len(texts) // 5)
    fitted = ood.fit(texts[part:], texts[:part])
    detector = ood.Detector(
        Reference(
            system="s", source="s", source_digest="sha256:s", date="2026-01-01T00:00:00Z",
            fitted=len(texts) - part, held=part, labelled=False, false_alarm=0.05, threshold=9e9,
            topics=fitted.topics, detector=fitted.tables, settings=fitted.settings,
            counts=ReferenceCounts(),
        )
    )  # fmt: skip
    return lambda text: detector.look(text).topic or "none"


def fitted_again(dated: Sequence[tuple[str, str]], shuffles: int) -> dict[str, Any]:
    """Dates shuffled and topics fitted anew; counted on other texts, and on the same ones."""
    alarms = {"apart": 0, "same": 0}
    windows = 0
    for seed in range(shuffles):
        texts = [text for _, text in dated]
        random.Random(seed).shuffle(texts)
        topic = topics_of(texts[:150])
        later = [Counter(topic(text) for text in texts[at : at + 100]) for at in (300, 400, 500)]
        for name, own in (("apart", texts[150:300]), ("same", texts[:150])):
            reference = Counter(topic(text) for text in own)
            alarms[name] += sum(
                drift([Stratum(reference, each, each.total())]).interval.low > 0 for each in later
            )
        windows += len(later)
    apart, same = (share_interval(alarms[name], windows) for name in ("apart", "same"))
    return {"windows": windows, "alarms": alarms["apart"] / windows, "low": apart.low,
            "high": apart.high, "within": apart.low <= 0.05,
            "counted_on_what_was_fitted": alarms["same"] / windows,
            "same_low": same.low, "same_high": same.high}  # fmt: skip


def of_lengths(folder: Path, shuffles: int) -> dict[str, Any]:
    """Lengths of inputs in tenths of the first ones; then code where there was talk."""
    talk, code = lengths(folder)
    first = 2000
    edges = sorted(talk[:first])[:: first // 10][1:]

    def size(tokens: int) -> str:
        return str(sum(tokens >= edge for edge in edges))

    rows = [Row("", size(tokens)) for tokens in talk]
    kinds, strange = [row.topic for row in rows], [size(tokens) for tokens in code]
    reference = Counter(kinds[:first])
    own = range(first, len(kinds) - WINDOW, WINDOW)
    real = [drift([Stratum(reference, Counter(kinds[at : at + WINDOW]), WINDOW)]) for at in own]
    mixed = []
    for share in SHARES:
        source = random.Random(share)
        found = [
            drift([Stratum(reference, Counter(
                source.choice(strange) if source.random() < share else source.choice(kinds[:first])
                for _ in range(WINDOW)), WINDOW)]).interval.low > 0
            for _ in range(200)
        ]  # fmt: skip
        mixed.append({"share": share, "at_once": sum(found) / 200, "n": 200})
    view: View = lambda row: row.topic  # noqa: E731
    sizes = [WINDOW] * len(own)
    return {
        "months": [],
        "hour": {"windows": len(real), "alarms": sum(each.interval.low > 0 for each in real),
                 "largest": max(each.value for each in real)},
        "shuffled": {"length": false_alarms(rows, first, sizes, view, max(4, shuffles // 4))},
        "planted": {"code among talk": mixed},
    }  # fmt: skip


SETS: dict[str, Callable[[Path, int], dict[str, Any]]] = {
    "cfpb_complaints_dated": of_complaints,
    "jailbreakllms_dated": of_attacks,
    "azure_llm_trace_2023": of_lengths,
}


def show(name: str, found: dict[str, Any]) -> None:
    print(f"\n{name}")
    if "skipped" in found:
        print(f"  skipped: {found['skipped']}")
        return
    last = ""
    for each in found["months"]:
        if each["data"] != last:
            last = each["data"]
            print(f"  {last} (n={each['reference']:,})")
        mark = "  ALARM " + each["moved"] if each["alarm"] else ""
        print(f"    {each['month']}  {each['indicator']:15} {each['value']:.3f} ({each['low']:.3f} "
              f"to {each['high']:.3f}, n={each['n']:,}){mark}")  # fmt: skip
    if "hour" in found:
        hour = found["hour"]
        print(f"  the rest of the hour: {hour['alarms']} alarms in {hour['windows']} windows of "
              f"{WINDOW}, the largest distance {hour['largest']:.3f}")  # fmt: skip
    for view, each in found["shuffled"].items():
        kept = "at most 0.05" if each["within"] else "MORE THAN 0.05"
        print(f"  dates shuffled, {view}: {each['alarms']:.4f} false alarms ({each['low']:.4f} to "
              f"{each['high']:.4f}, {each['windows']:,} windows), {kept}")  # fmt: skip
        if "counted_on_what_was_fitted" in each:
            print(f"    counted on the texts that it was fitted on: "
                  f"{each['counted_on_what_was_fitted']:.4f} ({each['same_low']:.4f} to "
                  f"{each['same_high']:.4f})")  # fmt: skip
    for view, rows in found["planted"].items():
        for each in rows:
            waited = f", {each['windows']:.1f} on average" if "windows" in each else ""
            print(f"  planted in {view}, {each['share']:.0%} of a window of {WINDOW}: found at "
                  f"once in {each['at_once']:.0%}{waited} (n={each['n']})")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--shuffles", type=int, default=100)
    parser.add_argument("--only", default="", help="sets with this text in their name")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    report: dict[str, Any] = {}
    for name, work in SETS.items():
        if asked.only not in name:
            continue
        folder = asked.data / name
        there = folder.is_dir()
        report[name] = (
            work(folder, asked.shuffles) if there else {"skipped": f"there is no {folder}"}
        )
        if not asked.json:
            show(name, report[name])
    if asked.json:
        print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
