"""The tools that can be run, by the name that a person types."""

from __future__ import annotations

from .garak_probe import TOOL as GARAK
from .inspect_task import TOOL as INSPECT
from .lm_eval_task import TOOL as LM_EVAL
from .tool import ForeignTool

TOOLS: dict[str, ForeignTool] = {
    "inspect": INSPECT,
    "lm-eval": LM_EVAL,
    "garak": GARAK,
}
"""By name."""
