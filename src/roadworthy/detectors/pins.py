"""Digests of the weights that were measured. Written by training (`python -m training.rails`)."""

from __future__ import annotations

PINS: dict[str, str] = {
    "injection.json": "sha256:f5a21946ce5dcd5068841877f8e47eb049807a410002c712f77609552f71ded2",
    "toxicity.json": "sha256:6fafc85742d146f4d7cdb184c69d27c05ad91a6a0e87c7ce7ca1a794a2f160e5",
}
