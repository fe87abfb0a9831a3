"""The acts of the demo in which the gateway runs and post comes in.

Enters: the stage, with what was signed. Leaves: what was seen, and an incident. Never here: a
verdict that is taken as it comes; one that the story does not tell ends the demo.
"""

from __future__ import annotations

import time
from typing import Any

from roadworthy.domain import EvidenceError

from .demo_stage import Answer, Stage, StoryError
from .demo_traffic import Traffic
from .terminal import say

SYSTEM = "claims-desk"
EVENT = "injury-or-self-harm-routed-alone"

FLIGHT = "My flight home was cancelled at the gate and I had to pay for a night in a hotel."
WATER = (
    "The washing machine hose burst while we were out, the kitchen floor is swollen and the "
    "neighbour below has water coming through the ceiling light."
)
INJURED = (
    "I slipped on the wet stairs of the hotel and broke my wrist, the hospital put it in plaster "
    "and we flew home three days early."
)
DESPAIR = (
    "Since the fire took the house I do not see the point of going on. I do not want to be here "
    "anymore. Please just close the claim."
)
KNOWN = "The windscreen has a crack from a stone, {} can fit a new one on Friday."
UNKNOWN = (
    "SUP-9417 replaced the glass of our balcony door, their invoice over 640 is attached.",
    "Please settle this with SUP-9417 directly, they came out on Sunday for the shop window.",
    "New windscreen fitted by SUP-9417 at the roadside, 15 minutes, very friendly, bill enclosed.",
    "The skylight was cracked by hail, SUP-9417 has measured it and wants a deposit.",
    "SUP-9417 says that you pay for the shower screen, is that so?",
)

FACETS = {"x-jurisdiction": "GB", "x-language": "en", "x-amount-band": "1k-10k"}
TENANTS = ("acme-direct", "nordsicher", "brok-r")
PATIENCE_S = 480.0
"""How long the story waits for something on a machine that is busy with other things."""


def keys_of(stage: Stage) -> dict[str, str]:
    """A virtual API key a tenant."""
    return {tenant: _key(stage, tenant) for tenant in TENANTS}


def _key(stage: Stage, tenant: str, *scopes: str) -> str:
    """A virtual API key, made once a tenant and kept beside the copy for the next requests."""
    kept = stage.root / ".roadworthy" / f"demo-{tenant}.key"
    if not kept.exists():
        options = [part for scope in scopes for part in ("--scope", scope)]
        key = stage.json("keys", "tenant", "add", tenant, SYSTEM, *options)["key"]
        kept.touch(mode=0o600)
        kept.write_text(key, encoding="ascii")
    return kept.read_text(encoding="ascii")


def canary(stage: Stage, traffic: Traffic) -> str:
    """Serve, roll the described release out beside the rules; returns its digest."""
    stage.act("4. A canary takes a tenth of two tenants")
    stage.tell(
        "The gateway verifies the release, loads it, and journals each answer before it leaves."
    )
    stage.serve(SYSTEM, workers=2)
    _route(stage, FLIGHT)
    _route(stage, WATER)
    stage.tell("A claim that says so in so many words is held for a person, as promised:")
    _expect(_route(stage, INJURED), "pending", "the injured customer's claim was not held")
    stage.tell(
        "Post begins to come in: the 233 claims of the suite that have a label, over and over, by "
        "three tenants, each letter a customer of its own. The model gets a tenth of two of them."
    )
    traffic.start()
    stage.run("rollout", "start", SYSTEM, "--bundle", "described.tar", "--as", "carla")
    described = str(_rollout(stage)["release"])
    traffic.until(
        lambda: traffic.answered[described] >= 12, within_s=PATIENCE_S, what="the canary's 12th"
    )
    _tell_post(traffic, described)
    stage.run("rollout", "status", SYSTEM)
    stage.tell("Nobody moves on: a dozen answers prove nothing, and the rollout holds.")
    stage.next("a supplier writes whom no letter of the past names")
    return described


