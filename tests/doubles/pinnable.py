"""A small system in memory, complete enough to be pinned, with every field that can be changed."""

from __future__ import annotations

from typing import Any

import msgspec

from roadworthy.domain import (
    Candidate,
    Charter,
    Prompt,
    PromptHeader,
    Rails,
    Rollout,
    SloFile,
    System,
)

CHARTER: dict[str, Any] = {
    "system": "claims-desk",
    "title": "Claims desk",
    "owners": {"product": "Ana"},
    "human_goal": "Every claim reaches the right desk.",
    "never": [
        {
            "id": "self_harm_alone",
            "statement": "A claim that speaks of self-harm is never routed without a person.",
            "rule": {"pattern": {"patterns": ["(?i)hurt myself"], "on": "input"}},
        },
        {
            "id": "bad_shape",
            "statement": "An answer always has the agreed form.",
            "rule": {"schema": {"schema": "schemas/answer.json"}},
            "scope": "tenant",
        },
        {
            "id": "toxic",
            "statement": "Never insult anybody.",
            "rule": {
                "classifier": {"detector": "linear", "threshold": 0.5, "options": {"w": "w.json"}}
            },
        },
    ],
    "use": {"intended_purpose": "Route claims.", "allowed": {"languages": ["en", "de"]}},
    "behaviour": {"tone": "plain", "history": {"turns": 2}},
    "endpoints": [
        {"id": "route", "impact": "high", "fallback": "A person will look at it.",
         "cost_budget": {"amount": 12.5}}
    ],
    "review": {"approvals": {"release": 1, "resume": 2}},
}  # fmt: skip
CANDIDATE: dict[str, Any] = {
    "name": "described",
    "task": "decision",
    "model": {
        "provider": "rule",
        "name": "words",
        "file": "rules/words.json",
        "options": {"k": 1.5},
    },
    "prompt": "prompts/route.md",
    "sampling": {"temperature": 0.1},
    "decision": {"labels": ["motor", "home"], "accept": 0.25},
    "rails": "rails.yaml",
    "tools": [{"name": "lookup", "schema": {"type": "object"}}],
    "facets": {"tenant": {"header": "x-tenant"}},
    "assertions": [{"that": "size(input) < 9000", "otherwise": "too long"}],
}
ASSETS: dict[str, Any] = {
    "rules/words.json": {"motor": ["car", "Straße"], "weights": {"été": 0.1, "x": -2e-9}},
    "schemas/answer.json": {"type": "string", "$ref": "#/x"},
    "w.json": [0.25, 3, True, None, "0.25"],
}
SLOS: dict[str, Any] = {
    "slos": [
        {"name": "accuracy", "target": ">= 0.6", "burn": [{"rate": 14.4}], "max_rate": 0.05},
        {"name": "never_event_violations", "target": "== 0", "action_on_breach": "kill_switch"},
    ]
}


def charter(**changes: Any) -> Charter:
    """A charter with some of its keys changed."""
    return msgspec.convert({**CHARTER, **changes}, Charter)


def candidate(**changes: Any) -> Candidate:
    """A candidate with some of its keys changed."""
    return msgspec.convert({**CANDIDATE, **changes}, Candidate)


def a_prompt(**changes: Any) -> Prompt:
    """A prompt with two examples."""
    parts: dict[str, Any] = {
        "path": "prompts/route.md",
        "header": PromptHeader(id="route", output_schema={"maximum": 0.5}, examples="shots.jsonl"),
        "body": "Route: {{ input }}",
        "examples": ({"input": "my car", "output": "motor", "weight": 0.5},),
    }
    return Prompt(**{**parts, **changes})


def a_system(**changes: Any) -> System:
    """A system with some of its parts replaced."""
    parts: dict[str, Any] = {
        "root": "/somewhere/claims-desk",
        "charter": charter(),
        "candidate": candidate(),
        "prompt": a_prompt(),
        "rails": msgspec.convert(
            {"rails": [{"id": "pii", "detector": "pii", "threshold": 0.9, "options": {"n": 2}}]},
            Rails,
        ),
        "slos": msgspec.convert(SLOS, SloFile),
        "suites": (),
        "rollout": Rollout(),
        "assets": ASSETS,
    }
    return System(**{**parts, **changes})
