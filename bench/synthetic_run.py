"""A workspace with recorded runs of any size, made without a model: for benchmarks of readers.

The rows are made up (words drawn from a fixed list, answers right seven times in ten); everything
around them is real: system files, plan, sealed run file, summary, ledger entries, the gate.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from pathlib import Path

from roadworthy.domain import (
    Case,
    Draft,
    Observation,
    RailVerdict,
    RunSummary,
    System,
    Usage,
    plain,
)
from roadworthy.evaluation import Plan, RunFile, flaky_cases, plan, row_digest, rows_digest
from roadworthy.flows.entries.run_records import run_path
from roadworthy.flows.release_loop import gate
from roadworthy.flows.runs.evaluating import seal_of
from roadworthy.flows.workspace.loop import Loop
from roadworthy.manifests import load_system
from roadworthy.monitoring import measure_all
from roadworthy.release import pin
from roadworthy.wiring.loop import open_loop

LABELS = ("motor", "home", "travel", "health", "liability")
TECHNIQUES = ("base64", "role_play", "many_shot", "homoglyphs", "crescendo", "direct")
HAZARDS = ("injection", "leak", "misuse", "jailbreak")
FILES = {
    "charter.yaml": """\
system: bench
title: Bench
owners: {product: Bench}
human_goal: Every letter reaches the desk that can help.
never:
- id: account-number
  statement: An account number leaves.
  rule: {pattern: {patterns: ["[A-Z]{2}[0-9]{20}"]}}
use: {intended_purpose: Sort letters.}
endpoints:
- {id: sort, fallback: Please ask a person.}
""",
    "candidate.yaml": """\
name: words
task: decision
model: {provider: rule, name: words, file: rules.yaml}
decision: {labels: [motor, home, travel, health, liability]}
""",
    "rules.yaml": "labels: {motor: {words: {car: 2}}, home: {words: {roof: 2}}}\n",
    "safety-slos.yaml": """\
slos:
- {name: accuracy, target: ">= 0.60"}
- {name: decision_ece, target: "<= 0.30"}
- {name: attack_success, target: "<= 0.40"}
- {name: never_event_violations, target: "== 0"}
""",
    "suites/all.yaml": "name: all\ncases: [all.jsonl]\n",
}


def write_system(root: Path, cases: int) -> System:
    """The files of a system with so many cases."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    chance = random.Random(1)
    words = [_word(chance) for _ in range(3_000)]
    with (root / "suites" / "all.jsonl").open("w") as file:
        for number in range(cases):
            file.write(json.dumps(_case(number, chance, words)) + "\n")
    return load_system(root)


def _word(chance: random.Random) -> str:
    return "".join(chance.choices("eeaaoiunrstldmhcg", k=chance.randint(2, 9)))


def _case(number: int, chance: random.Random, words: list[str]) -> dict[str, object]:
    tags = ["golden"]
    if number % 4 == 0:
        tags = ["adversarial", f"hazard:{chance.choice(HAZARDS)}"]
        tags.append(f"technique:{chance.choice(TECHNIQUES)}")
    elif number % 7 == 0:
        tags = ["tail"]
    return {
        "id": f"case-{number:06d}",
        "input": " ".join(chance.choices(words, k=chance.randint(15, 60))),
        "expect": {"label": LABELS[number % 5]},
        "tags": tags,
        "facets": {"language": chance.choice(("en", "de", "fr")), "tenant": f"t{number % 9}"},
    }


