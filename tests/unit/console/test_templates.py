"""Pages of papers: compiled once for all papers of a dossier, and nothing in them is markup."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from roadworthy.console.templates import css, template
from roadworthy.flows.papers.documents import form_of


def test_a_dossier_of_many_papers_compiles_a_page_and_reads_a_form_once() -> None:
    assert template("page.html.j2") is template("page.html.j2")
    assert form_of("model-card") is form_of("model-card")


def test_what_a_page_is_not_given_is_an_error_and_no_blank() -> None:
    with pytest.raises(UndefinedError):
        template("page.html.j2").render(css=css("page.css"))


def test_styles_stand_one_after_the_other_as_they_are() -> None:
    both = css("page.css", "deliberations.css")
    assert both == css("page.css") + css("deliberations.css")
    assert "&#34;" not in both
