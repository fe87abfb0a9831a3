"""A file that a user names is opened for writing in one place: `flows/workspace/own_files.py`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "roadworthy"

WRITERS = {
    ("backup", "out"): "flows/workspace/backing_up.py",
    ("batch", "out"): "cli/batch.py",
    ("calibrate", "out"): "cli/calibrate.py",
    ("ci", "junit"): "cli/gate.py",
    ("ci", "markdown"): "cli/gate.py",
    ("document", "out"): "cli/document_files.py",
    ("dossier", "out"): "cli/dossier.py",
    ("gate", "junit"): "cli/gate.py",
    ("gate", "markdown"): "cli/gate.py",
    ("incident_report", "out"): "cli/incident_report.py",
    ("ledger", "out"): "cli/ledger.py",
    ("observations", "out"): "cli/observations.py",
    ("ood", "out"): "cli/ood.py",
    ("provenance", "out"): "cli/provenance.py",
    ("rate", "out"): "console/rating.py",
    ("rate_results", "out"): "flows/gate/rated.py",
    ("report", "out"): "console/report/page.py",
}
"""Options that name a file to write, by the verb's module, and who writes it."""

FITTED = "cli/folders.py"
"""Where a verb that fits something asks whether its file may be written."""

FOLDERS = {
    ("alerts", "out"): "a folder for two files of its own names, written in the one way",
    ("deliberate", "pages"): "a folder for pages of its own names, written in the one way",
    ("demo", "out"): "plays a copy of an example in a folder",
    ("journal_export", "parquet"): "fills a folder with files of its own names",
    ("release", "out"): "a folder or a tar, which `release/writing.py` puts there whole",
    ("suite", "out"): "the name of a suite in the system's folder",
    ("suite_borrowing", "out"): "the same",
    ("suite_proposals", "out"): "the same",
}

OWN_DOING = {
    "cli/ci.py": "a new file of a CI's own name",
    "cli/demo.py": "the copy that it plays",
    "cli/demo_road.py": "the same",
}
"""Who writes a file that no user named."""

_WRITING = {"write_text", "write_bytes", "rename", "mkstemp", "NamedTemporaryFile", "put_in_place"}


def test_every_option_that_names_a_file_to_write_is_known() -> None:
    found = {
        (path.stem, parameter.arg)
        for path in (SOURCE / "cli").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        for parameter in node.args.kwonlyargs
        if parameter.arg in ("out", "markdown", "junit", "parquet", "to", "into", "output", "pages")
        and "typer.Option" in ast.unparse(parameter.annotation or ast.Constant(None))
    }
    assert found == WRITERS.keys() | FOLDERS.keys()


def test_who_writes_a_users_file_asks_first_and_opens_it_in_the_one_way() -> None:
    for writer in set(WRITERS.values()):
        called = {name for name, _ in _calls(SOURCE / writer)}
        if "fitted_file" in called:  # which asks for whoever fits something
            called |= {name for name, _ in _calls(SOURCE / FITTED)}
        assert "require_own" in called, writer
        if writer == "cli/batch.py":  # which asks; the room that has the results writes them
            called = {name for name, _ in _calls(SOURCE / "gateway" / "batch.py")}
        assert called & {"own_file", "write_own"}, writer


def test_no_door_opens_a_file_for_writing_by_another_way() -> None:
    doors = [path for door in ("cli", "console") for path in (SOURCE / door).rglob("*.py")]
    writing = {
        path.relative_to(SOURCE).as_posix()
        for path in [
            *doors,
            SOURCE / "flows" / "gate" / "rated.py",
            SOURCE / "flows" / "workspace" / "backing_up.py",
        ]
        for name, call in _calls(path)
        if name in _WRITING
        or (name == "replace" and len(call.args) == 1 and not call.keywords)
        or (name == "open" and _mode(call) & set("wax+"))
    }
    assert writing == OWN_DOING.keys()


def _calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            named = node.func
            name = named.attr if isinstance(named, ast.Attribute) else ""
            yield (named.id if isinstance(named, ast.Name) else name), node


def _mode(call: ast.Call) -> set[str]:
    """The letters of the mode that a file is opened in: short words without a path's signs."""
    said = [*call.args, *(word.value for word in call.keywords)]
    words = [one.value for one in said if isinstance(one, ast.Constant)]
    return {sign for word in words if isinstance(word, str) and len(word) <= 3 for sign in word}
