"""Cases and objectives of a system as pytest items; only for those who ask for it.

    pytest --roadworthy examples/claims-desk       every case of suites/*.yaml, every objective
    @pytest.mark.roadworthy("DIR", suite="quick")  and the fixture `roadworthy_case`: own checks

The suites are asked once a session, whole, through the real request path, as `roadworthy eval` does
it (bar first, run file, answer cache). Objectives are judged as the gate would, which is not
recorded: pytest decides nothing. What nobody judged fails; nothing is skipped. Without the option
and the mark this file imports pytest and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

EVERY = "*"
"""Instead of a suite's name: all of them."""

_SHOWN = 300
"""Characters of an input or output in a failure."""


class NotMet(Exception):  # noqa: N818 - it is a verdict, not an error of the program
    """A case or an objective that does not pass, in the words of the gate."""


class Answered:
    """A case, and every answer to it: `rows` are observations, `passed` their common verdict."""

    def __init__(self, case: Any, rows: tuple[Any, ...]) -> None:
        self.case = case
        self.rows = rows

    @property
    def output(self) -> str:
        """What left, of the first answer."""
        return str(self.rows[0].output) if self.rows else ""

    @property
    def passed(self) -> bool:
        """Whether every answer was judged, and right by every verdict."""
        return not self.complaint()

    def complaint(self) -> str:
        """Why it does not pass; empty when it does."""
        from roadworthy.domain import verdicts_of
        from roadworthy.evaluation import passed

        if not self.rows:
            return "it was not asked"
        for row in self.rows:
            verdict = passed(row)
            if verdict:
                continue
            where = f"repeat {row.repeat}: " if len(self.rows) > 1 else ""
            if row.status == "error":
                return f"{where}the answer failed: {row.error}"
            if verdict is None or not verdicts_of(row):
                return f"{where}nothing judged the answer {row.output[:_SHOWN]!r}"
            wrong = ", ".join(f"{name} {value:g}" for name, value in sorted(row.scores.items()))
            return (
                f"{where}{wrong}\n  input:  {str(self.case.input)[:_SHOWN]!r}\n  output: "
                + repr(row.output[:_SHOWN])
            )
        return ""


class Session:
    """The systems of this pytest session, each asked once."""

    def __init__(self) -> None:
        self.needed: dict[Path, set[str]] = {}
        self._systems: dict[Path, Any] = {}
        self._rows: dict[Path, dict[tuple[str, str], tuple[Any, ...]]] = {}
        self._decisions: dict[Path, Any] = {}

    def system(self, root: Path) -> Any:
        """The system as loaded. Raises ManifestError with every fault."""
        from roadworthy.manifests import load_system

        if root not in self._systems:
            self._systems[root] = load_system(root)
        return self._systems[root]

    def answered(self, root: Path, suite: str, case: Any) -> Answered:
        """The answers to a case; the first question asks every suite that is needed."""
        if root not in self._rows:
            self._rows[root] = self._asked(root)
        return Answered(case, self._rows[root].get((suite, case.id), ()))

    def decision(self, root: Path) -> Any:
        """What the gate would say of all suites, unrecorded."""
        from roadworthy.flows.release_loop import consider

        if root not in self._decisions:
            if root not in self._rows:
                self._rows[root] = self._asked(root)
            self._decisions[root] = consider(self.system(root), self._loop(root))
        return self._decisions[root]

    def _loop(self, root: Path) -> Any:
        from roadworthy.wiring.loop import open_loop

        return open_loop(root, configured=self.system(root).deployment.workspace)

    def _asked(self, root: Path) -> dict[tuple[str, str], tuple[Any, ...]]:
        from roadworthy.cli.evaluate import run_system
        from roadworthy.evaluation import repeats
        from roadworthy.flows.entries.run_records import rows_of
        from roadworthy.flows.runs.evaluating import Asked

        names = self.needed.get(root, {EVERY})
        suites = () if EVERY in names else tuple(sorted(names))
        loop = self._loop(root)
        done = run_system(self.system(root), loop, Asked(suites=suites))
        found: dict[tuple[str, str], tuple[Any, ...]] = {}
        for row in rows_of(loop, done.summary):
            for suite in repeats.suites_of(row):
                found[suite, row.case] = (*found.get((suite, row.case), ()), row)
        return found


