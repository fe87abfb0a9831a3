"""What raters said, resolved: which answer each preferred, whatever side it stood on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from roadworthy.domain import PREFERENCE, RatingItem, RatingTask, Sheet, Submission

from .sheets import unswapped

_WORTH = {"first": 1.0, "tie": 0.5, "neither": 0.5, "second": 0.0}


class Vote(Struct, frozen=True, kw_only=True):
    """One rater's word on one item."""

    rater: str
    item: RatingItem
    choice: str
    """`first`, `second`, `tie`, `neither`, or a level; empty when skipped."""
    swapped: bool
    """Whether the second answer stood on the left."""
    skipped: str = ""
    seconds: int = 0


class Ballot(Struct, frozen=True, kw_only=True):
    """Every vote on one task."""

    task: RatingTask
    digest: str
    votes: tuple[Vote, ...] = ()

    def counted(self) -> Iterator[Vote]:
        """Votes that say something of an answer: not skipped, and of no attention item."""
        return (vote for vote in self.votes if vote.choice and not vote.item.gold)

    def value(self, vote: Vote) -> float:
        """What a vote counts for the first answer, 0 to 1."""
        rubric = self.task.rubric
        return _WORTH[vote.choice] if rubric is None else rubric.value(vote.choice)

    def by_item(self) -> dict[str, list[Vote]]:
        """The counted votes on each item."""
        found: dict[str, list[Vote]] = {}
        for vote in self.counted():
            found.setdefault(vote.item.id, []).append(vote)
        return found

    def means(self) -> dict[str, float]:
        """Item -> mean over its raters: however many rated it, a case is one case."""
        return {
            item: sum(map(self.value, votes)) / len(votes) for item, votes in self.by_item().items()
        }

    def raters(self) -> tuple[str, ...]:
        """Who voted, by name."""
        return tuple(sorted({vote.rater for vote in self.votes}))


def votes_in(task: RatingTask, sheet: Sheet, said: Submission) -> Iterator[Vote]:
    """The votes of one submission, resolved by the sheet that it answers."""
    items: Mapping[str, RatingItem] = {item.id: item for item in task.items}
    placed = {each.item: each for each in sheet.items}
    for rating in said.ratings:
        place = placed[rating.item]
        yield Vote(
            rater=said.rater,
            item=items[rating.item],
            choice=unswapped(rating.choice, place) if task.rubric is None else rating.choice,
            swapped=place.swapped,
            skipped=rating.skipped,
            seconds=rating.seconds,
        )


def human_scores(ballots: Sequence[Ballot]) -> dict[str, dict[str, float]]:
    """Observation -> people's score of it, by `human.<name>`: the mean over all who rated it.

    Side by side the other run's answer gets the rest to 1, and each is also scored under
    `human.preference@RUN`, which says against whom.
    """
    sums: dict[tuple[str, str], list[float]] = {}
    for ballot in ballots:
        for vote in ballot.counted():
            worth = (ballot.value(vote), 1.0 - ballot.value(vote))
            answers = vote.item.answers
            for place, (answer, value) in enumerate(zip(answers, worth, strict=False)):
                names = [ballot.task.name]
                names += [f"{PREFERENCE}@{answers[1 - place].run}"] if len(answers) == 2 else []
                for name in names:
                    sums.setdefault((answer.observation, name), []).append(value)
    found: dict[str, dict[str, float]] = {}
    for (observation, name), values in sums.items():
        found.setdefault(observation, {})[f"human.{name}"] = sum(values) / len(values)
    return found
