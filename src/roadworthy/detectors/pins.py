"""Digests of the weights that were measured. Written by training (`python -m training.rails`)."""

from __future__ import annotations

PINS: dict[str, str] = {
    "injection.json": "sha256:aea50ec0e10fcb0e2934b3fad669e5d94494b8f8b7138ab0b0c20559cd5855ad",
    "toxicity.json": "sha256:8ce80972bf89c14d820cb4b20d5532ff74c0028ffb1476227196a6f7df05ac0a",
}
