"""An alarm over events that come one after the other: when they are more than chance lets come.

Enters: whether each answer showed a sign, and how often innocent ones do. Leaves: evidence that
from some answer on they come more often. Never here: an alarm that a long innocent past holds back.

CUSUM of Page 1954 (https://doi.org/10.1093/biomet/41.1-2.100), read as an e-detector of Shin,
Ramdas and Rinaldo 2023 (https://arxiv.org/abs/2203.03532): the product of likelihood ratios, begun
anew whenever it is below 1. While each sign comes with a probability of at most `usual`, whatever
came before it, the mean number of answers to the first crossing of A is at least A, and one of t
answers crosses it with a probability of at most t / A (the sum of Shiryaev and Roberts is larger,
and less t it is a supermartingale).
"""

from __future__ import annotations

import math


class BernoulliAlarm:
    """Evidence that signs come with probability `attack` by now, not with `usual` or less."""

    __slots__ = ("_hit", "_miss", "hits", "log_evidence")

    def __init__(self, usual: float, attack: float) -> None:
        """Raises ValueError unless 0 < usual < attack < 1."""
        if not 0.0 < usual < attack < 1.0:
            raise ValueError("0 < usual < attack < 1")
        self._hit = math.log(attack / usual)
        self._miss = math.log((1 - attack) / (1 - usual))
        self.log_evidence = 0.0
        """Natural logarithm; 0 before anything was seen."""
        self.hits = 0
        """Signs since the evidence was last below 1."""

    def add(self, seen: bool) -> None:
        """One answer more."""
        if self.log_evidence <= 0.0:
            self.log_evidence, self.hits = 0.0, 0
        self.log_evidence += self._hit if seen else self._miss
        self.hits += seen
