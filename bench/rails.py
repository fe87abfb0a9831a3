"""What the rails cost a request: 1 KB of input, 600 B of output, six rails, one core.

The line: two `pattern` rails of 20 patterns each, `pii`, `secrets`, a CEL never event, a pattern
never event; all on both sides where that makes sense. Texts are ordinary letters with a date, an
amount and a case number in them, so that the cheap tests do not all end at once. Prints a table,
or JSON with `--json`. `quoted` texts have a typesetter's quotes, so that they are looked at once
more, as they look; `marked` ones a character that nobody sees too, so that they look two ways.
`python bench/rails.py [--rounds N] [--json]`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

from roadworthy.domain import (
    CelRule,
    Charter,
    Endpoint,
    NeverEvent,
    PatternRule,
    Rail,
    Rails,
    Rule,
    TextContext,
    Use,
)
from roadworthy.serving import RailLine

REACH = {"plain_us": 60.0}

_SENTENCES = (
    "Dear colleagues, on 14 March 2026 a pipe burst in our kitchen and the water ran into the "
    "flat below before we could turn it off. The plumber came the same evening and his bill over "
    "432.50 EUR is attached, as are eleven photographs. The parquet in the hall has lifted, the "
    "lower cupboards are swollen and two of the electrical sockets no longer work. Our neighbour "
    "says that her ceiling shows a stain of about one square metre; she will write to you "
    "herself. The claim was filed as case 2026-118834 and we have not heard anything since. "
    "Could you please tell us whether we may have the floor dried now, and by whom? We are both "
    "at work during the day but somebody could be let in on Thursday or Friday. Many thanks for "
    "your help, and with kind regards from a rather damp household. "
)
INPUT = (_SENTENCES * 2)[:1024]
OUTPUT = (
    "Thank you for telling us so clearly what happened. Your letter belongs to the home desk, "
    "which looks after water damage in flats and houses. A colleague will look at the bill over "
    "432.50 EUR and at your photographs within two working days and will get in touch about the "
    "drying of the floor. Please keep the damaged sockets switched off at the fuse until an "
    "electrician has looked at them. There is no need to send anything twice: everything that "
    "you attached has arrived. Your neighbour's ceiling is handled as a case of its own, and she "
    "will hear from us separately once her letter is here. "
)[:600]
QUOTED = "\u201cHello\u201d, "
MARKED = "\u2764\ufe0f \u201cHello\u201d, "
CONTEXT = TextContext(side="output", input=INPUT, facets={"tenant": "north", "jurisdiction": "DE"})


def patterns(word: str) -> list[str]:
    """Twenty patterns of the usual kind."""
    return [rf"\b{word}{n:02d}\w{{0,6}} (?:please|now|the)\b" for n in range(10)] + [
        rf"(?:ignore|forget|reveal) {{1,3}}(?:all |any ){{0,2}}{word}{n:02d}" for n in range(10)
    ]


def a_charter(never: list[NeverEvent]) -> Charter:
    return Charter(
        system="bench",
        title="Bench",
        owners={},
        human_goal="Know what the rails cost.",
        use=Use(intended_purpose="a benchmark"),
        endpoints=[Endpoint(id="e", fallback="f")],
        never=never,
    )


def a_line(*, collects: bool = True) -> RailLine:
    """The six rails; without the CEL never event the answer need not be collected."""
    cel = NeverEvent(
        id="unsure",
        statement="An unsure decision never leaves.",
        rule=Rule(cel=CelRule(expression='decision == "refuse" && confidence < 0.7')),
    )
    spoken = NeverEvent(
        id="promise",
        statement="It never promises money.",
        rule=Rule(pattern=PatternRule(patterns=[r"\bwe (?:will|shall) pay you\b"])),
    )
    rails = Rails(
        rails=[
            Rail(id="first", detector="pattern", options={"patterns": patterns("spell")}),
            Rail(id="second", detector="pattern", options={"patterns": patterns("charm")}),
            Rail(id="pii", detector="pii", action="redact"),
            Rail(id="secrets", detector="secrets"),
        ]
    )
    never = [cel, spoken] if collects else [spoken]
    return RailLine.compile(rails=rails, charter=a_charter(never), assets={})


def plain(line: RailLine) -> None:
    """A plain answer: input rails, then the output in one piece."""
    line.check_input(INPUT, CONTEXT)
    output = line.output(CONTEXT)
    output.feed(OUTPUT)
    output.finish("home", 0.93)


def streamed(line: RailLine, begin: str = "") -> None:
    """A streamed answer in tokens of four characters."""
    line.check_input(begin + INPUT, CONTEXT)
    output = line.output(CONTEXT)
    text = begin + OUTPUT
    for at in range(0, len(text), 4):
        output.feed(text[at : at + 4])
    output.finish("home", 0.93)


def microseconds(work: Callable[[], Any], rounds: int) -> dict[str, float]:
    """Best and median of many rounds, after a warm-up."""
    for _ in range(20):
        work()
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begin) * 1e6)
    taken.sort()
    return {"best_us": round(taken[0], 1), "median_us": round(taken[len(taken) // 2], 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    begin = time.perf_counter()
    collecting = a_line()
    compiled_ms = (time.perf_counter() - begin) * 1000
    flowing = a_line(collects=False)
    few = max(50, asked.rounds // 20)
    rows: dict[str, Any] = {
        "plain, six rails": microseconds(lambda: plain(collecting), asked.rounds),
        "plain, without CEL": microseconds(lambda: plain(flowing), asked.rounds),
        "streamed by 4, without CEL": microseconds(lambda: streamed(flowing), few),
        "input side only": microseconds(
            lambda: collecting.check_input(INPUT, CONTEXT), asked.rounds
        ),
    }
    for name, begin in (("quoted", QUOTED), ("marked", MARKED)):
        rows[f"input side only, {name}"] = microseconds(
            lambda begin=begin: collecting.check_input(begin + INPUT, CONTEXT),  # type: ignore[misc]
            asked.rounds,
        )
        rows[f"streamed by 4, {name}"] = microseconds(
            lambda begin=begin: streamed(flowing, begin),  # type: ignore[misc]
            few,
        )
    for guard in collecting.inputs:
        detector = guard.detector
        if detector is not None:
            work = lambda d=detector: d.detect(INPUT, CONTEXT)  # noqa: E731
            rows[f"  {guard.rail} on 1 KB"] = microseconds(work, asked.rounds)
    if asked.json:
        print(json.dumps({"rows": rows, "compile_ms": round(compiled_ms, 1), "reach": REACH}))
        return
    print(f"{'work':32} {'best us':>9} {'median us':>10}")
    for name, row in rows.items():
        print(f"{name:32} {row['best_us']:9.1f} {row['median_us']:10.1f}")
    print(f"compiling the line: {compiled_ms:.0f} ms; reach: plain, six rails, 60 us")


if __name__ == "__main__":
    main()
