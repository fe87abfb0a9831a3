"""The one environment in which a prompt is parsed, tried and filled."""

from __future__ import annotations

from typing import Any


def prompt_environment(*, strict: bool = True) -> Any:
    """A sandboxed Jinja2 environment in which no template can make more than a prompt holds.

    What is too large is an OverflowError; an unknown variable an error too, unless `strict` is
    False: then it is empty. Jinja2 is imported only here.
    """
    from jinja2 import StrictUndefined, Undefined

    from .bounded_template import BoundedEnvironment

    return BoundedEnvironment(undefined=StrictUndefined if strict else Undefined, autoescape=False)
