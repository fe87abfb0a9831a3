"""Inputs that an own system wrote are told apart after an answer left: by the log, not by style."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from doubles.answers_that_left import CHARTER, Answers
from doubles.live_system import write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import Observation
from roadworthy.journal import told
from roadworthy.manifests import Workspace
from roadworthy.wiring.after_looking import AfterLook
from roadworthy.wiring.fingerprinting import Provenance
from roadworthy.wiring.loop import loop_of

ANSWER = (
    "Your parcel left our house on Monday and was handed to the carrier in the evening. It should"
    " reach you within four working days; if it does not, write to us again."
)
LETTER = "I wrote every word of this letter by hand last night, and I ask you where my parcel is."
LOGS = "behaviour:\n  identifies_as_ai: You talk to a machine.\n  disclosure: {language: en}\n"


class House:
    def __init__(self, root: Path, charter: str) -> None:
        loop = write_live_system(root, "http://127.0.0.1:9/v1", {"charter.yaml": charter})
        self.workspace = Workspace(loop.workspace.root)
        self.answers = Answers(loop_of(loop.workspace))

    def looked(self) -> None:
        """The log of answers is written, then inputs are looked up."""
        Provenance(self.workspace, self.answers.vault).round()
        after = AfterLook(self.workspace, self.answers.vault, segment_mb=64)
        after.round()
        after.close()

    def known(self, seen: Observation) -> bool | None:
        said = [each.outcome for each in told(self.workspace.journal, seen.id)]
        found = [each.shift for each in said if each and each.reporter == "look:known_text"]
        return found[0].model_written if found and found[0] else None


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    return House(tmp_path, CHARTER + LOGS)


async def test_an_answer_that_is_fed_back_is_counted(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leave = house.answers.leave
    await leave(ANSWER, seconds_ago=60)
    again = await leave("fine", asked=f"Please sum this up: {ANSWER.upper()}")
    human = await leave("fine", asked=LETTER)
    inside = await leave("fine", asked=f"{LETTER} {LETTER.replace('by hand', 'alone')} {ANSWER}")
    short = await leave("fine", asked="Your parcel left our house")
    house.looked()
    assert [house.known(each) for each in (again, human, inside, short)] == [
        True, False, False, None,
    ]  # fmt: skip
    capsys.readouterr()
    assert run(VERBS, ["journal", "query", str(tmp_path), "--indicators", "--json"]) == 0
    found = msgspec.json.decode(capsys.readouterr().out)["indicators"]
    (share,) = [each for each in found if each["name"] == "ai_generated_share"]
    assert (share["value"], share["n"]) == (pytest.approx(1 / 3), 3)
    assert "keep them out of references" in share["calls_for"]


async def test_the_same_conversation_and_later_answers_are_no_source(house: House) -> None:
    leave = house.answers.leave
    await leave(ANSWER, session="s1", seconds_ago=60)
    quoted = await leave("fine", asked=ANSWER, session="s1")
    other = await leave("fine", asked=ANSWER, session="s2")
    house.looked()
    assert house.known(quoted) is False
    assert house.known(other) is True


async def test_who_asked_first_was_no_echo(house: House) -> None:
    first = await house.answers.leave("fine", asked=ANSWER, seconds_ago=60)
    await house.answers.leave(ANSWER)
    house.looked()
    assert house.known(first) is False


async def test_what_was_erased_is_no_source(house: House) -> None:
    await house.answers.leave(ANSWER, tenant="acme", seconds_ago=60)
    Provenance(house.workspace, house.answers.vault).round()
    house.answers.vault.erase(tenant="acme")
    again = await house.answers.leave("fine", tenant="globex", asked=ANSWER)
    house.looked()
    assert house.known(again) is False


async def test_without_a_log_nobody_says_that_a_human_wrote_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    house = House(tmp_path, CHARTER)
    await house.answers.leave(ANSWER, seconds_ago=60)
    again = await house.answers.leave("fine", asked=ANSWER)
    house.looked()
    assert house.known(again) is None
