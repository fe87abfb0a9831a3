"""Documents of the lifecycle: forms as data, filled from evidence."""

from . import (  # they enter themselves
    fillers,
    fillers_asked,
    fillers_brought,
    fillers_contract,
    fillers_cost,
    fillers_drawn,
    fillers_incidents,
    fillers_models,
    fillers_road,
)
from .assemble import assemble
from .fillers_incidents import WEIGHTS_ACCESS
from .forms import FORMS
from .gathered import Gathered
from .markdown import to_markdown
from .plain import owed_in_words
from .registry import FILLERS
from .words import GERMAN, said

__all__ = [
    "FILLERS",
    "FORMS",
    "GERMAN",
    "WEIGHTS_ACCESS",
    "Gathered",
    "assemble",
    "fillers",
    "fillers_asked",
    "fillers_brought",
    "fillers_contract",
    "fillers_cost",
    "fillers_drawn",
    "fillers_incidents",
    "fillers_models",
    "fillers_road",
    "owed_in_words",
    "said",
    "to_markdown",
]
