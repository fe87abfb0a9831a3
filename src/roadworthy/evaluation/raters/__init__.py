"""People as raters: what they are shown, whether what they hand in answers it, what it is worth."""

from .checking import MAX_SECONDS, check_ratings, read_ratings
from .drawing import Drawn, draw_items
from .preferences import Form, dpo_rows, kto_rows
from .sheets import make_sheet, shown_digest, shown_item, unswapped
from .votes import Ballot, Vote, human_scores, votes_in
from .worth import Agreed, RaterWorth, Share, agreement, overall, worth_of

__all__ = [
    "MAX_SECONDS",
    "Agreed",
    "Ballot",
    "Drawn",
    "Form",
    "RaterWorth",
    "Share",
    "Vote",
    "agreement",
    "check_ratings",
    "dpo_rows",
    "draw_items",
    "human_scores",
    "kto_rows",
    "make_sheet",
    "overall",
    "read_ratings",
    "shown_digest",
    "shown_item",
    "unswapped",
    "votes_in",
    "worth_of",
]
