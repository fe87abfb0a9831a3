"""Prompts: a sandboxed template whose variables are data, and the request made from it."""

from .composer import Composer
from .template import PromptTemplate

__all__ = ["Composer", "PromptTemplate"]
