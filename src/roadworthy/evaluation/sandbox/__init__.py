"""The sandbox: foreign code runs confined, in other processes, and is judged from outside."""

from .box import Limits, NotRunError
from .judging import Judgement, run_query, run_tests

__all__ = ["Judgement", "Limits", "NotRunError", "run_query", "run_tests"]
