"""Providers: model vendors and runtimes behind one streaming port."""

from .openai_compatible import OpenAICompatible
from .usage import price, usage_of

__all__ = ["OpenAICompatible", "price", "usage_of"]
