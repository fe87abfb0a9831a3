"""Digests of the weights that were measured. Written by training (`python -m training.rails`)."""

from __future__ import annotations

PINS: dict[str, str] = {
    "injection.json": "sha256:94b82d8ca34cf04be4abf35ee66d9013af51f4fbb476d545842d0fa432f207d4",
    "toxicity.json": "sha256:ca753a7fe495cf7c482b07646995402fa912a79f84cff85cda10389102b9214f",
}
