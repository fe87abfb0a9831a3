"""A file that a verb fitted and a candidate names: there, of its kind, and whole.

Enters: what the candidate names. Leaves: the file's value; None after a fault. Never here: a file
that was fitted for something else taken for this one's; whoever asks checks that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import Struct

from .document import Document
from .document import Path as Place
from .reading import Reading

Fitted = TypeVar("Fitted", bound=Struct)


def fitted_file(
    reading: Reading,
    named: str,
    by: tuple[Document, Place],
    kind: type[Fitted],
    faults: Callable[[Fitted], list[str]],
    again: str,
) -> tuple[Fitted, Document] | None:
    """The file that `by` names, with its document. `again`: what would make it right."""
    target = reading.folder.reach(named, *by)
    if target is None:
        return None
    found = reading.folder.side_file(target)
    own = reading.document(target)
    if own.broken:
        return None
    try:
        fitted = msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        own.fault((), f"this is no {kind.__name__.lower()}: {error}", again, line=1)
        return None
    for fault in faults(fitted):
        own.fault((), fault, again, line=1)
    return fitted, own
