"""A comment makes a new candidate, and no new one to count tries by."""

from __future__ import annotations

import msgspec
import pytest

from doubles.pinnable import a_prompt, a_system, candidate
from roadworthy.domain import PromptHeader, Sampling, sha256
from roadworthy.release import behaviour_digest, candidate_digest, pin
from roadworthy.release.behaviour import program_of

CODE = '''
def decide(request):
    """What it does."""
    # how
    return {"text": "motor"}
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# how", "# how and why"),
        ("    # how\n", ""),
        ('    """What it does."""\n', "    'Else.'\n    pass\n    7\n"),
        ("\ndef", "\n\n\n\ndef"),
        ('{"text": "motor"}', '{ "text" :\n        "motor" }'),
        ('"motor"', "'motor'"),
    ],
)
def test_what_no_program_reads_is_no_other_program(old: str, new: str) -> None:
    assert old in CODE
    assert program_of(CODE.replace(old, new)) == program_of(CODE)


@pytest.mark.parametrize(
    ("old", "new"), [("motor", "home"), ("decide", "other"), ("request", "asked")]
)
def test_what_a_program_reads_is(old: str, new: str) -> None:
    assert program_of(CODE.replace(old, new)) != program_of(CODE)


@pytest.mark.parametrize("code", ["def (", "a\0b", "(" * 5000, "x = " + "-" * 100_000 + "1"])
def test_code_that_cannot_be_read_is_taken_as_it_is(code: str) -> None:
    assert program_of(code) == sha256(code.encode())


def python(code: str, digest: str) -> dict[str, object]:
    model = {
        "provider": "python", "name": "decide", "file": "model.py", "digest": digest,
        "options": {"trusted": True},
    }  # fmt: skip
    return {"candidate": candidate(model=model), "assets": {"model.py": code}}


def test_a_comment_changes_the_candidate_and_not_its_behaviour() -> None:
    plain = pin(a_system(**python(CODE, "sha256:1")))
    other = pin(a_system(**python(CODE + "# more\n", "sha256:2")))
    assert plain.candidate_digest != other.candidate_digest
    assert behaviour_digest(plain) == behaviour_digest(other)
    third = pin(a_system(**python(CODE.replace("motor", "home"), "sha256:3")))
    assert behaviour_digest(third) != behaviour_digest(plain)


def test_another_seed_is_another_draw_of_the_same() -> None:
    plain = pin(a_system(candidate=candidate(sampling={"temperature": 0.2})))
    other = pin(a_system(candidate=candidate(sampling={"temperature": 0.2, "seed": 9})))
    warmer = pin(a_system(candidate=candidate(sampling={"temperature": 0.3})))
    assert plain.candidate_digest != other.candidate_digest
    assert behaviour_digest(plain) == behaviour_digest(other) != behaviour_digest(warmer)


def test_the_seed_of_a_prompt_is_one_too() -> None:
    def pinned(seed: int) -> str:
        header = PromptHeader(id="route", sampling=Sampling(seed=seed))
        return behaviour_digest(pin(a_system(prompt=a_prompt(header=header))))

    assert pinned(1) == pinned(2)


def test_weights_that_a_digest_names_stay_what_tells_models_apart() -> None:
    model = {"provider": "local", "name": "m", "digest": "sha256:1"}
    one = pin(a_system(candidate=candidate(model=model)))
    two = pin(a_system(candidate=candidate(model={**model, "digest": "sha256:2"})))
    assert behaviour_digest(one) != behaviour_digest(two)


def test_another_name_of_the_system_is_the_same_behaviour() -> None:
    plain = pin(a_system(**python(CODE, "sha256:1")))
    other = msgspec.structs.replace(plain, system="another")
    assert candidate_digest(plain) != candidate_digest(other)
    assert behaviour_digest(plain) == behaviour_digest(other)