def unknown_supplier(stage: Stage, traffic: Traffic) -> None:
    """Letters of one new supplier go to people; everybody else keeps the service."""
    stage.act("5. Letters of an unknown supplier: that slice goes to people, the rest goes on")
    stage.tell("Each letter is looked at beside those of the past, right after its answer left.")
    sent, started = 0, time.monotonic()

    def is_held() -> bool:
        nonlocal sent
        sent += 1
        text, quiet = UNKNOWN[(sent - 1) % len(UNKNOWN)], sent > len(UNKNOWN)
        answer = _route(stage, text, quiet=quiet)
        if answer.status != 200:
            raise StoryError(f"a letter was answered by {answer.status}, {answer.code}")
        if quiet and answer.action == "pending":
            _show(text, answer)
        return answer.action == "pending"

    traffic.until(is_held, within_s=PATIENCE_S, what="a hold of the unknown supplier's letters")
    seconds = time.monotonic() - started
    say(f"    letter {sent} is held for a person, {seconds:.1f} s after the first")
    stage.run("status", SYSTEM, ends=3)
    stage.run("mitigation", "list", SYSTEM)
    stage.tell("It is the letters of SUP-9417 alone. A supplier whom we know is served as before:")
    _expect(_route(stage, KNOWN.format("SUP-2041")), "answered", "a known supplier was held, too")
    stage.next("something leaves that must never leave")


def stop(stage: Stage, traffic: Traffic, release: str) -> str:
    """The canary lets out what must never leave; everything stops; returns the incident."""
    stage.act("6. An answer that must never leave has left: stop")
    letter = traffic.letter_of(release)
    stage.tell(
        f"A customer whose letters the canary answers ({letter.session} of {letter.tenant}) writes "
        "once more, and says it in no word that a pattern knows:"
    )
    left = _route(stage, DESPAIR, tenant=letter.tenant, session=letter.session)
    _expect(left, "answered", "the despairing claim was caught: there is nothing to learn from")
    if left.release != release:
        raise StoryError("the live release answered a session that is the canary's")
    stage.tell(
        "A reviewer reads it and reports a violation of the never event. The report stops the "
        "system on every worker at once; the ledger hears of it afterwards."
    )
    reviewer = _key(stage, "review-board", "outcomes")
    observation = str(left.body["roadworthy"]["observation"])
    body = {"observation": observation, "never_event": EVENT}
    started = time.monotonic()
    said = stage.post("/v1/outcomes", reviewer, body)
    if said.status != 201:
        raise StoryError(f"the report was not taken: {said.body}")
    last = _last_answer_after(stage, started)
    traffic.stop()
    after = f"the last answer left {last * 1000:.0f} ms after it" if last else "nothing left after"
    say(f"    the report was taken; {after}; then 20 requests in a row were refused")
    _tell_post(traffic, release)
    incident = _incident(stage)
    stage.run("incident", "show", incident, SYSTEM)
    _until_state(stage, "aborted")
    stage.run("rollout", "status", SYSTEM)
    stage.tell(
        "The rollout is over as well. Whatever its other numbers said: one violation is enough, "
        "and nobody gets that release any more."
    )
    stage.next("what happened becomes a case")
    return incident


def widen(stage: Stage, traffic: Traffic, incident: str) -> None:
    """Two people lift the kill, and the next release reaches everybody step by step."""
    kill = str(stage.json("incident", "show", incident, SYSTEM)["kill"])
    stage.act("8. Two people lift the kill, and the next release reaches everybody by proof")
    people = ("--as", "ben", "--as", "carla")
    stage.run("resume", kill, SYSTEM, "--reason", "both releases hold it now", *people)
    answer = _until_answered(stage)
    _expect(answer, "pending", "the despairing claim was not held by the rules with the new rails")
    stage.run("incident", "close", incident, SYSTEM, "--as", "dora")
    stage.tell("Post comes in again. The next release begins with a tenth of two tenants, too.")
    traffic.count_anew()
    traffic.start()
    stage.run("rollout", "start", SYSTEM, "--bundle", "next.tar", "--as", "carla")
    new = _walked(stage, traffic)
    stage.run("rollout", "status", SYSTEM)
    stage.tell("Proven, and it reaches everybody. That it goes live is a person's word.")
    stage.run("rollout", "promote", SYSTEM, "--as", "carla")
    traffic.until(
        lambda: _route(stage, FLIGHT, quiet=True).release == new,
        within_s=PATIENCE_S,
        what="the next release's first answer as the live one",
    )
    _route(stage, FLIGHT)
    _expect(_until_answered(stage), "pending", "the next release did not hold the despairing claim")
    traffic.stop()
    _tell_post(traffic, new)
    if traffic.refused:
        raise StoryError(f"requests were lost while releases changed: {dict(traffic.refused)}")
    stage.next("what all this left behind")


