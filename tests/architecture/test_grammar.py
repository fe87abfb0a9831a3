"""The grammar of the house: how modules import, how large they are, what they are called."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "roadworthy"
FACELESS = {"flows", "wiring", "cli", "gateway", "console"}
"""Packages without a face: their modules are imported by name."""
BANNED = {"utils", "util", "helpers", "helper", "common", "manager", "base", "core", "misc"}
PAGE = 400
FUNCTION = 60
PARAMETERS = 7


def modules() -> list[Path]:
    return sorted([*SOURCE.rglob("*.py"), *(ROOT / "verify" / "src").rglob("*.py")])


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def package_of(path: Path) -> str:
    """First-level package of a module; empty at the top."""
    if not path.is_relative_to(SOURCE):
        return ""
    parts = path.relative_to(SOURCE).parts
    return parts[0] if len(parts) > 1 else ""


def faults_of(path: Path, tree: ast.Module) -> Iterator[str]:
    """What is wrong with a module's imports of our own modules."""
    own = package_of(path)
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level == 1 and own and node.module is None and path.name != "__init__.py":
                siblings = {item.stem for item in path.parent.glob("*.py")}
                if not {alias.name for alias in node.names} <= siblings:
                    yield f"line {node.lineno}: imports its own package's face"
            if node.level > 1 and len(path.relative_to(SOURCE).parts) <= 2:
                yield f"line {node.lineno}: a relative import leaves the package"
            names = [node.module or ""] if node.level == 0 else []
        for name in names:
            yield from absolute_faults(own, name, node.lineno)


def absolute_faults(own: str, name: str, line: int) -> Iterator[str]:
    parts = name.split(".")
    if parts[0] != "roadworthy" or len(parts) < 2:
        return
    if parts[1] == own:
        yield f"line {line}: inside a package imports are relative: {name}"
    elif len(parts) > 2 and parts[1] not in FACELESS:
        yield f"line {line}: reaches past a face: {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_grammar(path: Path) -> None:
    assert list(faults_of(path, parse(path))) == []


def test_a_planted_reach_past_a_face_is_seen() -> None:
    tree = ast.parse("from roadworthy.ledger.store import EntryStore")
    assert list(faults_of(SOURCE / "policy" / "x.py", tree))


def test_a_planted_import_of_the_own_face_is_seen() -> None:
    tree = ast.parse("import roadworthy.policy")
    assert list(faults_of(SOURCE / "policy" / "x.py", tree))


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_hides_an_arrow_behind_type_checking(path: Path) -> None:
    for node in ast.walk(parse(path)):
        hides = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        assert not hides, f"{path}:{getattr(node, 'lineno', 0)}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_a_page_and_a_function_fits_on_a_screen(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= PAGE
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            assert length <= FUNCTION, f"{path.name}:{node.lineno} {node.name}: {length} lines"


@pytest.mark.parametrize(
    "path",
    [path for path in modules() if package_of(path) != "cli"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_a_function_takes_at_most_seven_arguments(path: Path) -> None:
    """Commands are left out: their parameters are the options of the terminal."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            named = [item.arg for item in arguments if item.arg not in ("self", "cls")]
            assert len(named) <= PARAMETERS, f"{path.name}:{node.lineno} {node.name}"


def test_no_file_is_called_after_nothing() -> None:
    named = {path.stem for path in modules()} | {path.name for path in SOURCE.iterdir()}
    assert named & BANNED == set()


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(path) for path in modules() if not ast.get_docstring(parse(path))]
    assert silent == []


def test_the_floor_plan_in_the_package_names_every_room() -> None:
    plan = ast.get_docstring(parse(SOURCE / "__init__.py")) or ""
    rooms = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists()}
    assert {room for room in rooms if room not in plan} == set()


def test_nothing_ships_unfinished() -> None:
    for path in modules():
        text = path.read_text(encoding="utf-8")
        for mark in ("TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error"):
            assert mark not in text, f"{path}: {mark}"
