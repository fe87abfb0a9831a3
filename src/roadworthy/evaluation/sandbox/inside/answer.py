"""Runs the code of an answer and lets the tests call it. Confined before its first line runs.

Enters: calls, over a line of JSON. Leaves: results, as plain values or as numbers of what stays
here. What is never here: a test, an expected value, a verdict. Whatever the code does to this
process, it changes only what its own functions return.
"""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .line import Gone, Line
from .start import begin
from .values import pack, unpack


class Answer:
    """The code's names and objects, and the other end of the tests' calls."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._names: dict[str, Any] = {"__name__": "answer"}
        self._kept: list[Any] = []
        self._acts: dict[str, Callable[..., Any]] = {
            "name": self._name,
            "call": lambda function, args, named: function(*args, **named),
            "attribute": getattr,
            "item": lambda thing, key: thing[key],
            "length": len,
            "holds": lambda thing, item: item in thing,
            "iterate": iter,
            "next": next,
            "text": str,
        }

    def serve(self, code: str) -> None:
        """Run the code, then answer calls until the tests end. Raises Gone."""
        try:
            exec(compile(code, "<answer>", "exec"), self._names)  # noqa: S102
        except BaseException as error:
            self._line.say(["raised", *_named(error)])
            return
        self._line.say(["ready"])
        while True:
            act, *wire = self._line.hear()
            self._line.say(self._answered(act, wire))

    def _answered(self, act: str, wire: list[Any]) -> list[Any]:
        given: list[Any] = []
        try:
            given = [unpack(each, self._find) for each in wire]
            value = pack(self._acts[act](*given), self._keep)
            return ["value", value, self._changed(act, given)]
        except Gone:
            raise
        except BaseException as error:
            return ["raised", *_named(error), self._changed(act, given)]

    def _changed(self, act: str, given: list[Any]) -> Any:
        """A call's arguments as they are now: a function may have changed a list in place."""
        try:
            return pack(given[1:], self._keep) if act == "call" else None
        except Exception:
            return None

    def _name(self, name: str) -> Any:
        return self._names[name]

    def _keep(self, thing: Any) -> list[Any]:
        if isinstance(thing, _Theirs):
            return ["yours", thing.number]
        self._kept.append(thing)
        return ["object", len(self._kept) - 1]

    def _find(self, kind: str, number: int) -> Any:
        return self._kept[number] if kind == "yours" else _Theirs(self, number)

    def call_back(self, number: int, args: Any, named: Any) -> Any:
        """Call a function that the tests gave as an argument."""
        self._line.say(["back", number, pack(args, self._keep), pack(named, self._keep)])
        while True:
            act, *wire = self._line.hear()
            if act == "returned":
                return unpack(wire[0], self._find)
            if act == "failed":
                raise RuntimeError(str(wire[0]))
            self._line.say(self._answered(act, wire))


class _Theirs:
    """Stands for a function of the tests."""

    def __init__(self, answer: Answer, number: int) -> None:
        self._answer = answer
        self.number = number

    def __call__(self, *args: Any, **named: Any) -> Any:
        return self._answer.call_back(self.number, args, named)


def _named(error: BaseException) -> list[str]:
    """The built-in exception that it is, and its words."""
    kinds = (each for each in type(error).__mro__ if getattr(builtins, each.__name__, 0) is each)
    try:
        words = str(error)[:500]
    except Exception:
        words = ""
    return [next(kinds).__name__, words.encode(errors="replace").decode()]


def main() -> None:
    """Run one job."""
    job, reporting = begin()
    os.close(reporting)
    with suppress(Gone):
        Answer(Line(job["reading"], job["writing"])).serve(job["code"])
    os._exit(0)
