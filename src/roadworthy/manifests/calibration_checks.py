"""Calibration: the file that a candidate names, and the suites that it may be fitted on."""

from __future__ import annotations

from roadworthy.domain import Calibration, Candidate, Case, calibration_faults, question_of

from .document import Document
from .fitted_file import fitted_file
from .reading import Reading

_PLACE = ("decision", "calibration")


def check_calibration(reading: Reading) -> None:
    """Note the faults of the calibration file, and of suites that would judge what they fitted."""
    candidate = reading.candidate
    if candidate is not None and candidate.decision is not None:
        _check_named(reading, candidate, reading.document(reading.candidate_file))
    _check_suites(reading)


def _check_named(reading: Reading, candidate: Candidate, document: Document) -> None:
    decision = candidate.decision
    assert decision is not None
    named = decision.calibration
    if not isinstance(named, str):
        if decision.accept == "auto" and document.sound(("decision", "accept")):
            document.fault(
                ("decision", "accept"),
                "`accept: auto` needs a calibration that says from where on",
                "fit one with `roadworthy calibrate`, and name it under `decision.calibration`; "
                "or give a number between 0 and 1",
            )
        return
    if not document.sound(_PLACE):
        return
    by = (document, _PLACE)
    found = fitted_file(reading, named, by, Calibration, calibration_faults, _AGAIN)
    if found is not None and decision.accept == "auto" and found[0].threshold is None:
        document.fault(
            ("decision", "accept"),
            f"`accept: auto` needs a threshold, and `{found[1].file}` holds none",
            "fit one with `roadworthy calibrate --limit SHARE`",
        )


_AGAIN = "fit it again with `roadworthy calibrate`; it is not written by hand"


def _check_suites(reading: Reading) -> None:
    """No question may be fitted on and judge: what was fitted on cases does well on them."""
    if not reading.calibration:
        return
    judging: dict[str | bytes, tuple[str, Case]] = {}
    for suite in reading.suites:
        for case in suite.cases:
            judging.setdefault(question_of(case), (suite.name, case))
    for suite in reading.calibration:
        shared = [
            (case.id, *judging[asked])
            for case in suite.cases
            if (asked := question_of(case)) in judging
        ]
        if shared:
            mine, other, theirs = shared[0]
            many = "1 case asks" if len(shared) == 1 else f"{len(shared)} cases ask"
            reading.document(suite.path).fault(
                ("purpose",),
                f"{many} what suite `{other}` asks (`{mine}` and `{theirs.id}`): the gate would "
                "judge on cases that the calibration was fitted on",
                "keep each question in one of the two",
            )
