"""The report in Chromium: what others wrote is text, whatever it is; keyboard, filters, paging."""

from __future__ import annotations

import pytest

from doubles.browser import Watched, a_browser
from doubles.inspected import a_decision, a_row, an_inspection
from roadworthy.console.report.page import write_report
from roadworthy.domain import (
    Assessment,
    Case,
    Expect,
    NeverRecord,
    RailVerdict,
    SafetySLO,
    Verdict,
)

BOOM = "window.__boom=1;alert(1)"
HOSTILE = {
    "script": f"</script><script>{BOOM}</script>",
    "image": f"<img src=x onerror=\"{BOOM}\"><svg onload='{BOOM}'>",
    "attribute": f'" autofocus onfocus="{BOOM}" x=\'` + `',
    "template": "{{ 7*7 }}{% raw %}${7*7}#{7*7}<%= 7*7 %>{{constructor.constructor('alert(1)')()}}",
    "link": f"data:text/html,<script>{BOOM}</script> javascript:{BOOM}",
    "comment": "<!--the data--> --> <!-- ]]> </style><style>*{display:none}</style>",
    "unseen": "right\u202eleft\u2066iso\u200bzero\U000e0041tag\ufeff",
    "nul": "a\x00b\x1b[31mred\x07",
    "entities": "&lt;b&gt; &#60;i&#62; &amp;amp;",
}
EVERYTHING = "\n".join(HOSTILE.values())


@pytest.fixture(scope="module")
def browser():
    with a_browser() as found:
        yield found


@pytest.fixture
def watched(browser):
    found = Watched(browser)
    yield found
    found.context.close()


def hostile_run(folder, **more):
    """A run with the same hostile text in every field that holds text."""
    rail = RailVerdict(
        rail=EVERYTHING, side="output", outcome="not_checked", kinds=(EVERYTHING,),
        reason=EVERYTHING, never_event=EVERYTHING,
    )  # fmt: skip
    row = a_row(
        EVERYTHING, tags=("adversarial", EVERYTHING, f"hazard:{EVERYTHING}"),
        facets={EVERYTHING: EVERYTHING}, tenant=EVERYTHING, label=EVERYTHING,
        decision=EVERYTHING, confidence=0.7, label_probabilities={EVERYTHING: 0.7},
        output=EVERYTHING, raw_output=f"raw {EVERYTHING}", error=EVERYTHING, model=EVERYTHING,
        finish_reason=EVERYTHING, rails=(rail,), scores={EVERYTHING: 1.0}, mitigation=EVERYTHING,
        never=(NeverRecord(event=EVERYTHING, kind="attempt", found_by=EVERYTHING),),
        review=EVERYTHING, attributes={EVERYTHING: [EVERYTHING]}, cost="0.1", currency="EUR",
        repeat=0,
    )  # fmt: skip
    case = Case(
        id=EVERYTHING, input=EVERYTHING, expect=Expect(text=EVERYTHING, rubric=EVERYTHING),
        tags=list(row.tags), facets=row.facets, context={EVERYTHING: EVERYTHING},
        turns=[{"role": EVERYTHING, "content": EVERYTHING}], source=EVERYTHING,
    )  # fmt: skip
    slo = SafetySLO(name=EVERYTHING, objective=EVERYTHING, target=">= 0.5", owner=EVERYTHING)
    judged = Assessment(
        slo=slo, name=EVERYTHING, target=">= 0.5", estimate=0.4, low=0.3, high=0.5, n=9,
        verdict=Verdict.FAIL, reason=EVERYTHING, waived_by=EVERYTHING,
    )  # fmt: skip
    decision = a_decision(
        Verdict.FAIL, judged, reasons=(EVERYTHING,), next_step=EVERYTHING, notes=(EVERYTHING,)
    )
    other = a_row(EVERYTHING, output="before " + EVERYTHING, scores={EVERYTHING: 0.0})
    return an_inspection(
        folder, [row], cases=[case], before=[other], decision=decision, title=EVERYTHING,
        human_goal=EVERYTHING, **more,
    )  # fmt: skip


def test_nothing_that_others_wrote_is_run_and_all_of_it_is_there_as_text(tmp_path, watched):
    out = tmp_path / "run.html"
    with hostile_run(tmp_path) as inspection:
        write_report(inspection, out)
    page = watched.open(out)
    page.click("#cases tbody button.lead")
    page.wait_for_selector("dialog[open] .answer")
    assert page.evaluate("window.__boom") is None
    assert watched.dialogs == []
    assert watched.said == []
    assert watched.asked == [f"file://{out}"]
    shown = page.evaluate(
        "[...document.querySelectorAll('dialog pre, dialog .tag, dialog td, dialog th, dialog dd,"
        " dialog h2, dialog .warning, dialog .chances span')].map(n => n.textContent)"
    )
    for name, text in HOSTILE.items():
        found = [each for each in shown if text in each]
        assert len(found) >= 12, f"{name}: {len(found)} places"
    seen = page.inner_text("main")
    for name in ("script", "image", "template", "link", "comment", "entities"):
        assert HOSTILE[name].split("\n")[0][:20] in seen, name
    assert page.evaluate("document.querySelectorAll('img, iframe, a[href^=\"data:\"]').length") == 0
    ours = "script:not([type]), script[type='application/octet-stream']"
    assert page.evaluate("document.scripts.length") == page.evaluate(
        f"document.querySelectorAll({ours!r}).length"
    )
    assert page.evaluate("document.querySelectorAll('style').length") == 1


