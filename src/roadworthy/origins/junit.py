"""Test results as JUnit's XML, as a stream: no document type, no entity, no endless nesting."""

from __future__ import annotations

from xml.parsers import expat

from msgspec import Struct

from roadworthy.domain import ToldFigure, UsageError

from .source import Source, clean

MOST_DEPTH = 64
MOST_ELEMENTS = 5_000_000
_OUTCOMES = {"failure": "failed", "error": "broke", "skipped": "skipped"}
_ROOTS = ("testsuites", "testsuite")


class Tests(Struct, kw_only=True):
    """What a file counts, case by case."""

    cases: int = 0
    failed: int = 0
    broke: int = 0
    skipped: int = 0
    said: int = 0
    """What the suites say of themselves."""

    @property
    def passed(self) -> int:
        """Cases of which nothing else is said."""
        return self.cases - self.failed - self.broke - self.skipped


class _Reader:
    """Counts while the elements pass."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._path: list[str] = []
        self._elements = 0
        self._outcome = ""
        self.tests = Tests()
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler = self._open
        self.parser.EndElementHandler = self._close

    def _refuse(self, *_: object) -> None:
        raise self._source.fault(
            "it declares a document type or an entity; results need none",
            "write the results again without `<!DOCTYPE …>`, or leave the file out of the folder",
        )

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if not self._path and name not in _ROOTS:
            raise self._source.fault(f"its root is <{clean(name)}>, not <testsuites>")
        if len(self._path) >= MOST_DEPTH or self._elements > MOST_ELEMENTS:
            raise self._source.fault("it is nested too deeply, or has too many elements")
        if name == "testcase" and name in self._path:
            raise self._source.fault(
                "a <testcase> stands in another: nobody says what it counts as"
            )
        self._path.append(name)
        if name == "testcase":
            self.tests.cases += 1
            self._outcome = ""
        elif name in _OUTCOMES and len(self._path) > 1 and self._path[-2] == "testcase":
            self._outcome = self._outcome or _OUTCOMES[name]
        elif name == "testsuite" and self._path.count("testsuite") == 1:
            said = attributes.get("tests", "")
            self.tests.said += int(said) if said.isdecimal() and len(said) < 10 else 0

    def _close(self, name: str) -> None:
        self._path.pop()
        if name == "testcase" and self._outcome:
            setattr(self.tests, self._outcome, getattr(self.tests, self._outcome) + 1)


def read_junit(source: Source) -> Tests:
    """What the file counts. Raises UsageError where it is no such XML, with its line."""
    reader = _Reader(source)
    try:
        last = 0
        for number, line in source.lines():
            reader.parser.Parse(b"\n" * (number - last - 1) + line, False)
            last = number
        reader.parser.Parse(b"", True)
    except expat.ExpatError as error:
        what = expat.ErrorString(error.code)
        raise UsageError(
            f"{source.path}: line {error.lineno}: {what}", fix="it was cut off, or is no XML"
        ) from None
    if not reader.tests.cases and reader.tests.said:
        raise source.fault(f"it says {reader.tests.said} tests and holds none")
    return reader.tests


def figures_of(tests: Tests) -> list[ToldFigure]:
    """How many of how many."""
    told = {
        "tests passed": tests.passed, "tests failed": tests.failed, "tests that broke": tests.broke,
        "tests skipped": tests.skipped,
    }  # fmt: skip
    return [ToldFigure(name=name, value=str(value), n=tests.cases) for name, value in told.items()]
