"""Judges: models that are asked what an answer is worth, pinned, probed, and held to people."""

from roadworthy.providers import Asked, PairwiseJudge, RubricJudge, parse_verdict

from .probing import Probing, drift_of, probe
from .target import Judge, JudgedTarget, Opponent, asks_of, judges_of
from .worth import JudgeWorth, judge_worth

__all__ = [
    "Asked",
    "Judge",
    "JudgeWorth",
    "JudgedTarget",
    "Opponent",
    "PairwiseJudge",
    "Probing",
    "RubricJudge",
    "asks_of",
    "drift_of",
    "judge_worth",
    "judges_of",
    "parse_verdict",
    "probe",
]