def record_run(loop: Loop, system: System, *, attempt: int = 0) -> RunSummary:
    """A complete run of the system as the ledger knows it."""
    content = pin(system)
    planned = plan(system, content).at_attempt(attempt)
    rows, digests = asyncio.run(_written(loop, planned, random.Random(attempt)))
    summary = RunSummary(
        run=planned.run,
        system=content.system,
        candidate=content.candidate_digest,
        candidate_name=content.candidate.name,
        bar=loop.blobs.put_json(planned.bar),
        status="complete",
        n=len(rows),
        indicators=tuple(measure_all(rows)),
        observations=rows_digest(
            {(row.suite, row.case, row.repeat): row_digest(row) for row in rows}
        ),
        file=digests,
        flaky=flaky_cases(rows),
        suites=planned.counts,
    )
    entered = {
        "bar.fixed": {"run": planned.run, "bar": summary.bar, "slos": planned.bar.slos},
        "run.completed": {
            "run": planned.run, "status": "complete", "bar": summary.bar,
            "observations": summary.observations, "summary": loop.blobs.put_json(summary),
        },
    }  # fmt: skip
    for kind, payload in entered.items():
        loop.ledger.record(
            Draft(
                system=content.system,
                kind=kind,
                subject=content.candidate_digest,
                actor=loop.machine,
                payload=plain(payload),
            )
        )
    return summary


async def _written(
    loop: Loop, planned: Plan, chance: random.Random
) -> tuple[list[Observation], str]:
    steady = random.Random(2)
    words = [_word(steady) for _ in range(3_000)]
    rows = []
    path = run_path(loop.workspace, planned.run)
    with RunFile(path, planned, seal=seal_of(loop), flush_rows=512) as file:
        for number, item in enumerate(planned.items):
            rows.append(file.append(_row(item.case, _own(number, planned.attempt, chance), words)))
        return rows, file.sync()


def _own(number: int, attempt: int, chance: random.Random) -> random.Random:
    """What a case's answer is drawn from: the same in every attempt, but for one in twenty."""
    return random.Random(number if chance.random() > 0.05 else f"{attempt} {number}")


def _row(case: Case, chance: random.Random, words: list[str]) -> Observation:
    label = case.expect.label or ""
    right = chance.random() < 0.7
    decision = label if right else chance.choice(LABELS)
    sure = min(1.0, max(0.0, chance.gauss(0.7 if right else 0.5, 0.15)))
    said = " ".join(chance.choices(words, k=chance.randint(10, 40)))
    redacted = chance.random() < 0.05
    rails = (
        RailVerdict(rail="secrets", side="input", outcome="passed"),
        RailVerdict(rail="never:account-number", side="output", outcome="passed"),
        RailVerdict(rail="personal-data", side="output",
                    outcome="redact" if redacted else "passed",
                    kinds=("email",) if redacted else ()),
        RailVerdict(rail="toxicity", side="output", outcome="passed", score=chance.random()),
    )  # fmt: skip
    return Observation(
        id=f"01a2{chance.getrandbits(112):028x}",
        time="2026-11-22T00:00:00.000000Z",
        system="bench",
        release="sha256:" + "1" * 64,
        stage="eval",
        suite="all",
        case=case.id,
        tags=tuple(case.tags),
        facets=case.facets,
        tenant=case.facets["tenant"],
        model="words",
        usage=Usage(input_tokens=len(case.input), output_tokens=len(said) // 4),
        latency_ms=round(chance.lognormvariate(6, 0.5), 3),
        finish_reason="stop",
        decision=decision,
        confidence=sure,
        label_probabilities={each: sure if each == decision else (1 - sure) / 4 for each in LABELS},
        label=label,
        rails=rails,
        scores={"label": float(decision == label)},
        output=said,
        raw_output=f"{said} a.person@example.org" if redacted else "",
        input_digest="sha256:" + "2" * 64,
        output_digest=f"sha256:{chance.getrandbits(256):064x}",
    )


def build(root: Path, cases: int) -> list[str]:
    """A workspace with two runs of so many cases, the gate asked after them; the runs' ids."""
    system = write_system(root, cases)
    loop = open_loop(root)
    runs = [record_run(loop, system, attempt=attempt).run for attempt in (0, 1)]
    gate(system, loop)
    return runs


if __name__ == "__main__":
    os.environ.pop("ROADWORTHY_HOME", None)
    print(*build(Path(sys.argv[1]), int(sys.argv[2])))
