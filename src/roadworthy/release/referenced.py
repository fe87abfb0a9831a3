"""The reference that a candidate's inputs are held against.

In: a release's content. Out: its reference and the digest that names it, or ManifestError where it
is broken or another system's. Never: a candidate that names a reference looked at without it.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from roadworthy.domain import Fault, ManifestError, Reference, ReleaseContent, reference_faults

from .frozen import frozen_digest

AGAIN = "fit it again with `roadworthy ood fit`; it is not written by hand"


def reference_of(content: ReleaseContent) -> Reference | None:
    """The reference that the candidate names; None where it names none.

    Raises ManifestError when it is missing, not whole, or was fitted for another system.
    """
    named = content.candidate.ood
    if named is UNSET:
        return None
    try:
        found = msgspec.convert(content.assets.get(named), Reference)
    except msgspec.ValidationError as error:
        raise _fault(named, f"this is no reference: {error}") from None
    for fault in reference_faults(found):
        raise _fault(named, fault)
    if found.system != content.system:
        raise _fault(named, f"it was fitted for the system `{found.system}`")
    return found


def reference_digest(content: ReleaseContent) -> str:
    """The digest of the reference file's content; empty without one."""
    named = content.candidate.ood
    return "" if named is UNSET else frozen_digest(content.assets.get(named))


def _fault(file: str, message: str) -> ManifestError:
    return ManifestError([Fault(file=file, line=0, message=message, fix=AGAIN)])
