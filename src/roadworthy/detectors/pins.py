"""Digests of the weights that were measured. Written by training (`python -m training.rails`)."""

from __future__ import annotations

PINS: dict[str, str] = {
    "injection.json": "sha256:f5a21946ce5dcd5068841877f8e47eb049807a410002c712f77609552f71ded2",
    "toxicity.json": "sha256:9b801ad17e3ef188f5f0b3a5f1f2200d21909b5f47337ef30535b02d64ee1c52",
}
