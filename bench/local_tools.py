"""How often does the local model call the right tool, with the right arguments?

Samples of BFCL (function calling; https://gorilla.cs.berkeley.edu) are asked once each: `free`,
where the model may answer with a text, and `call first`, where it must begin with a call that is
decoded along the tools' schemas (`model.options.call_first`). Right is what BFCL's own answers say,
name and every argument; where no tool helps, no call. A call that cannot be read is an error.
`python -m bench.local_tools [--cases 60] [--json]`; ROADWORTHY_SHARED names the folder of the sets.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

from bench.tools import BFCL, SHARED, bfcl_cases
from roadworthy.domain import (
    Case,
    Model,
    ModelRequest,
    Observation,
    ProviderError,
    Sampling,
    ScorerSpec,
    tool_definition,
)
from roadworthy.evaluation import make_scorer
from roadworthy.providers.local import LocalModel, make_local
from roadworthy.serving import tool_calls
from roadworthy.statistics import wilson

SETS = ("simple_python", "multiple", "irrelevance")
CHOICES = {"free": "auto", "call first": "required"}


async def asked(model: LocalModel, case: Case, choice: str) -> list[dict[str, Any]] | None:
    """The calls of one answer, as an episode records them; None when they cannot be read."""
    tools = [tool_definition(tool.name, tool.description, tool.schema) for tool in case.tools or ()]
    assert isinstance(case.input, list)
    request = ModelRequest(
        model="local",
        messages=tuple(each for each in case.input if each["role"] != "system"),
        sampling=Sampling(max_tokens=128),
        extra={"tools": tools, "tool_choice": choice},
    )
    try:
        deltas = [chunk.delta async for chunk in model.stream(request) if chunk.delta]
    except ProviderError:
        return None
    return [
        {"turn": 0, "tool": call.name, "arguments": call.arguments, "outcome": "answered"}
        for call in tool_calls(deltas)
    ]


def right(case: Case, calls: list[dict[str, Any]]) -> bool:
    """Whether the trajectory scorer says that these calls are what the case expects."""
    row = Observation(
        id="", time="", system="", release="", stage="eval",
        attributes={"trajectory": {"calls": calls}},
    )  # fmt: skip
    return make_scorer(ScorerSpec(scorer="trajectory")).score(case, "", row) == 1.0


async def measure(limit: int) -> AsyncIterator[dict[str, Any]]:
    """One row for each set and way of asking."""
    model = make_local(Model(provider="local", name="gemma-3-270m-q4_k_m"), ".")
    try:
        for name in SETS:
            cases, _ = bfcl_cases(name, limit)
            for how, choice in CHOICES.items():
                begun = time.perf_counter()
                answers = [(case, await asked(model, case, choice)) for case in cases]
                seconds = (time.perf_counter() - begun) / max(1, len(cases))
                met = sum(calls is not None and right(case, calls) for case, calls in answers)
                named = sum(bool(calls) for _, calls in answers)
                errors = sum(calls is None for _, calls in answers)
                sure = wilson(met, len(cases))
                yield {
                    "set": name, "asked": how, "cases": len(cases), "right": met,
                    "low": round(sure.low, 3), "high": round(sure.high, 3), "called": named,
                    "errors": errors, "seconds_a_case": round(seconds, 2),
                }  # fmt: skip
    finally:
        await model.aclose()


async def report(limit: int, *, as_json: bool) -> None:
    """Print the table, row by row as it comes."""
    if as_json:
        print(json.dumps({"rows": [row async for row in measure(limit)]}))
        return
    heads = ("set", "asked", "cases", "right", "95 % interval", "called", "errors", "s a case")
    print("{:<16}{:<12}{:>6}{:>7}  {:<15}{:>7}{:>8}{:>10}".format(*heads))
    async for row in measure(limit):
        sure = f"{row['low']:.2f} to {row['high']:.2f}"
        print(
            f"{row['set']:<16}{row['asked']:<12}{row['cases']:>6}{row['right']:>7}  {sure:<15}"
            f"{row['called']:>7}{row['errors']:>8}{row['seconds_a_case']:>10}",
            flush=True,
        )


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not BFCL.exists():
        print(f"the sets are not at {SHARED}; ROADWORTHY_SHARED names their folder")
        return 0
    asyncio.run(report(options.cases, as_json=options.json))
    return 0


if __name__ == "__main__":
    sys.exit(main())
