"""Digests of the weights that were measured. Written by training (`python -m training.rails`)."""

from __future__ import annotations

PINS: dict[str, str] = {
    "injection.json": "sha256:6749178b4e9f9445ac21bde4e4f3e054da44593f3ce210d4fe29f322829e24b6",
    "toxicity.json": "sha256:9b801ad17e3ef188f5f0b3a5f1f2200d21909b5f47337ef30535b02d64ee1c52",
}
