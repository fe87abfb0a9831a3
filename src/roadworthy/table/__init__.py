"""The one table of observations: live answers and evaluation runs, with what was learned since."""

from .asking import Table, TooManyKindsError
from .columns import (
    ALONE,
    AS_LEFT,
    FACET,
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
from .ranks import ranked_values
from .selection import Selection

__all__ = [
    "ALONE",
    "AS_LEFT",
    "BAND",
    "FACET",
    "LEARNED_AT",
    "LEARNED_BAND",
    "LEVEL",
    "SAID",
    "SCHEMA",
    "STEPS",
    "Counted",
    "Cube",
    "Facts",
    "Row",
    "Selection",
    "Table",
    "TooManyKindsError",
    "columns_of",
    "countable",
    "facts_of",
    "glimpse",
    "joined",
    "observation_of",
    "ranked_values",
    "read_table",
    "row_of",
    "table_of",
    "write_table",
]
