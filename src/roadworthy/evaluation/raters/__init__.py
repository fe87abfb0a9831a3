"""People as raters: what they are shown, whether what they hand in answers it, what it is worth."""

from .checking import check_ratings, read_ratings
from .drawing import Drawn, draw_items
from .sheets import make_sheet, shown_digest, shown_item, unswapped

__all__ = [
    "Drawn",
    "check_ratings",
    "draw_items",
    "make_sheet",
    "read_ratings",
    "shown_digest",
    "shown_item",
    "unswapped",
]
