"""models/NAME.yaml: every fault at once, with its line and what would be right."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from doubles.registered import HOSTED, TERMS
from roadworthy.domain import Fault, ManifestError, ModelFile, UsageError, digest_of, plain
from roadworthy.manifests import load_model_file

SHA = "sha256:" + "a" * 64
LOCAL = f"""\
id: small
title: A small one
identity: {{provider: local, name: small, digest: "{SHA}"}}
maker: Ada
licence: Apache-2.0
intended_use: Texts.
"""


def faults(tmp_path: Path, text: str) -> list[Fault]:
    path = tmp_path / "m.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ManifestError) as caught:
        load_model_file(path)
    return list(caught.value.faults)


def test_a_sound_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(
        HOSTED + TERMS + "figures: [{task: qa, metric: f1, value: 0.61, low: 0.5, high: 0.7, n: 90,"
        " source: the card}]\ndata: {pretraining: unknown}\ngeneral_purpose: true\n",
        "utf-8",
    )
    model = load_model_file(path)
    assert model.terms is not None
    assert (model.terms.with_whom, model.figures[0].value) == ("Example SE", 0.61)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (LOCAL.replace(f', digest: "{SHA}"', ""), 3, "it has no digest"),
        (LOCAL.replace("name: small,", "name: small, host: a.eu,"), 3, "has no `host`"),
        (LOCAL + "kind: adapter\n", 1, "an adapter without a base"),
        (LOCAL + f"base: '{SHA}'\n", 7, "only an adapter has a base"),
        (LOCAL + f"kind: adapter\nbase: '{SHA}'\n", 8, "its own base"),
        (LOCAL + "base: 'sha256:ab'\n", 7, "no digest"),
        (LOCAL + "documents:\n- {title: a, digest: b}\n", 8, "no digest"),
        (LOCAL.replace("licence: Apache-2.0", "licence: ''"), 5, "`licence` is empty"),
        (LOCAL + "licenze: x\n", 7, "licenze"),
        (LOCAL.replace("id: small", "id: A b"), 1, "no name of a model"),
        (LOCAL + "figures:\n- {task: a, metric: b, value: 2, low: 0, high: 1, source: s}\n", 8,
         "does not lie from 0 to 1"),
        (LOCAL + "figures:\n- {task: a, metric: b, value: 2, low: 0, source: s}\n", 8,
         "an interval has two ends"),
        (LOCAL + "figures:\n- {task: a, metric: b, value: .nan, source: s}\n", 8, "finite"),
        (HOSTED.replace(", region: EU", ""), 3, "`identity.region` is missing"),
        (HOSTED.replace("host: api.example.eu", "host: api.example.eu/v1"), 3, "not a host"),
        (HOSTED.replace("name: big-1", f"name: big-1, digest: '{SHA}'"), 3, "nobody sees"),
        (HOSTED + TERMS.replace("2026-12-31", "2026-01-31"), 11, "ended before they were read"),
        (HOSTED + TERMS.replace("2026-12-31", "2026-13-31"), 11, "no date"),
        (HOSTED + TERMS.replace("with_whom: Example SE", "with_whom: ''"), 8, "is empty"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    found = faults(tmp_path, text)
    assert any(said in one.message and one.line == line for one in found), found
    assert all(one.fix for one in found)


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    broken = LOCAL.replace(f', digest: "{SHA}"', "").replace("maker: Ada", "maker: ' '")
    assert len(faults(tmp_path, broken + "released: '2026-02-31'\n")) == 3


def test_a_model_on_this_machines_own_server_needs_no_region(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    here = HOSTED.replace("api.example.eu", "'localhost:8000'").replace(", region: EU", "")
    path.write_text(here, "utf-8")
    assert load_model_file(path).identity.host == "localhost:8000"


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        load_model_file(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="is a folder"):
        load_model_file(tmp_path)


def test_what_is_registered_can_be_read_back(tmp_path: Path) -> None:
    """The ledger's reader asks no more of a file than this one does."""
    path = tmp_path / "m.yaml"
    path.write_text(
        HOSTED + TERMS.replace('  until: "2026-12-31"\n', "")
        + "figures: [{task: qa, metric: f1, value: 0.1, source: the card}]\n", "utf-8",
    )  # fmt: skip
    model = load_model_file(path)
    again = msgspec.convert(plain(model), ModelFile, strict=False)
    assert (again, digest_of(again)) == (model, digest_of(model))