_SESSION = pytest.StashKey[Session]()
_NEED = pytest.StashKey[tuple[Path, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--roadworthy`, or `roadworthy = true` in the ini file."""
    group = parser.getgroup("roadworthy")
    group.addoption(
        "--roadworthy", action="store_true", default=False,
        help="collect suites/*.yaml and safety-slos.yaml of systems (folders with a charter.yaml)",
    )  # fmt: skip
    parser.addini("roadworthy", "as --roadworthy", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark."""
    config.addinivalue_line(
        "markers",
        "roadworthy(directory, suite='*', tags=()): ask a system's cases; with the fixture "
        "`roadworthy_case` the test runs once a case",
    )
    config.stash[_SESSION] = Session()


def _enabled(config: pytest.Config) -> bool:
    return bool(config.getoption("--roadworthy") or config.getini("roadworthy"))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Suites and objectives of a system, where that was asked for."""
    if file_path.suffix != ".yaml" or not _enabled(parent.config):
        return None
    if file_path.name == "safety-slos.yaml" and (file_path.parent / "charter.yaml").is_file():
        return ObjectivesFile.from_parent(parent, path=file_path)
    if file_path.parent.name == "suites" and (file_path.parent.parent / "charter.yaml").is_file():
        return SuiteFile.from_parent(parent, path=file_path)
    return None


class _SystemFile(pytest.File):
    """A file of a system; a fault in any file of it stops the collection, in words."""

    def system(self, root: Path) -> Any:
        from roadworthy.domain import RoadworthyError

        try:
            return self.config.stash[_SESSION].system(root)
        except RoadworthyError as error:
            raise self.CollectError(_words(error)) from None


class SuiteFile(_SystemFile):
    """suites/NAME.yaml: an item a case."""

    def collect(self) -> Iterator[pytest.Item]:
        """In the order of the suite; a case's tags can be selected with -k."""
        root = self.path.parent.parent
        system = self.system(root)
        file = self.path.relative_to(root).as_posix()
        for suite in system.suites:
            if suite.path != file:
                continue
            for case in suite.cases:
                item = CaseItem.from_parent(self, name=case.id)
                item.case, item.suite = case, suite.name
                item.extra_keyword_matches.update(case.tags)
                item.add_marker(pytest.mark.roadworthy(str(root), suite=suite.name))
                item.stash[_NEED] = (root, suite.name)
                yield item


class ObjectivesFile(_SystemFile):
    """safety-slos.yaml: an item an objective, and one for the decision as a whole."""

    def collect(self) -> Iterator[pytest.Item]:
        """In the order of the file."""
        root = self.path.parent
        names = [slo.name for slo in self.system(root).slos.slos if "gate" in slo.at]
        for name in (*names, "decision"):
            item = ObjectiveItem.from_parent(self, name=name)
            item.add_marker(pytest.mark.roadworthy(str(root)))
            item.stash[_NEED] = (root, EVERY)
            yield item


class _SystemItem(pytest.Item):
    """Fails in the words of the product, without a traceback through it."""

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """The words of the verdict or the fault."""
        from roadworthy.domain import RoadworthyError

        if isinstance(excinfo.value, NotMet):
            return str(excinfo.value)
        if isinstance(excinfo.value, RoadworthyError):
            return _words(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it stands."""
        return self.path, None, self.name


class CaseItem(_SystemItem):
    """One case of a suite."""

    case: Any = None
    suite = ""

    def runtest(self) -> None:
        """Raises NotMet unless every answer is right by every verdict."""
        root, suite = self.stash[_NEED]
        told = self.config.stash[_SESSION].answered(root, suite, self.case).complaint()
        if told:
            raise NotMet(f"{suite}/{self.case.id}: {told}")


class ObjectiveItem(_SystemItem):
    """One objective, or the decision."""

    def runtest(self) -> None:
        """Raises NotMet unless its verdict opens; a waived failure passes as at the gate."""
        decision = self.config.stash[_SESSION].decision(self.stash[_NEED][0])
        if self.name == "decision":
            if not decision.decision.opens:
                raise NotMet("\n  ".join([f"{decision.decision}:", *decision.reasons]))
            return
        found = [each for each in decision.slos if each.slo.name == self.name]
        closed = [each for each in found if not each.verdict.opens and not each.waived_by]
        if not found:
            raise NotMet(f"{self.name}: not judged\n  " + "\n  ".join(decision.notes))
        if closed:
            raise NotMet("\n".join(f"{e.name}: {e.verdict}, {e.reason}" for e in closed))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with the fixture `roadworthy_case` runs once a case that its mark selects."""
    if "roadworthy_case" not in metafunc.fixturenames:
        return
    mark = metafunc.definition.get_closest_marker("roadworthy")
    if mark is None or not mark.args:
        raise pytest.UsageError(
            f"{metafunc.definition.nodeid} asks for `roadworthy_case` without "
            '@pytest.mark.roadworthy("DIR", suite="NAME")'
        )
    root = (metafunc.config.rootpath / str(mark.args[0])).resolve()
    chosen = list(_chosen(metafunc.config, root, mark))
    if not chosen:
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: no case is selected in {root}")
    metafunc.parametrize(
        "roadworthy_case", chosen, ids=[f"{suite}/{case.id}" for _, suite, case in chosen],
        indirect=True,
    )  # fmt: skip


def _chosen(
    config: pytest.Config, root: Path, mark: pytest.Mark
) -> Iterator[tuple[Path, str, Any]]:
    from roadworthy.domain import RoadworthyError

    try:
        system = config.stash[_SESSION].system(root)
    except RoadworthyError as error:
        raise pytest.UsageError(_words(error)) from None
    wanted, tags = mark.kwargs.get("suite", EVERY), set(mark.kwargs.get("tags", ()))
    for suite in system.suites:
        if wanted in (EVERY, suite.name):
            for case in suite.cases:
                if not tags or tags & set(case.tags):
                    yield root, suite.name, case


@pytest.fixture
def roadworthy_case(request: pytest.FixtureRequest) -> Answered:
    """The case and its answers."""
    root, suite, case = request.param
    return request.config.stash[_SESSION].answered(root, suite, case)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note which suites the selected items need: they are asked together, in one run."""
    session = config.stash[_SESSION]
    for root, suite in _needs(items):
        session.needed.setdefault(root, set()).add(suite)
    if session.needed and hasattr(config, "workerinput"):
        raise pytest.UsageError("a system is asked by one process: run its items without -n")


def _needs(items: Iterable[pytest.Item]) -> Iterator[tuple[Path, str]]:
    for item in items:
        if _NEED in item.stash:
            yield item.stash[_NEED]
        callspec = getattr(item, "callspec", None)
        if callspec is not None and "roadworthy_case" in callspec.params:
            root, suite, _ = callspec.params["roadworthy_case"]
            yield root, suite


def _words(error: Any) -> str:
    faults = getattr(error, "faults", ())
    if faults:
        return "\n".join(f"{f.place}: {f.message}\n    {f.fix}" for f in faults)
    return f"{error.message}\n    {error.fix}" if error.fix else str(error.message)
