"""Suites with their cases: own files, included suites, filters; cycles and doubles are faults."""

from __future__ import annotations

from pathlib import Path

from msgspec import UNSET

from roadworthy.domain import Case, Suite, SuiteFile

from .reading import Reading
from .shared_parts import SharedParts
from .typed import suggest


def load_suites(reading: Reading) -> None:
    """Fill `reading.suites` and `reading.calibration`, in order of the files' names."""
    loading = _Loading(reading)
    every = [
        Suite(path=file, file=suite, cases=tuple(loading.cases_of(file)))
        for file, suite in reading.suite_files.items()
    ]
    reading.suites = tuple(one for one in every if one.file.purpose is UNSET)
    reading.calibration = tuple(one for one in every if one.file.purpose is not UNSET)


class _Loading:
    """Loads each suite once; remembers where a case came from."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.by_name: dict[str, str] = {}
        self._done: dict[str, list[Case]] = {}
        self._open: list[str] = []
        self._shared = SharedParts()
        for file, suite in reading.suite_files.items():
            self._name(file, suite)

    def _name(self, file: str, suite: SuiteFile) -> None:
        document = self.reading.document(file)
        if not document.sound(("name",)):
            return
        if suite.name in self.by_name:
            document.fault(
                ("name",),
                f"the suite `{suite.name}` is defined in `{self.by_name[suite.name]}` already",
                "give it another name",
            )
            return
        self.by_name[suite.name] = file
        if suite.name != Path(file).stem:
            document.fault(
                ("name",),
                f"the suite in `{file}` is named `{suite.name}`",
                f"name it `{Path(file).stem}`, like its file",
                severity="warning",
            )

    def cases_of(self, file: str) -> list[Case]:
        """The cases of a suite, in order: own files, then included suites, filtered, cut."""
        if file in self._done:
            return self._done[file]
        self._open.append(file)
        suite = self.reading.suite_files[file]
        origin: dict[str, tuple[str, int]] = {}
        cases: list[Case] = []
        for index, named in enumerate(suite.cases):
            self._own(file, index, named, cases, origin)
        for index, name in enumerate(suite.include):
            self._include(file, index, name, cases)
        self._open.pop()
        if suite.where_tags:
            wanted = set(suite.where_tags)
            cases = [case for case in cases if wanted & set(case.tags)]
        if suite.limit is not None:
            cases = cases[: suite.limit]
        self._done[file] = cases
        return cases

    def _own(
        self,
        file: str,
        index: int,
        named: str,
        cases: list[Case],
        origin: dict[str, tuple[str, int]],
    ) -> None:
        """Add the cases of one file, noting ids that stand twice."""
        reading = self.reading
        document = reading.document(file)
        target = reading.folder.reach(named, document, ("cases", index), beside=file)
        if target is None:
            return
        if target not in reading.case_files:
            reading.case_files[target] = reading.folder.lines(target, Case, self._shared.of)
        lines = reading.document(target)
        for case, line in zip(reading.case_files[target], lines.order, strict=False):
            if case.id in origin and origin[case.id] != (target, line):
                first = origin[case.id]
                lines.fault(
                    (line,),
                    f"the case id `{case.id}` stands here twice "
                    f"(first in `{first[0]}` on line {first[1]})",
                    "give each case of a suite its own id",
                    alike=f"twice, first in `{first[0]}`",
                )
                continue
            origin[case.id] = (target, line)
            cases.append(case)

    def _include(self, file: str, index: int, name: str, cases: list[Case]) -> None:
        """Add the cases of an included suite that are not there yet."""
        document = self.reading.document(file)
        target = self.by_name.get(name)
        place = ("include", index)
        if target is None:
            document.fault(
                place,
                f"`include` names the suite `{name}`, which does not exist",
                suggest(name, sorted(self.by_name), "the suites are"),
            )
            return
        if target in self._open:
            names = [self.reading.suite_files[one].name for one in self._open]
            cycle = " -> ".join([*names[self._open.index(target) :], name])
            document.fault(place, f"suites include each other: {cycle}", "remove one `include`")
            return
        known = {case.id: case for case in cases}
        others: list[str] = []
        for case in self.cases_of(target):
            if case.id not in known:
                cases.append(case)
            elif known[case.id] is not case and known[case.id] != case:
                others.append(case.id)
        if others:
            more = f" and {len(others) - 1} more" if len(others) > 1 else ""
            document.fault(
                place,
                f"the included suite `{name}` has another case with the id `{others[0]}`{more}",
                "give each case of a suite its own id",
            )
