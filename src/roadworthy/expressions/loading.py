"""The CEL package without its terminal program.

`import cel` alone also imports prompt_toolkit, pygments and rich for its own command line: half a
second where bytecode is not cached, more than the whole of `roadworthy check`.
"""

from __future__ import annotations

import sys
import types
from typing import Any


def load_cel() -> Any:
    """The `cel` module; its command line is an empty module unless somebody loaded it before."""
    if "cel" not in sys.modules:
        sys.modules.setdefault("cel.cli", types.ModuleType("cel.cli"))
    import cel

    return cel
