"""Digests of the weights that were measured. Written by training (`python -m training.rails`)."""

from __future__ import annotations

PINS: dict[str, str] = {
    "injection.json": "sha256:a5ddec7d8b87feef7cafc9d0549dc69ec8f620596112c534c7dfbf21625ab570",
    "toxicity.json": "sha256:b765b124d92e2aaa9fa0f2837377997b92b7c542d04b93508c818c6092b231b1",
}
