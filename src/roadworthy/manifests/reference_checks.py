"""The reference that a candidate names under `ood`: that it is one, whole, and this system's."""

from __future__ import annotations

from roadworthy.domain import Reference, find_indicator, read_name, reference_faults

from .document import Document
from .fitted_file import fitted_file
from .reading import Reading

_PLACE = ("ood",)
_AGAIN = "fit it again with `roadworthy ood fit`; it is not written by hand"


def _check_wanted(reading: Reading, document: Document) -> None:
    """Note objectives that nothing can be measured for without a reference."""
    for slo in reading.slos.slos if reading.slos is not None else ():
        try:
            spec = find_indicator(read_name(slo).metric)
        except ValueError:
            continue  # noted where it stands
        if spec is not None and spec.measured and "reference" in spec.needs:
            document.fault(
                _PLACE,
                f"`{spec.name}` is measured from a reference and the candidate names none: it will "
                "have no value",
                "`roadworthy ood fit`, then name the file: `ood: reference.json`",
                severity="warning",
            )


def check_reference(reading: Reading) -> None:
    """Note the faults of the reference file."""
    candidate = reading.candidate
    if candidate is None:
        return
    document = reading.document(reading.candidate_file)
    if not isinstance(candidate.ood, str):
        _check_wanted(reading, document)
        return
    by = (document, _PLACE)
    found = fitted_file(reading, candidate.ood, by, Reference, reference_faults, _AGAIN)
    if found is None:
        return
    reference, own = found
    if reading.charter is not None and reference.system != reading.charter.system:
        own.fault((), f"it was fitted for the system `{reference.system}`", _AGAIN, line=1)
