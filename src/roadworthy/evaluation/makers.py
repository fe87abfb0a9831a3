"""Which function makes the cases of which generator."""

from __future__ import annotations

from collections.abc import Callable

from .attacks import (
    crescendo,
    encodings,
    extraction,
    injection,
    many_shot,
    membership,
    misuse,
    payloads,
    role_play,
    triggers,
)
from .perturbations import casing, homoglyphs, long_context, look_alikes, names, typos
from .variant import Maker, Seed, Variant

MAKERS: dict[str, Maker] = {
    "typos": typos.make,
    "casing": casing.make,
    "homoglyphs": homoglyphs.make,
    "long_context": long_context.make,
    "counterfactual_names": names.make,
    "benign_look_alikes": look_alikes.make,
    "direct_injection": injection.direct,
    "indirect_injection": injection.indirect,
    "encodings": encodings.make,
    "role_play": role_play.make,
    "many_shot": many_shot.make,
    "crescendo": crescendo.make,
    "prompt_extraction": extraction.prompt,
    "training_data_extraction": extraction.training_data,
    "membership_probes": membership.make,
    "trigger_insertion": triggers.make,
    "misuse": misuse.misuse,
    "systemic_risk": misuse.systemic,
    "payloads": payloads.make,
}
"""By generator; those that need a model are asked in `flows.growing`."""

ANCHORS: dict[str, Callable[[Seed], Variant | str]] = {"fairness": names.anchor}
"""Kind of pair -> what its variants are compared with, where that is not the case as it is."""

control = triggers.control
