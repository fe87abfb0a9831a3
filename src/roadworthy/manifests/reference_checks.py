"""The reference that a candidate names under `ood`: that it is one, whole, and this system's."""

from __future__ import annotations

import msgspec

from roadworthy.domain import Reference, reference_faults

from .reading import Reading

_PLACE = ("ood",)
_AGAIN = "fit it again with `roadworthy ood fit`; it is not written by hand"


def check_reference(reading: Reading) -> None:
    """Note the faults of the reference file."""
    candidate = reading.candidate
    if candidate is None or not isinstance(candidate.ood, str):
        return
    document = reading.document(reading.candidate_file)
    target = reading.folder.reach(candidate.ood, document, _PLACE)
    if target is None:
        return
    found = reading.folder.side_file(target)
    own = reading.document(target)
    if own.broken:
        return
    try:
        reference = msgspec.convert(found, Reference)
    except msgspec.ValidationError as error:
        own.fault((), f"this is no reference: {error}", _AGAIN, line=1)
        return
    for fault in reference_faults(reference):
        own.fault((), fault, _AGAIN, line=1)
    if reading.charter is not None and reference.system != reading.charter.system:
        own.fault((), f"it was fitted for the system `{reference.system}`", _AGAIN, line=1)