def test_what_cannot_be_seen_is_shown_by_its_code(tmp_path, watched):
    out = tmp_path / "run.html"
    with an_inspection(tmp_path, [a_row("c1", output=HOSTILE["unseen"] + HOSTILE["nul"])]) as found:
        write_report(found, out)
    page = watched.open(out, suffix="#case-1")
    page.wait_for_selector("dialog[open] .answer")
    codes = page.evaluate("[...document.querySelectorAll('.unseen')].map(n => n.dataset.code)")
    wanted = {"U+202E", "U+2066", "U+200B", "U+E0041", "U+FEFF", "U+0000", "U+001B", "U+0007"}
    assert wanted <= set(codes)


def test_the_policy_stops_what_text_would_smuggle_in(tmp_path, watched):
    """The page's own script is the only one: even with access to it no markup becomes elements."""
    out = tmp_path / "run.html"
    with an_inspection(tmp_path, [a_row("c1")]) as found:
        write_report(found, out)
    page = watched.open(out)
    with pytest.raises(Exception, match="TrustedHTML"):
        page.evaluate("document.body.innerHTML = '<b>x</b>'")
    page.evaluate("""() => {
        const node = document.createElement('style'); node.textContent = 'body{display:none}';
        document.head.append(node);
        const image = document.createElement('img'); image.src = 'https://example.invalid/x.png';
        document.body.append(image);
    }""")
    assert page.evaluate("getComputedStyle(document.body).display") == "block"
    blocked = " ".join(watched.said)
    assert "style-src" in blocked
    assert "img-src" in blocked or "default-src" in blocked


def test_a_text_of_a_megabyte_is_there_and_does_not_stop_the_page(tmp_path, watched):
    out = tmp_path / "run.html"
    large = "".join(f"{i:07d}\u202e" for i in range(131_072))
    assert len(large) == 2**20
    with an_inspection(tmp_path, [a_row("c1", output=large, tags=(large,))]) as found:
        write_report(found, out)
    page = watched.open(out)
    page.click("#cases tbody button.lead")
    page.wait_for_selector("dialog[open] .answer")
    page.click("text=Show all 1,048,576 characters")
    output = "document.querySelector('pre[aria-label=\"released output\"]').textContent"
    assert page.evaluate(output) == large
    assert len(page.inner_text("#slices")) < 20_000


def many(n):
    """Cases of which every tenth fails, every hundredth is flaky, with words in the texts."""
    rows, cases = [], []
    for i in range(n):
        ok = float(i % 10 != 0)
        rows.append(
            a_row(
                f"case-{i:05d}", output=f"answer {i} needle-{i % 977}", scores={"label": ok},
                label="motor", decision="motor" if ok else "home", confidence=(i % 100) / 100,
                tags=("golden",) if i % 2 else ("tail", "adversarial", "technique:base64"),
                facets={"language": "de" if i % 3 else "fr"}, latency_ms=float(i),
            )
        )  # fmt: skip
        if i % 100 == 1:
            rows.append(a_row(f"case-{i:05d}", repeat=1, scores={"label": 0.0}, label="motor"))
        cases.append(Case(id=f"case-{i:05d}", input=f"question {i} haystack"))
    return rows, cases


@pytest.fixture(scope="module")
def long_report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("long")
    rows, cases = many(2_000)
    before = [a_row(row.case, scores={"label": 1.0}) for row in rows if row.repeat == 0]
    with an_inspection(folder, rows, cases=cases, before=before) as found:
        write_report(found, folder / "run.html")
    return folder / "run.html"


def state(page):
    return page.inner_text("#case-list [role=status]")


def first(page):
    return page.inner_text("#case-list tbody tr:first-child th button")


def test_filters_order_and_pages(long_report, watched):
    page = watched.open(long_report)
    assert state(page) == "2,000 cases"
    assert page.evaluate("document.querySelectorAll('#case-list tbody tr').length") == 50
    page.select_option("#f-verdict", "failed")
    assert state(page) == "200 of 2,000 cases"
    page.select_option("#f-tag", "golden")
    assert page.inner_text("#cases").count("No case fits") == 1
    page.click("text=Reset")
    page.select_option("#f-verdict", "flaky")
    assert state(page) == "20 of 2,000 cases"
    page.click("text=Reset")
    page.select_option("#f-special", "repeats")
    assert state(page) == "20 of 2,000 cases"
    page.click("text=Reset")
    page.select_option("#f-facet", label="language = fr (667)")
    assert state(page) == "667 of 2,000 cases"
    page.click("text=Reset")
    page.click("#cases thead button:has-text('Latency')")
    page.click("#cases thead button:has-text('Latency')")
    assert first(page) == "case-01999"
    assert page.get_attribute("#cases th[data-name=latency]", "aria-sort") == "descending"
    page.click("text=Next page")
    assert "page 2 of 40" in page.inner_text(".pager")
    assert first(page) == "case-01949"
    assert watched.said == []


