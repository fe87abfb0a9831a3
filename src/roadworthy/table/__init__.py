"""The one table of observations: live answers and evaluation runs, with what was learned since."""

from .asking import Table, TooManyKindsError
from .columns import (
    ALONE,
    AS_LEFT,
    FACET,
    LEARNED,
    LEARNED_AT,
    SAID,
    SCHEMA,
    Row,
    countable,
    glimpse,
    observation_of,
    row_of,
)
from .cube import BAND, LEARNED_BAND, LEVEL, STEPS, Counted, Cube
from .facts import Facts, facts_of
from .files import columns_of, joined, read_table, table_of, write_table
from .kept_counts import write_counts
from .kinds import Kinds, counted_by, kinds_of
from .parts import Counts, Part
from .ranks import FIRST_LOOK, ranked_values
from .selection import Selection
from .sql import bin_of

__all__ = [
    "ALONE",
    "AS_LEFT",
    "BAND",
    "FACET",
    "FIRST_LOOK",
    "LEARNED",
    "LEARNED_AT",
    "LEARNED_BAND",
    "LEVEL",
    "SAID",
    "SCHEMA",
    "STEPS",
    "Counted",
    "Counts",
    "Cube",
    "Facts",
    "Kinds",
    "Part",
    "Row",
    "Selection",
    "Table",
    "TooManyKindsError",
    "bin_of",
    "columns_of",
    "countable",
    "counted_by",
    "facts_of",
    "glimpse",
    "joined",
    "kinds_of",
    "observation_of",
    "ranked_values",
    "read_table",
    "row_of",
    "table_of",
    "write_counts",
    "write_table",
]
