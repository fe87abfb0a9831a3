"""The first page of a dossier: works from a disk, needs no network and no script."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from roadworthy.flows.dossier import Contents

_FOLDER = files("roadworthy.console") / "papers"


def to_index(contents: Contents) -> bytes:
    """The page. Whatever evidence says is text in it."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True)  # fmt: skip
    template = environment.from_string((_FOLDER / "dossier.html.j2").read_text("utf-8"))
    css = (_FOLDER / "page.css").read_text("utf-8")
    duties = {duty.id: duty for duty in contents.found.obligations}
    applying = [one for one in contents.found.duties if one.status != "not_applicable"]
    return template.render(
        it=contents,
        css=Markup(css),  # noqa: S704, our own file
        duties=duties,
        applying=applying,
        english=[paper for paper in contents.papers if paper.language == "en"],
        languages={
            kind: [p.language for p in contents.papers if p.kind == kind]
            for kind in dict.fromkeys(paper.kind for paper in contents.papers)
        },
    ).encode()
