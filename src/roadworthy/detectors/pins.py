"""Digests of the weights that were measured. Written by training (`python -m training.rails`)."""

from __future__ import annotations

PINS: dict[str, str] = {
    "injection.json": "sha256:aea50ec0e10fcb0e2934b3fad669e5d94494b8f8b7138ab0b0c20559cd5855ad",
    "toxicity.json": "sha256:6fafc85742d146f4d7cdb184c69d27c05ad91a6a0e87c7ce7ca1a794a2f160e5",
}