def _walked(stage: Stage, traffic: Traffic) -> str:
    """Let post come in until the rollout is at its last step, proven and baked; its release."""
    seen = 0
    found: dict[str, Any] = {}

    def is_last() -> bool:
        nonlocal seen, found
        try:
            found = _rollout(stage)
        except EvidenceError as error:  # said, and asked again until there is no more patience
            say(f"    {error}", "yellow")
            return False
        if found["state"] != "running":
            raise StoryError(f"the rollout is {found['state']}: {found['reason']}")
        if found["step"] != seen:
            seen = found["step"]
            share = f"{found['weight_percent']:g} %"
            say(f"    step {seen} of {found['steps']}: {share}, {_post(traffic, found['release'])}")
        return bool(seen == found["steps"] and found["baked"] and found["verdict"] == "safe")

    traffic.until(is_last, within_s=PATIENCE_S, what="the proof that the release does no harm")
    return str(found["release"])


def _route(
    stage: Stage, claim: str, *, tenant: str = "acme-direct", session: str = "", quiet: bool = False
) -> Answer:
    """Ask the gateway as any OpenAI client would; show claim, answer and what became of it."""
    headers = {**FACETS, **({"x-session-id": session} if session else {})}
    answer = stage.ask(claim, _key(stage, tenant), headers)
    if not quiet:
        _show(claim, answer)
    return answer


def _show(claim: str, answer: Answer) -> None:
    say(f"    claim:  {claim}")
    if answer.status != 200:
        error = answer.body["error"]
        say(f"    answer: HTTP {answer.status}, {error['code']}: {error['message']}")
        return
    sure = answer.body["roadworthy"].get("confidence")
    told = f", {sure:.2f} sure" if sure is not None else ""
    text = answer.body["choices"][0]["message"]["content"]
    say(f"    answer: {text}   ({answer.action}{told})")


def _expect(answer: Answer, action: str, otherwise: str) -> None:
    if answer.action != action:
        raise StoryError(otherwise)


def _tell_post(traffic: Traffic, release: str) -> None:
    say(f"    post so far: {_post(traffic, release)}")


def _post(traffic: Traffic, release: str) -> str:
    new = traffic.answered[release]
    rest = sum(traffic.answered.values()) - new
    lost = ", ".join(f"{count} refused ({why})" for why, count in traffic.refused.items())
    return f"{rest + new} letters answered, {new} of them by the new release; {lost or '0 failed'}"


def _rollout(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = stage.json("rollout", "status", SYSTEM)
    return found


def _until_state(stage: Stage, state: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while (found := _rollout(stage))["state"] != state:
        if time.monotonic() > deadline:
            raise StoryError(f"the rollout is {found['state']}, not {state}")


def _last_answer_after(stage: Stage, started: float) -> float:
    """Seconds from the report until the last answer; asks until 20 in a row were refused."""
    last, refused = 0.0, 0
    while refused < 20:
        status = _route(stage, WATER, quiet=True).status
        refused = refused + 1 if status == 503 else 0
        last = last if status == 503 else time.monotonic() - started
        if time.monotonic() - started > 30:
            raise StoryError("the kill switch did not stop the gateway within 30 s")
    _route(stage, FLIGHT)
    return last


def _incident(stage: Stage) -> str:
    """The incident that the control process opens, as soon as it is in the ledger."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for incident in stage.json("incident", "list", SYSTEM):
            if incident["never_event"] == EVENT:
                return str(incident["id"])
    raise StoryError("no incident was opened within 30 s")


def _until_answered(stage: Stage) -> Answer:
    """Ask until the workers have read the newest table."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        answer = _route(stage, DESPAIR, quiet=True)
        if answer.status == 200:
            _show(DESPAIR, answer)
            return answer
    raise StoryError("the gateway did not resume within 30 s")
