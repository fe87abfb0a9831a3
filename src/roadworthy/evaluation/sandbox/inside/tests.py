"""Runs the tests of an answer in a process of their own and judges by plain values alone.

Enters: the tests, and a line to the process that holds the answer. Leaves: one verdict, on a way
that the answer does not have. The answer cannot see the tests, change what they compare with, or
decide what equals what: its objects are never compared, only its plain values.
"""

from __future__ import annotations

import ast
import builtins
import os
import sys
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

from .line import Gone, Line
from .start import begin, report
from .values import pack, take_over, unpack


class Broken(BaseException):
    """The tests cannot judge any answer."""


class Raised(Exception):  # noqa: N818 - what an answer raised that is no built-in exception
    """An exception of the answer's that no test can name."""


class Talk:
    """The tests' side of the line."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._given: list[Callable[..., Any]] = []
        self.calls = 0
        self.gone = False

    def start(self) -> None:
        """Wait until the code ran. Raises what it raised."""
        self._reply(self._hear())

    def act(self, act: str, *values: Any) -> Any:
        """Ask for one act; its result, or what it raised."""
        self.calls += act == "call"
        self._say([act, *(pack(value, self._keep) for value in values)])
        while True:
            message = self._hear()
            if message[0] != "back":
                return self._reply(message, values)
            self._say(self._called_back(message))

    def _reply(self, message: list[Any], values: tuple[Any, ...] = ()) -> Any:
        try:
            kind, *rest = message
            if kind == "ready":
                return None
            changed = rest[-1] if values and len(rest) == (2 if kind == "value" else 3) else None
            if changed is not None:
                for mine, now in zip(values[1:], unpack(changed, self._find), strict=True):
                    _restore(mine, now)
            if kind == "value":
                return unpack(rest[0], self._find)
            name, words = str(rest[0]), str(rest[1])
        except (
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            RecursionError,
            OverflowError,
        ) as error:
            self.gone = True
            raise Gone from error
        raise _exception(name, words)

    def _called_back(self, message: list[Any]) -> list[Any]:
        try:
            _, number, args, named = message
            function = self._given[int(number)]
            value = function(*unpack(args, self._find), **unpack(named, self._find))
            return ["returned", pack(value, self._keep)]
        except Exception as error:
            return ["failed", f"{type(error).__name__}: {error}"]

    def _keep(self, thing: Any) -> list[Any]:
        if isinstance(thing, Theirs):
            return ["yours", object.__getattribute__(thing, "_number")]
        if not callable(thing):
            kind = type(thing).__name__
            raise Broken(f"the tests give the answer a {kind}; plain values and functions can go")
        self._given.append(thing)
        return ["object", len(self._given) - 1]

    def _find(self, kind: str, number: int) -> Any:
        return self._given[number] if kind == "yours" else Theirs(self, number)

    def _say(self, message: list[Any]) -> None:
        try:
            self._line.say(message)
        except Gone:
            self.gone = True
            raise

    def _hear(self) -> list[Any]:
        try:
            return self._line.hear()
        except Gone:
            self.gone = True
            raise


class Theirs:
    """Stands for an object of the answer's: it can be used, and equals nothing but itself."""

    def __init__(self, talk: Talk, number: int) -> None:
        self._talk = talk
        self._number = number

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Call it in the answer's process."""
        return self._talk.act("call", self, args, named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._talk.act("attribute", self, name)

    def __getitem__(self, key: Any) -> Any:
        return self._talk.act("item", self, key)

    def __len__(self) -> int:
        return int(self._talk.act("length", self))

    def __contains__(self, item: Any) -> bool:
        return bool(self._talk.act("holds", self, item))

    def __iter__(self) -> Iterator[Any]:
        source = self._talk.act("iterate", self)
        while True:
            try:
                yield self._talk.act("next", source)
            except StopIteration:
                return

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        return str(self._talk.act("text", self))


class _Module(ModuleType):
    """`from answer import f` in a test."""

    def __init__(self, talk: Talk) -> None:
        super().__init__("answer")
        self._talk = talk

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self._talk.act("name", name)
        except KeyError:
            raise AttributeError(name) from None


def _exception(name: str, words: str) -> Exception:
    """What the answer raised: a built-in exception that takes words, or Raised."""
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        try:
            return kind(words)
        except TypeError:
            pass
    return Raised(f"{name}: {words}")


def _restore(mine: Any, now: Any) -> None:
    """Give the arguments what the call left in them; `args` is a tuple, `named` a dict."""
    pairs = zip(mine.values(), now.values(), strict=True) if isinstance(mine, dict) else zip(
        mine, now, strict=True
    )  # fmt: skip
    for before, after in pairs:
        take_over(before, after)


def judge(talk: Talk, source: str) -> dict[str, Any]:
    """Run the tests. Returns `passed` and `why`, or `broken`."""
    try:
        tree = ast.parse(source)
        code = compile(tree, "<tests>", "exec")
        wanted = _names_wanted(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return {"broken": f"the tests are no Python: {error}"}
    except Broken as error:
        return {"broken": str(error)}
    try:
        talk.start()
        _run(talk, code, wanted)
    except Broken as error:
        return {"broken": str(error)}
    except Gone:
        return {"passed": False, "why": "the code ended, or was stopped"}
    except BaseException as error:
        return {"passed": False, "why": f"{type(error).__name__}: {error}"[:500]}
    if talk.gone:
        return {"passed": False, "why": "the code ended, or was stopped"}
    if not talk.calls:
        return {"broken": "the tests call nothing of the answer"}
    return {"passed": True, "why": ""}


def _run(talk: Talk, code: Any, wanted: set[str]) -> None:
    """Run the tests' text, then every function in it whose name begins with `test`."""
    sys.modules["answer"] = _Module(talk)
    names: dict[str, Any] = {"__name__": "tests"}
    for name in sorted(wanted):
        try:
            names[name] = talk.act("name", name)
        except KeyError:
            continue
    theirs = set(names)
    exec(code, names)  # noqa: S102
    for name, thing in list(names.items()):
        if name.startswith("test") and isinstance(thing, FunctionType) and name not in theirs:
            thing()


def _names_wanted(tree: ast.Module) -> set[str]:
    """Names that the tests use and nobody gives them: they must be the answer's.

    No built-in name is, so an answer cannot give the tests another `abs` or `all`; who tests a
    function of such a name imports it: `from answer import sum`. Raises Broken where a module of
    Python's own library is used without an import: an answer could put its own in its place.
    """
    used, bound = set[str](), set[str]()
    checks = False
    for node in ast.walk(tree):
        checks = checks or isinstance(node, ast.Assert | ast.Raise)
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
    if not checks:
        raise Broken("the tests check nothing: there is no `assert` and no `raise` in them")
    wanted = used - bound - set(dir(builtins))
    unimported = sorted(wanted & sys.stdlib_module_names)
    if unimported:
        raise Broken(f"the tests use `{unimported[0]}` without an import")
    return wanted


def main() -> None:
    """Run one job."""
    job, reporting = begin()
    report(reporting, judge(Talk(Line(job["reading"], job["writing"])), job["tests"]))
    os._exit(0)
