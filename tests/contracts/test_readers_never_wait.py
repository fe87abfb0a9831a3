"""Who reads a file that a person or a folder names refuses a pipe at once: opening one waits."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from roadworthy.domain import Deployment, EvidenceError, Model, UsageError
from roadworthy.evaluation.feature_table import read_features
from roadworthy.evaluation.outside import rows
from roadworthy.evaluation.passages import read_passages
from roadworthy.evaluation.payload_sets import read_payloads
from roadworthy.evaluation.runfile import read_header, read_run
from roadworthy.flows.workspace.own_files import kept_bytes
from roadworthy.origins import source
from roadworthy.providers import make_provider
from roadworthy.wiring.clock import SystemClock


def a_provider(path: Path) -> object:
    model = Model(provider="rule", name="m", file=path.name)
    return make_provider(
        model, deployment=Deployment(), root=str(path.parent), assets={}, clock=SystemClock()
    )


READERS: dict[str, Callable[[Path], Any]] = {
    "payloads": read_payloads,
    "features": read_features,
    "documents": read_passages,
    "imported": lambda path: source.opened(path, source.Limits()).__enter__(),
    "digest": lambda path: rows.digest_of_file(path, rows.Limits()),
    "rows": lambda path: list(rows.rows(path, rows.Limits())),
    "run": read_run,
    "header": read_header,
    "cases": kept_bytes,
    "rules": lambda path: a_provider(path),
}


@pytest.mark.parametrize("name", ["pipe.jsonl", "pipe.csv", "pipe.jsonl.gz"])
@pytest.mark.parametrize("reader", READERS)
def test_a_pipe_is_refused_and_not_waited_for(reader: str, name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises((UsageError, EvidenceError), match="pipe"):
        READERS[reader](tmp_path / name)


def test_documents_beside_a_pipe_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "far.md").symlink_to("pipe.md")
    (tmp_path / "one.md").write_text("# One\n\n" + "It says something about claims. " * 20)
    read, _ = read_passages(tmp_path)
    assert {one.file for one in read} == {"one.md"}
