"""What the candidate digest covers, what it does not, and that no machine enters it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from doubles.pinnable import ASSETS, CANDIDATE, CHARTER, a_prompt, a_system, candidate, charter
from roadworthy.domain import PromptHeader, Rails, Rollout, SloFile, System, UsageError
from roadworthy.release import candidate_digest, pin
from roadworthy_verify.covered import covered


def digest(**changes: Any) -> str:
    return pin(a_system(**changes)).candidate_digest


PLAIN = digest()


def header(**changes: Any) -> PromptHeader:
    parts: dict[str, Any] = {"id": "route", "output_schema": {"maximum": 0.5}}
    return PromptHeader(**{**parts, **changes})


def rails(**changes: Any) -> Rails:
    rail = {"id": "pii", "detector": "pii", "threshold": 0.9, "options": {"n": 2}}
    return msgspec.convert({"rails": [{**rail, **changes}]}, Rails)


def never(**changes: Any) -> list[dict[str, Any]]:
    first, *rest = CHARTER["never"]
    return [{**first, **changes}, *rest]


def endpoint(**changes: Any) -> list[dict[str, Any]]:
    return [{**CHARTER["endpoints"][0], **changes}]


def assets(**changes: Any) -> dict[str, Any]:
    return {**ASSETS, **changes}


def model(**changes: Any) -> dict[str, Any]:
    return {**CANDIDATE["model"], **changes}


COVERED: dict[str, dict[str, Any]] = {
    "task": {"candidate": candidate(task="chat")},
    "provider": {"candidate": candidate(model=model(provider="python"))},
    "model name": {"candidate": candidate(model=model(name="other"))},
    "model digest": {"candidate": candidate(model=model(digest="sha256:1"))},
    "model version": {"candidate": candidate(model=model(version="2"))},
    "model option": {"candidate": candidate(model=model(options={"k": 1.6}))},
    "option as text": {"candidate": candidate(model=model(options={"k": "1.5"}))},
    "adapter": {"candidate": candidate(model=model(adapter="lora"))},
    "upstream": {"candidate": candidate(model=model(upstream="eu"))},
    "sampling": {"candidate": candidate(sampling={"temperature": 0.2})},
    "labels": {"candidate": candidate(decision={"labels": ["home", "motor"], "accept": 0.25})},
    "accept": {"candidate": candidate(decision={"labels": ["motor", "home"], "accept": "auto"})},
    "tool": {"candidate": candidate(tools=[])},
    "facet": {"candidate": candidate(facets={"tenant": {"header": "x-t"}})},
    "assertion": {"candidate": candidate(assertions=[])},
    "knowledge": {"candidate": candidate(knowledge="snapshot-1")},
    "prompt text": {"prompt": a_prompt(body="Route:  {{ input }}")},
    "prompt gone": {"prompt": None},
    "prompt header": {"prompt": a_prompt(header=header(format="completion"))},
    "output schema": {"prompt": a_prompt(header=header(output_schema={"maximum": 1}))},
    "examples": {"prompt": a_prompt(examples=())},
    "rail threshold": {"rails": rails(threshold=0.8)},
    "rail option": {"rails": rails(options={"n": 3})},
    "rail gone": {"rails": Rails()},
    "rules": {"assets": assets(**{"rules/words.json": {"motor": ["van"]}})},
    "weights": {"assets": assets(**{"w.json": [0.25, 3, True, None, "0.26"]})},
    "weight as text": {"assets": assets(**{"w.json": ["0.25", 3, True, None, "0.25"]})},
    "schema": {"assets": assets(**{"schemas/answer.json": {"type": "number"}})},
    "another side file": {"assets": assets(**{"deny.txt": ["x"]})},
    "never rule": {"charter": charter(never=never(rule={"cel": "true"}))},
    "never scope": {"charter": charter(never=never(scope="slice"))},
    "never statement": {"charter": charter(never=never(statement="Never."))},
    "never inline": {"charter": charter(never=never(inline=False))},
    "never gone": {"charter": charter(never=[])},
    "allowed use": {
        "charter": charter(use={"intended_purpose": "Route.", "allowed": {"languages": ["en"]}})
    },
    "behaviour": {"charter": charter(behaviour={"tone": "warm", "history": {"turns": 2}})},
    "history": {"charter": charter(behaviour={"tone": "plain", "history": {"turns": 3}})},
    "safe mode": {"charter": charter(endpoints=endpoint(safe_mode="human_review"))},
    "fallback": {"charter": charter(endpoints=endpoint(fallback="Please call."))},
    "impact": {"charter": charter(endpoints=endpoint(impact="low"))},
    "system": {"charter": charter(system="claims-desk-2")},
}

BESIDE: dict[str, dict[str, Any]] = {
    "title": {"charter": charter(title="Other")},
    "owners": {"charter": charter(owners={"product": "Bo"})},
    "charter version": {"charter": charter(version="9.9.9")},
    "goal": {"charter": charter(human_goal="Something else.")},
    "proxies": {"charter": charter(proxies=[{"metric": "m", "fails_when_over_optimised": "f"}])},
    "purpose": {
        "charter": charter(
            use={"intended_purpose": "Other.", "allowed": {"languages": ["en", "de"]}}
        )
    },
    "budget": {"charter": charter(endpoints=endpoint(cost_budget={"amount": 99.5}))},
    "volume": {"charter": charter(endpoints=endpoint(expected_volume_per_day=9))},
    "clause": {"charter": charter(never=never(clause="robustness"))},
    "review": {"charter": charter(review={"approvals": {"release": 3, "resume": 2}})},
    "candidate name": {"candidate": candidate(name="renamed")},
    "prompt file moved": {
        "candidate": candidate(prompt="p/elsewhere.md"),
        "prompt": a_prompt(path="p/elsewhere.md"),
    },
    "rails file moved": {"candidate": candidate(rails="r.yaml")},
    "examples file moved": {"prompt": a_prompt(header=header(examples="other.jsonl"))},
    "prompt tests": {"prompt": a_prompt(header=header(tests=[{"a": 1}]))},
    "rules file moved": {
        "candidate": candidate(model=model(file="r.json")),
        "assets": {
            **{path: value for path, value in ASSETS.items() if path != "rules/words.json"},
            "r.json": ASSETS["rules/words.json"],
        },
    },
    "objectives": {
        "slos": msgspec.convert({"slos": [{"name": "accuracy", "target": ">= 0.1"}]}, SloFile)
    },
    "rollout": {"rollout": None},
    "rollout strategy": {"rollout": Rollout(strategy="ab")},
    "folder": {"root": "/home/somebody/else"},
    "absolute prompt path": {"prompt": a_prompt(path="/somewhere/prompts/route.md")},
    "files": {"files": {"prompts/route.md": "sha256:0"}},
}


@pytest.mark.parametrize("name", sorted(COVERED))
def test_what_changes_behaviour_changes_the_digest(name: str) -> None:
    assert digest(**COVERED[name]) != PLAIN


def test_every_covered_change_gives_a_digest_of_its_own() -> None:
    found = {name: digest(**changes) for name, changes in COVERED.items()}
    assert len(set(found.values())) == len(found)


@pytest.mark.parametrize("name", sorted(BESIDE))
def test_what_changes_nothing_leaves_the_digest(name: str) -> None:
    assert digest(**BESIDE[name]) == PLAIN


def test_the_digest_is_the_same_in_every_version() -> None:
    """A changed digest asks everybody to evaluate again: never by accident."""
    content = pin(a_system())
    assert candidate_digest(content) == content.candidate_digest == PLAIN
    assert covered({**_frozen(content)}, {}).keys() == {
        "version", "system", "candidate", "prompt", "rails", "never", "use", "behaviour",
        "endpoints", "assets",
    }  # fmt: skip


def _frozen(content: Any) -> dict[str, Any]:
    from roadworthy.release.frozen import freeze

    return dict(freeze(content))


def test_the_same_words_in_another_order_are_the_same_candidate() -> None:
    turned = dict(reversed(list(ASSETS.items())))
    assert digest(assets=turned) == PLAIN


def test_side_files_that_change_places_change_the_digest() -> None:
    swapped = {**ASSETS, "w.json": ASSETS["schemas/answer.json"]}
    swapped["schemas/answer.json"] = ASSETS["w.json"]
    assert digest(assets=swapped) != PLAIN


def test_weights_that_are_no_text_are_pinned_by_their_digest() -> None:
    system: System = a_system(
        candidate=candidate(model=model(adapter="lora.bin")), files={"lora.bin": "sha256:aa"}
    )
    content = pin(system)
    assert content.assets["lora.bin"] == {"digest": "sha256:aa"}
    other = msgspec.structs.replace(system, files={"lora.bin": "sha256:bb"})
    assert pin(other).candidate_digest != content.candidate_digest


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_what_cannot_be_written_down_is_not_pinned(value: Any) -> None:
    with pytest.raises(UsageError):
        pin(a_system(assets={"w.json": [value]}))
