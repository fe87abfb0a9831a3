"""Our own pages of papers: read and compiled once, however many papers are made of one."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

_FOLDER = files("roadworthy.console") / "papers"


@cache
def template(name: str) -> Template:
    """A page: whatever it is given is text in it, and what it is not given is an error."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True)  # fmt: skip
    return environment.from_string((_FOLDER / name).read_text("utf-8"))


@cache
def css(*names: str) -> Markup:
    """Our own style sheets, one after the other."""
    return Markup("".join((_FOLDER / name).read_text("utf-8") for name in names))  # noqa: S704, ours
