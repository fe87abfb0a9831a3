"""Digests of the weights that were measured. Written by training (`python -m training.rails`)."""

from __future__ import annotations

PINS: dict[str, str] = {
    "injection.json": "sha256:6e5fee3b65527ff9100f9cc97438a3befa72ee2b8e70d0c8c26381257e389938",
    "injection.lexicon": "sha256:db9584491b8a5bc6f57a883acdd3d3dedfe2adea00396ec44231cc90775a096e",
    "toxicity.json": "sha256:90ab3dadb518187af2ffe35434f05eaf2c8f806e273071e485c303ef4a7d53fb",
    "toxicity.lexicon": "sha256:3491a05051110451fb5774dd1eecbd4798fdc058b2ebc6104171e0775156a196",
}
