"""What the product does with a verification: the auditor's verifier, its answer as an Admission.

There is one verifier (`roadworthy_verify.bundle`, eight numbered steps); what serves, activates
or signs asks it and nothing else.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Literal, cast

import msgspec

from roadworthy.domain import (
    Admission,
    Instant,
    ModelUse,
    RefusedError,
    RoadworthyError,
    Trust,
    UndecidedError,
    UsageError,
    VerificationError,
    format_instant,
)
from roadworthy_verify.bundle import verify_bundle
from roadworthy_verify.trust import TrustError

_State = Literal["verified", "unsigned", "unknown_key", "tampered", "expired", "refused"]


def verify_release(path: Path, *, trust: Trust | None, at: dt.datetime | Instant) -> Admission:
    """Whether the bundle there is a release that may be used at that instant.

    Without trust nobody's signature is known. Raises UsageError when no bundle lies there or
    the trusted keys contradict themselves.
    """
    known = None if trust is None else msgspec.to_builtins(trust)
    moment = at if isinstance(at, str) else format_instant(at)
    try:
        report = verify_bundle(path, known, moment)
    except TrustError as error:
        raise UsageError(str(error), fix="mend trust.yaml") from error
    if report.state == "not_evidence":
        raise UsageError(report.fault, fix="make one with `roadworthy release build`")
    details = report.details
    return Admission(
        ok=report.ok,
        # A bundle that cannot be read is never admitted, whatever the reason.
        state=cast(_State, "tampered" if report.state == "unreadable" else report.state),
        fault=report.fault,
        digest=details.get("digest", ""),
        system=details.get("system", ""),
        candidate=details.get("candidate", ""),
        signed_by=tuple(item["name"] for item in details.get("signed_by", ())),
        signed_at=details.get("signed_at", ""),
        checkpoint=details.get("checkpoint", {}).get("size", 0),
        models=_models(details["models"]) if "models" in details else msgspec.UNSET,
    )


def _models(said: object) -> tuple[ModelUse, ...]:
    try:
        return msgspec.convert(said, tuple[ModelUse, ...], strict=False)
    except msgspec.ValidationError as error:
        fault = f"what the gate attests of models cannot be read: {error}"
        raise VerificationError(fault) from None


def require_verified(admission: Admission) -> Admission:
    """The admission, when it is one. Raises what its state means otherwise."""
    if admission.ok:
        return admission
    raise _ERRORS[admission.state](admission.fault, fix=_FIXES.get(admission.state, ""))


_FIXES = {
    "unsigned": "let people approve it: roadworthy release sign PATH --as NAME",
    "unknown_key": "if it was signed in another workspace, an admin trusts its keys here"
    " (roadworthy people machine --public-key FILE, people add NAME --public-key FILE), or build"
    " and sign it here under another --out",
    "tampered": "build it again, or get it again from where it was signed",
    "expired": "renew what expired, then gate, build and sign again",
    "refused": "build and sign it again; roadworthy release verify PATH says what was found",
}
"""What helps, by state."""
_ERRORS: dict[str, type[RoadworthyError]] = {
    "unsigned": UndecidedError,
    "unknown_key": UndecidedError,
    "tampered": VerificationError,
    "expired": RefusedError,
    "refused": RefusedError,
}
