"""A desk with two candidates that answer in words, their runs, and people who can rate them."""

from __future__ import annotations

from pathlib import Path

from doubles.desk import Desk
from roadworthy.domain import (
    PersonRole,
    RaterProfile,
    Rating,
    Submission,
    digest_of,
    format_instant,
)
from roadworthy.evaluation import raters
from roadworthy.flows.gate.rating import (
    Fixed,
    RatingAsked,
    fix_task,
    hand_out,
    profile_rater,
    submit,
)
from roadworthy.flows.workspace.people import Acting, add_person
from roadworthy.ledger import live_key
from roadworthy.manifests import load_system
from roadworthy.wiring.clock import SystemClock

OTHER_RULES = """\
labels:
  motor: {words: {roof: 3, tyre: 1}}
  home: {words: {car: 3, kitchen: 1}}
"""

HELPFUL = """\
name: main
cases: [main.jsonl]
scorers:
- scorer: rubric
  name: helpful
  options:
    question: Does the answer name the right desk?
    levels: ["no", "yes"]
    passes_from: "yes"
"""


class RatedDesk(Desk):
    """`candidate.yaml` is right, `other.yaml` wrong about most."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.write("other-rules.yaml", OTHER_RULES)
        self.write(
            "other.yaml", (root / "candidate.yaml").read_text().replace("rules", "other-rules")
        )
        self.write("suites/main.yaml", HELPFUL)

    async def both(self) -> None:
        """Both candidates answer."""
        await self.evaluate(candidate="other.yaml")
        await self.evaluate()

    def acting(self, name: str, *, roles: tuple[PersonRole, ...] = ("reviewer",)) -> Acting:
        """A person with a key, made where there is none yet."""
        loop = self.loop()
        now = format_instant(SystemClock().now())
        if live_key(loop.trust, name, now) is None:
            add_person(loop, name=name, roles=roles)
            loop = self.loop()
        key = live_key(loop.trust, name, format_instant(SystemClock().now()))
        assert key is not None
        return Acting(name=name, signer=loop.keyring.signer(name), key=key)

    def rater(self, name: str, **fields: object) -> Acting:
        """A person of whom something is known as a rater."""
        by = self.acting(name)
        said = {"name": name, "role": "claims handler", "languages": ("en",), **fields}
        profile_rater(RaterProfile(**said), load_system(self.root), self.loop(), by)  # type: ignore[arg-type]
        return by

    def task(self, **asked: object) -> Fixed:
        """Fix a task: side by side unless a rubric is named."""
        parts: dict[str, object] = {"n": 20, "seed": 3, **asked}
        if not parts.get("rubric"):
            parts.setdefault("against", "other.yaml")
        return fix_task(load_system(self.root), self.loop(), RatingAsked(**parts))  # type: ignore[arg-type]

    def submission(self, fixed: Fixed, name: str, choose: object, *, most: int = 0) -> Submission:
        """What a rater says of every item: `choose(item, texts from left to right) -> choice`."""
        assert callable(choose)
        sheet = hand_out(self.loop(), fixed, name)
        items = {item.id: item for item in fixed.task.items}
        ratings = []
        for placed in sheet.items[: most or None]:
            shown = raters.shown_item(items[placed.item], placed)
            choice = choose(items[placed.item], shown["texts"])
            ratings.append(
                Rating(item=placed.item, shown=shown["shown"], choice=choice)
                if choice
                else Rating(item=placed.item, shown=shown["shown"], skipped="cannot tell")
            )
        return Submission(
            task=fixed.digest, sheet=digest_of(sheet), rater=name, key_id=sheet.key_id,
            via="page", ratings=tuple(ratings),
        )  # fmt: skip

    def rate(self, fixed: Fixed, by: Acting, choose: object, *, most: int = 0) -> Submission:
        """Hand in what a rater says."""
        said = self.submission(fixed, by.name, choose, most=most)
        sheet = hand_out(self.loop(), fixed, by.name)
        submit(self.loop(), load_system(self.root), fixed, sheet, said, by)
        return said


def knows(item: object, texts: list[str]) -> str:
    """A rater who knows what a letter is about."""
    right = "motor" if "tyre" in str(item.input) else "home"  # type: ignore[attr-defined]
    if len(texts) == 1:
        return "yes" if texts[0] == right else "no"
    return "left" if texts[0] == right else "right"
