"""The rating page in Chromium: text stays text, the keyboard does it all, nothing is lost."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from doubles.browser import Watched, a_browser
from doubles.rating_sheets import a_sheet, a_task
from roadworthy.console.rating import PAGE, write_page
from roadworthy.domain import ManifestError, Rubric, digest_of
from roadworthy.evaluation.raters import check_ratings, read_ratings

BOOM = "window.__boom=1;alert(1)"
HOSTILE = "\n".join(
    (
        f"</script><script>{BOOM}</script>",
        f"<img src=x onerror=\"{BOOM}\"><svg onload='{BOOM}'>",
        "{{ 7*7 }} <!--the data--> </style><style>*{display:none}</style>",
        "right\u202eleft zero\u200b a\x00b &lt;b&gt;",
        f"javascript:{BOOM}",
    )
)


@pytest.fixture(scope="module")
def browser():
    with a_browser() as found:
        yield found


@pytest.fixture
def watched(browser):
    found = Watched(browser, accept_downloads=True)
    yield found
    found.context.close()


def opened(watched, folder, task, **more):
    sheet = a_sheet(task, **more)
    out = folder / "sheet.html"
    write_page(task, sheet, out, title="Desk")
    return sheet, watched.open(out)


def saved(page):
    with page.expect_download() as download:
        page.click("#export")
    return Path(download.value.path()).read_bytes()


def test_hostile_text_is_shown_as_text(watched, tmp_path):
    rubric = Rubric(question=HOSTILE, levels=["no", HOSTILE])
    inputs = [HOSTILE, [{"role": HOSTILE, "content": HOSTILE}]]
    task = a_task([(HOSTILE,), (HOSTILE,)], inputs=inputs, rubric=rubric)
    out = tmp_path / "sheet.html"
    write_page(task, a_sheet(task), out, title=HOSTILE)
    page = watched.open(out)
    for key in ("j", "2", "1"):
        assert "<img src=x" in page.inner_text(".said .text")
        page.keyboard.press(key)
    assert page.evaluate("window.__boom") is None
    assert page.locator("img, iframe, svg:not(.plate)").count() == 0
    assert watched.dialogs == []
    assert [url for url in watched.asked if not url.startswith("file://")] == []
    assert watched.said == []


def test_the_policy_allows_the_pages_own_parts_alone(watched, tmp_path):
    _, page = opened(watched, tmp_path, a_task([("a", "b")]))
    policy = page.get_attribute("meta[http-equiv=Content-Security-Policy]", "content")
    mine = base64.b64encode(hashlib.sha256(PAGE.script().encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; script-src 'sha256-{mine}'")
    assert "innerHTML" not in PAGE.script()


def test_nothing_on_the_page_says_whose_answer_it_is(watched, tmp_path):
    task = a_task([("one", "two")] * 4)
    sheet, page = opened(watched, tmp_path, task)
    known = page.evaluate("JSON.stringify(said.sheet)")
    for secret in ("run-0", "run-1", "candidate", "secret-case", "obs-", "swapped", '"main"'):
        assert secret not in known
    assert digest_of(sheet) in known


def test_the_keyboard_rates_skips_takes_back_and_the_file_is_accepted(watched, tmp_path):
    task = a_task([(f"first {i}", f"second {i}") for i in range(5)])
    sheet, page = opened(watched, tmp_path, task)
    page.keyboard.press("1")
    page.keyboard.press("4")
    page.keyboard.press("u")
    page.keyboard.press("c")
    page.keyboard.type("1 is not a choice here")
    page.keyboard.press("Enter")
    page.keyboard.press("3")
    page.keyboard.press("s")
    page.keyboard.type("both are cut off")
    page.keyboard.press("Enter")
    assert page.inner_text("#done") == "3 of 5"
    found = read_ratings(saved(page), "ratings.json")
    assert [(each.choice, each.skipped) for each in found.ratings] == [
        ("left", ""), ("tie", ""), ("", "both are cut off"),
    ]  # fmt: skip
    assert found.ratings[1].comment == "1 is not a choice here"
    assert (found.sheet, found.task, found.rater) == (digest_of(sheet), digest_of(task), "Ada")
    check_ratings(found.ratings, task, sheet)


def test_a_closed_page_goes_on_where_it_was(watched, tmp_path):
    _, page = opened(watched, tmp_path, a_task([("a", "b")] * 3))
    page.keyboard.press("2")
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.inner_text("#done") == "1 of 3"
    assert page.inner_text("#item .over") == "Item 2 of 3"


def test_what_the_browser_kept_for_another_sheet_is_not_taken(watched, tmp_path):
    task = a_task([("a", "b")] * 3)
    _, page = opened(watched, tmp_path, task)
    page.keyboard.press("1")
    _, page = opened(watched, tmp_path, task, name="Bo", key_id="ffff0000ffff0000")
    assert page.inner_text("#done") == "0 of 3"


@pytest.mark.parametrize(
    "kept", ["{", "[]", '{"ratings": 7}', '{"ratings": [null, {"item": "q0000"}]}']
)
def test_broken_storage_is_no_rating(watched, tmp_path, kept):
    sheet, page = opened(watched, tmp_path, a_task([("a", "b")] * 3))
    page.evaluate("([key, kept]) => localStorage.setItem(key, kept)",
                  [f"roadworthy-rating:{digest_of(sheet)}", kept])  # fmt: skip
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.inner_text("#done") == "0 of 3"


def test_a_changed_page_is_noticed_when_its_file_is_read(watched, tmp_path):
    task = a_task([("good", "bad")] * 3)
    sheet, page = opened(watched, tmp_path, task)
    page.evaluate("said.sheet.items[0].shown = 'sha256:' + '0'.repeat(64)")
    page.keyboard.press("1")
    found = read_ratings(saved(page), "ratings.json")
    with pytest.raises(ManifestError, match="not what the task shows"):
        check_ratings(found.ratings, task, sheet)


def test_the_end_says_so_and_a_choice_may_still_be_changed(watched, tmp_path):
    _, page = opened(watched, tmp_path, a_task([("a", "b")] * 2))
    assert page.is_hidden("#over")
    page.keyboard.press("1")
    page.keyboard.press("1")
    assert "That was all of it" in page.inner_text("#over")
    page.click(".dot >> nth=0")
    page.keyboard.press("2")
    choices = [each["choice"] for each in json.loads(saved(page))["ratings"]]
    assert choices == ["right", "left"]
    assert re.fullmatch(r"2 of 2", page.inner_text("#done"))
