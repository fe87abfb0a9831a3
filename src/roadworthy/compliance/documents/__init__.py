"""Documents of the lifecycle: forms as data, filled from evidence."""

from .assemble import assemble
from .fillers import FILLERS
from .forms import FORMS
from .gathered import Gathered
from .markdown import to_markdown
from .words import GERMAN, said

__all__ = ["FILLERS", "FORMS", "GERMAN", "Gathered", "assemble", "said", "to_markdown"]
