"""One model at two addresses: one goes down under callers, rests, and comes back."""

from __future__ import annotations

from pathlib import Path

from doubles.dialects import APIS, Door, a_door, chat_whole
from doubles.fake_upstream import FakeUpstream, Reply
from doubles.recorded_answer import RecordedAnswer
from roadworthy.gateway.health import readiness

CHAT = APIS[0]
BODY = {"model": "letters", **CHAT.body("Where is my bill?")}


def deployment(url: str, further: str = "") -> dict[str, str]:
    also = f'[[upstreams.lab.also]]\nurl = "{further}"\n' if further else ""
    return {
        "roadworthy.toml": f'[upstreams.lab]\nurl = "{url}"\nretries = 0\nrest_after = 2\n'
        f"rest_s = 3600\n{also}"
    }


def states(door: Door) -> list[str]:
    systems = readiness(door.gateway)["systems"]
    assert isinstance(systems, dict)
    return sorted(systems["letters"]["upstreams"].values())


async def text_of(door: Door) -> str:
    answer: RecordedAnswer = await door.ask(CHAT.path, BODY)
    return chat_whole(answer.data).text


async def test_nobody_notices_one_address_of_two_that_is_down(tmp_path: Path) -> None:
    async with (
        FakeUpstream(answer="one") as first,
        FakeUpstream(answer="two") as second,
        a_door(tmp_path, deployment(first.url, second.url)) as door,
    ):
        assert {await text_of(door) for _ in range(4)} == {"one", "two"}
        assert states(door) == ["well", "well"]
        first.standing = lambda body: Reply(status=500)
        assert {await text_of(door) for _ in range(6)} == {"two"}
        assert states(door) == ["resting", "well"]
        asked = first.served
        assert {await text_of(door) for _ in range(6)} == {"two"}
        assert first.served == asked, "it rests"


async def test_an_upstream_that_is_down_is_not_asked_and_callers_have_the_fallback_at_once(
    tmp_path: Path,
) -> None:
    async with FakeUpstream() as lab, a_door(tmp_path, deployment(lab.url)) as door:
        lab.standing = lambda body: Reply(status=500)
        said = [await text_of(door) for _ in range(5)]
        assert said == ["A person will read your letter."] * 5
        assert lab.served == 2 and states(door) == ["resting"]
        assert readiness(door.gateway)["ready"], "fallbacks are answers, too"
