"""The grammar of the house: how modules import, how large they are, what they are called."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
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


def hidden_arrows(path: Path, tree: ast.Module) -> Iterator[str]:
    """Imports that the contracts would not see."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield f"line {node.lineno}: imports for types alone"


def too_long(path: Path, tree: ast.Module) -> Iterator[str]:
    """Functions longer than a screen."""
    for node in functions(tree):
        assert node.end_lineno is not None
        length = node.end_lineno - node.lineno + 1
        if length > FUNCTION:
            yield f"line {node.lineno}: {node.name} has {length} lines"


def too_many_arguments(path: Path, tree: ast.Module) -> Iterator[str]:
    """Commands are left out: their parameters are the options of the terminal."""
    for node in functions(tree) if package_of(path) != "cli" else ():
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        named = [item.arg for item in arguments if item.arg not in ("self", "cls")]
        if len(named) > PARAMETERS:
            yield f"line {node.lineno}: {node.name} takes {len(named)} arguments"


def silent(path: Path, tree: ast.Module) -> Iterator[str]:
    """Modules that do not say what they are for."""
    if not ast.get_docstring(tree):
        yield "it does not say what it is for"


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All of a module, also those within others."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


RULES = {
    "imports follow the grammar": faults_of,
    "no module hides an arrow behind type checking": hidden_arrows,
    "a function fits on a screen": too_long,
    "a function takes at most seven arguments": too_many_arguments,
    "every module says what it is for": silent,
}


@cache
def found() -> dict[str, list[str]]:
    """What breaks each rule, of all modules. Each is parsed once: that is what takes the time."""
    faults: dict[str, list[str]] = {rule: [] for rule in RULES}
    for path in modules():
        tree = parse(path)
        for rule, look in RULES.items():
            faults[rule] += [f"{path.relative_to(ROOT)}: {fault}" for fault in look(path, tree)]
    return faults


@pytest.mark.parametrize("rule", RULES)
def test_all_modules_keep(rule: str) -> None:
    assert found()[rule] == []


@pytest.mark.parametrize(
    ("rule", "planted", "said"),
    [
        (
            "imports follow the grammar",
            "from roadworthy.ledger.store import EntryStore",
            "line 1: reaches past a face: roadworthy.ledger.store",
        ),
        (
            "imports follow the grammar",
            "import roadworthy.policy",
            "line 1: inside a package imports are relative: roadworthy.policy",
        ),
        (
            "imports follow the grammar",
            "from . import Verdict",
            "line 1: imports its own package's face",
        ),
        (
            "imports follow the grammar",
            "from ..ledger import Ledger",
            "line 1: a relative import leaves the package",
        ),
        (
            "no module hides an arrow behind type checking",
            "if typing.TYPE_CHECKING:\n    import roadworthy.ledger",
            "line 1: imports for types alone",
        ),
        (
            "a function fits on a screen",
            "class A:\n    async def long(self):\n" + "        pass\n" * FUNCTION,
            f"line 2: long has {FUNCTION + 1} lines",
        ),
        (
            "a function takes at most seven arguments",
            "def greedy(a, b, /, c, d, *, e, f, g, h): ...",
            "line 1: greedy takes 8 arguments",
        ),
        ("every module says what it is for", "x = 1", "it does not say what it is for"),
    ],
)
def test_a_planted_fault_is_seen(rule: str, planted: str, said: str) -> None:
    assert list(RULES[rule](SOURCE / "policy" / "x.py", ast.parse(planted))) == [said]


@pytest.mark.parametrize("name", ["policy/x.py", "policy/__init__.py", "flows/load/x.py"])
def test_what_the_rules_allow_is_no_fault(name: str) -> None:
    """Also at the very edge of each."""
    tree = ast.parse(
        '"""Says it."""\nfrom roadworthy.ledger import Ledger\nfrom .verdicts import x\n'
        "def f(self, a, b, c, d, e, f, g):\n" + "    pass\n" * (FUNCTION - 1)
    )
    assert [fault for look in RULES.values() for fault in look(SOURCE / name, tree)] == []


def longer_than_a_page(paths: list[Path]) -> list[Path]:
    return [path for path in paths if len(path.read_text(encoding="utf-8").splitlines()) > PAGE]


def test_a_file_is_a_page() -> None:
    assert longer_than_a_page(modules()) == []


def test_a_planted_file_that_is_longer_is_seen(tmp_path: Path) -> None:
    page, longer = tmp_path / "page.py", tmp_path / "longer.py"
    page.write_text("x = 1\n" * PAGE)
    longer.write_text("x = 1\n" * (PAGE + 1))
    assert longer_than_a_page([page, longer]) == [longer]


def test_no_file_is_called_after_nothing() -> None:
    named = {path.stem for path in modules()} | {path.name for path in SOURCE.iterdir()}
    assert named & BANNED == set()


def test_the_floor_plan_in_the_package_names_every_room() -> None:
    plan = ast.get_docstring(parse(SOURCE / "__init__.py")) or ""
    rooms = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists()}
    assert {room for room in rooms if room not in plan} == set()


def test_nothing_ships_unfinished() -> None:
    for path in modules():
        text = path.read_text(encoding="utf-8")
        for mark in ("TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error"):
            assert mark not in text, f"{path}: {mark}"