def test_search_looks_into_texts_of_all_blocks(long_report, watched):
    page = watched.open(long_report)
    page.fill("#f-words", "NEEDLE-976")
    page.wait_for_selector("#case-list [role=status]:text-is('2 of 2,000 cases')")
    assert {row.inner_text() for row in page.query_selector_all("#cases tbody button.lead")} == {
        "case-00976",
        "case-01953",
    }
    page.fill("#f-words", "question 1234 hay")
    page.wait_for_selector("#case-list [role=status]:text-is('1 of 2,000 cases')")
    assert first(page) == "case-01234"


def test_the_keyboard_is_enough(long_report, watched):
    page = watched.open(long_report)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "f-words"
    page.focus("#cases tbody tr:first-child button.lead")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open] .answer")
    assert page.evaluate("document.activeElement.id") == "case-title"
    title = page.inner_text("#case-title")
    page.keyboard.press("j")
    page.wait_for_selector(f"#case-title:not(:text-is({title!r}))")
    assert "2 of 2,000" in page.inner_text(".case-nav")
    page.keyboard.press("Escape")
    assert page.query_selector("dialog[open]") is None
    assert page.evaluate("document.activeElement.dataset.row") is not None


def test_names_on_the_page_lead_into_the_list(long_report, watched):
    page = watched.open(long_report)
    page.click("#flips button.lead:has-text('show all 220 in the list')")
    assert state(page) == "220 of 2,000 cases"
    page.click("#robustness button.lead:has-text('base64')")
    assert state(page) == "1,000 of 2,000 cases"
    page.click("#flips .chips button.lead >> nth=0")
    page.wait_for_selector("dialog[open] .answer")
    assert page.inner_text("#case-title").startswith("case-")
    assert "What the other run answered" in page.inner_text("dialog")


def test_it_can_be_read_without_scripts_and_printed(long_report, browser):
    watched = Watched(browser, java_script_enabled=False)
    watched.page.goto(f"file://{long_report}")
    text = watched.page.inner_text("main")
    assert "needs the page's own script" in text
    assert "The gate has not decided on this run" in text
    watched.page.emulate_media(media="print")
    assert len(watched.page.pdf()) > 10_000
    watched.context.close()


def test_paper_is_white_also_where_the_screen_is_dark(long_report, browser):
    watched = Watched(browser, color_scheme="dark")
    page = watched.open(long_report)
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) != "rgb(255, 255, 255)"
    page.emulate_media(media="print")
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    assert page.query_selector(".filters").is_visible() is False
    watched.context.close()


def test_landmarks_headers_and_names_for_those_who_do_not_see(long_report, watched):
    page = watched.open(long_report)
    for selector in ("main", "header", "nav[aria-label]", "form[role=search]", "h1"):
        assert page.query_selector(selector), selector
    unnamed = page.evaluate("""[...document.querySelectorAll('svg[role=img]')]
        .filter(n => !n.querySelector('title')?.textContent).length""")
    assert unnamed == 0
    headless = page.evaluate("""[...document.querySelectorAll('main table')]
        .filter(t => !t.querySelector('th[scope=col]')).length""")
    assert headless == 0
    unlabelled = page.evaluate("""[...document.querySelectorAll('input, select')]
        .filter(n => !n.closest('label') && !n.getAttribute('aria-label')).length""")
    assert unlabelled == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_words_stand_out_and_nothing_runs_over_the_side(long_report, browser, scheme, width):
    watched = Watched(browser, color_scheme=scheme, viewport={"width": width, "height": 800})
    page = watched.open(long_report)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    weak = page.evaluate(CONTRAST)
    assert weak == []
    watched.context.close()


CONTRAST = r"""() => {
  const parse = (colour) => {
    const parts = colour.match(/[\d.]+/g).map(Number);
    const [r, g, b, a = 1] = parts;
    return colour.startsWith('color(srgb') ? [r * 255, g * 255, b * 255, a] : [r, g, b, a];
  };
  const linear = (v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const under = (node) => {
    const layers = [];
    for (let n = node; n; n = n.parentElement) {
      const colour = parse(getComputedStyle(n).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    let base = layers.pop() || [255, 255, 255, 1];
    while (layers.length) {
      const top = layers.pop();
      base = base.map((v, i) => (i < 3 ? top[i] * top[3] + v * (1 - top[3]) : 1));
    }
    return base;
  };
  const weak = new Set();
  for (const node of document.querySelectorAll('main *, header *')) {
    if (node.closest('svg, option, .hear, .skip') || !node.offsetParent || node.disabled) continue;
    if (![...node.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
    const style = getComputedStyle(node);
    if (!style.color.startsWith('rgb')) continue;
    const a = light(parse(style.color)), b = light(under(node));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) weak.add(`${node.tagName}.${node.className}: ${ratio.toFixed(2)}`);
  }
  return [...weak];
}"""
