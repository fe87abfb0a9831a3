"""The first page of a dossier: works from a disk, needs no network and no script."""

from __future__ import annotations

from roadworthy.flows.papers.dossier import Contents

from .templates import css, template


def to_index(contents: Contents) -> bytes:
    """The page. Whatever evidence says is text in it."""
    duties = {duty.id: duty for duty in contents.found.obligations}
    applying = [one for one in contents.found.duties if one.status != "not_applicable"]
    page = template("dossier.html.j2").render(
        it=contents,
        css=css("page.css"),
        duties=duties,
        applying=applying,
        english=[paper for paper in contents.papers if paper.language == "en"],
        languages={
            kind: [p.language for p in contents.papers if p.kind == kind]
            for kind in dict.fromkeys(paper.kind for paper in contents.papers)
        },
    )
    return page.encode()
