"""Which candidate a calibration was fitted for, and whether it is this one.

In: a release's content. Out: its calibration, or ManifestError where it is broken or belongs to
another candidate. Never: confidences of one model and prompt judged by what another's were worth.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from roadworthy.domain import (
    Calibration,
    Fault,
    ManifestError,
    ReleaseContent,
    System,
    calibration_faults,
)

from .pin import candidate_digest, pin

AGAIN = "roadworthy calibrate DIR --suite NAME"


def uncalibrated(system: System) -> System:
    """The system as it would run without its calibration: every answer stands, as the model says.

    What is fitted is fitted on this one, so that a calibration is never fitted on another.
    """
    decision = system.candidate.decision
    if decision is None:
        return system
    plain = msgspec.structs.replace(decision, accept=0.0, calibration=UNSET)
    named = decision.calibration or ""
    return msgspec.structs.replace(
        system,
        candidate=msgspec.structs.replace(system.candidate, decision=plain),
        files={path: digest for path, digest in system.files.items() if path != named},
        assets={path: asset for path, asset in system.assets.items() if path != named},
    )


def calibration_of(content: ReleaseContent) -> Calibration | None:
    """The calibration that the candidate names; None where it names none.

    Raises ManifestError when it is missing, not whole, or was fitted for another candidate, and
    when `accept: auto` names nothing that could say from where on.
    """
    decision = content.candidate.decision
    named = decision.calibration if decision is not None else UNSET
    if decision is None or named is UNSET:
        if decision is not None and decision.accept == "auto":
            raise _fault("candidate.yaml", "decision.accept: auto needs decision.calibration")
        return None
    try:
        found = msgspec.convert(content.assets.get(named), Calibration)
    except msgspec.ValidationError as error:
        raise _fault(named, f"this is no calibration: {error}") from None
    for fault in calibration_faults(found):
        raise _fault(named, fault)
    if decision.accept == "auto" and found.threshold is None:
        raise _fault(named, "decision.accept: auto needs a threshold, and none was asked for")
    if found.system != content.system or found.candidate != _fitted_for(content, named):
        raise _fault(
            named,
            "it was fitted for another candidate: model, prompt, rails or settings changed since, "
            "and nothing is known of the confidences of this one",
        )
    return found


def _fitted_for(content: ReleaseContent, named: str) -> str:
    """The digest of the content without its calibration, as `uncalibrated` would be pinned."""
    decision = content.candidate.decision
    assert decision is not None
    plain = msgspec.structs.replace(decision, accept=0.0, calibration=UNSET)
    return candidate_digest(
        msgspec.structs.replace(
            content,
            candidate=msgspec.structs.replace(content.candidate, decision=plain),
            assets={path: asset for path, asset in content.assets.items() if path != named},
        )
    )


def fitted_for(system: System) -> str:
    """The digest that a calibration of this system's candidate must name."""
    return pin(uncalibrated(system)).candidate_digest


def _fault(file: str, message: str) -> ManifestError:
    return ManifestError([Fault(file=file, line=0, message=message, fix=AGAIN)])
