from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadworthy.domain import ManifestError, UsageError
from roadworthy.manifests import (
    QUESTIONS,
    Answers,
    check_system,
    draft_system,
    load_system,
    questionnaire,
    read_answers,
    take_answers,
    write_system,
)

ANSWERS: dict[str, Any] = {
    "system": "letter-desk",
    "title": 'The "letter" desk: first',
    "human_goal": "Every letter reaches the person who can answer it.",
    "intended_purpose": "Sort incoming letters.",
    "owner": "Ada",
    "labels": {"bills": "money that is owed", "praise": "thanks", "person": "all else"},
}


def changed(**changes: Any) -> dict[str, Any]:
    return {**ANSWERS, **changes}


VARIANTS: dict[str, dict[str, Any]] = {
    "local": ANSWERS,
    "hosted": changed(
        model="openai_compatible",
        model_name="small-1",
        url="https://api.example/v1",
        credential="env:KEY",
    ),
    "hosted without a key": changed(
        model="openai_compatible", model_name="small-1", url="http://127.0.0.1:9/v1"
    ),
    "anthropic": changed(model="anthropic", model_name="claude-x", credential="env:KEY"),
    "anthropic's chat": changed(
        task="chat", labels={}, model="anthropic", model_name="claude-x", credential="env:KEY"
    ),
    "chat": changed(task="chat", labels={}),
    "labels as a list": changed(labels=["yes", "no", "on", "12"]),
    "own cases": changed(cases=[{"input": "Pay!", "label": "bills"}]),
    "all answered": changed(
        users=["clerks"], affected_people=["writers"], out_of_scope=["poetry"],
        languages=["de", "en"], jurisdictions=["DE"], autonomy="decide", impact="high",
        fallback="Wait.", time_zone="Europe/Berlin", roles=["provider", "deployer"],
        adoption=["tuner"], accuracy=0.75,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_what_is_written_passes_the_check(name: str, tmp_path: Path) -> None:
    write_system(tmp_path, draft_system(take_answers(VARIANTS[name])))
    assert [fault for fault in check_system(tmp_path) if fault.severity == "error"] == []
    system = load_system(tmp_path)
    assert system.charter.title == ANSWERS["title"]
    assert system.rollout is not None
    assert system.playbooks
    assert "never_event_violations" in {slo.name for slo in system.slos.slos}


def test_what_is_written_for_anthropic_asks_for_nothing_that_it_lacks(tmp_path: Path) -> None:
    for name in ("anthropic", "anthropic's chat"):
        root = tmp_path / name
        write_system(root, draft_system(take_answers(VARIANTS[name])))
        said = [fault.message for fault in check_system(root)]
        assert not [message for message in said if "Anthropic" in message]
        system = load_system(root)
        assert system.deployment.upstreams["main"].url == "https://api.anthropic.com/v1"
    with pytest.raises(ManifestError, match="model_name"):
        take_answers(changed(model="anthropic"))


def test_the_cases_that_wait_for_real_ones_are_counted(tmp_path: Path) -> None:
    write_system(tmp_path, draft_system(take_answers(ANSWERS)))
    warnings = [fault.message for fault in check_system(tmp_path)]
    assert any("cases still hold the text that `init` wrote" in message for message in warnings)


def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "rails.yaml").write_text("mine")
    with pytest.raises(UsageError, match=r"rails\.yaml already"):
        write_system(tmp_path, draft_system(take_answers(ANSWERS)))
    assert [one.name for one in tmp_path.iterdir()] == ["rails.yaml"]
    assert (tmp_path / "rails.yaml").read_text() == "mine"


def test_an_own_gitignore_stays(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine")
    written = write_system(tmp_path, draft_system(take_answers(ANSWERS)))
    assert ".gitignore" not in written
    assert (tmp_path / ".gitignore").read_text() == "mine"
    assert not list(tmp_path.rglob("*.tmp"))


def test_every_missing_answer_is_named_with_its_question(tmp_path: Path) -> None:
    path = tmp_path / "answers.yaml"
    path.write_text("model: openai_compatible\n")
    with pytest.raises(ManifestError) as caught:
        read_answers(path)
    said = {fault.message: fault.fix for fault in caught.value.faults}
    for name in ("system", "title", "human_goal", "intended_purpose", "owner"):
        assert f"`{name}` is missing" in said
    assert "Who owns it" in said["`owner` is missing"]
    assert any("`labels`" in message for message in said)
    assert any("`url`" in message for message in said)


@pytest.mark.parametrize(
    "changes",
    [
        {"system": "Letter Desk"}, {"labels": ["one"]}, {"labels": ["a", ""]}, {"title": " "},
        {"credential": "sk-123"}, {"labels": {"a": "{{ x }}", "b": "c"}}, {"accuracy": 80},
        {"accuracy": 0}, {"intended_purpose": "{% raw %}"}, {"model": "remote"},
    ],
)  # fmt: skip
def test_wrong_answers_are_faults(changes: dict[str, Any]) -> None:
    with pytest.raises(ManifestError):
        take_answers(changed(**changes))


def test_the_questionnaire_asks_everything_and_its_examples_are_valid(tmp_path: Path) -> None:
    assert {one.id for one in QUESTIONS} | {"roadworthy"} == set(Answers.__struct_fields__)
    path = tmp_path / "answers.yaml"
    path.write_text(questionnaire())
    write_system(tmp_path / "new", draft_system(read_answers(path)))
    assert not [one for one in check_system(tmp_path / "new") if one.severity == "error"]


_WORDS = st.text(min_size=1, max_size=30).filter(
    lambda text: text.strip() and not any(mark in text for mark in ("{{", "{%", "{#"))
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(title=_WORDS, goal=_WORDS, owner=_WORDS, labels=st.lists(_WORDS, min_size=2, unique=True))
def test_any_words_give_files_that_load(
    tmp_path_factory: pytest.TempPathFactory, title: str, goal: str, owner: str, labels: list[str]
) -> None:
    root = tmp_path_factory.mktemp("new")
    given_answers = changed(title=title, human_goal=goal, owner=owner, labels=labels)
    try:
        answers = take_answers(given_answers)
    except ManifestError:
        return
    write_system(root, draft_system(answers))
    system = load_system(root)
    assert (system.charter.title, system.charter.human_goal) == (title, goal)
    assert system.candidate.decision is not None
    assert system.candidate.decision.labels == labels
