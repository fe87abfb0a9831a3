"""A release: content pinned by one digest, bundled, attested, signed, verified."""

from .attest import (
    Basis,
    Evidence,
    Signed,
    Subject,
    attest_approval,
    attest_evaluation,
    attest_gate,
    attest_release,
)
from .behaviour import behaviour_digest
from .bundle import (
    add_attestations,
    build_bundle,
    bundle_digest,
    copy_bundle,
    describe_bundle,
    envelope_digest,
    foreign_envelopes,
    mend_bundle,
    read_bundle,
    read_envelopes,
    slos_layer,
)
from .calibrated import calibration_of, fitted_for, uncalibrated
from .pin import candidate_digest, pin
from .referenced import reference_digest, reference_of
from .registered_bom import registered_bill
from .sign import (
    APPROVERS,
    BUILDERS,
    OPERATORS,
    expiry,
    require_approver,
    require_pass,
    require_same_objectives,
    waivers_used,
    wanted_people,
)
from .verify import require_verified, verify_release

__all__ = [
    "APPROVERS",
    "BUILDERS",
    "OPERATORS",
    "Basis",
    "Evidence",
    "Signed",
    "Subject",
    "add_attestations",
    "attest_approval",
    "attest_evaluation",
    "attest_gate",
    "attest_release",
    "behaviour_digest",
    "build_bundle",
    "bundle_digest",
    "calibration_of",
    "candidate_digest",
    "copy_bundle",
    "describe_bundle",
    "envelope_digest",
    "expiry",
    "fitted_for",
    "foreign_envelopes",
    "mend_bundle",
    "pin",
    "read_bundle",
    "read_envelopes",
    "reference_digest",
    "reference_of",
    "registered_bill",
    "require_approver",
    "require_pass",
    "require_same_objectives",
    "require_verified",
    "slos_layer",
    "uncalibrated",
    "verify_release",
    "waivers_used",
    "wanted_people",
]
