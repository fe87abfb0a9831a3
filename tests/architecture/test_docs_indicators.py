"""Every indicator has its page: all its facts, and an example that `check` accepts."""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path

import msgspec
import pytest
import yaml

from doubles.desk import Desk
from roadworthy.domain import INDICATORS, IndicatorSpec
from roadworthy.gateway.outcomes import OutcomeBody
from roadworthy.manifests import check_system

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import indicator_example  # noqa: E402
import indicator_page  # noqa: E402

PAGES = indicator_page.pages()
MEASURED = [spec for spec in INDICATORS.values() if spec.measured]
DEPLOYMENT = '[upstreams.lab]\nurl = "http://127.0.0.1:9/v1"\n'


@pytest.mark.parametrize(
    "fact", ["definition", "formula", "counts", "intervals", "oracle", "source"]
)
def test_every_measured_indicator_says_what_it_is(fact: str) -> None:
    assert [spec.name for spec in MEASURED if not getattr(spec, fact)] == []


def test_every_interval_that_is_named_is_explained_and_none_else() -> None:
    named = {name for spec in MEASURED for name in spec.intervals}
    assert named == set(indicator_page.INTERVALS)
    for functions in indicator_page.INTERVALS.values():
        assert all(len(function.__doc__ or "") > 100 for function in functions)


def test_an_oracle_that_is_a_function_of_a_library_is_one() -> None:
    dotted = re.compile(r"(?<![/.\w])((?:sklearn|scipy|numpy|sacrebleu|nltk|jiwer|rapidfuzz|"
                        r"rouge_score|statistics|math)(?:\.\w+)+)")  # fmt: skip
    for name in {each for spec in MEASURED for each in dotted.findall(spec.oracle)}:
        module, _, function = name.rpartition(".")
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError:
            found = pytest.importorskip(module.partition(".")[0], reason="an oracle of the tests")
        assert callable(getattr(found, function)), name


@pytest.mark.parametrize("spec", INDICATORS.values(), ids=lambda spec: spec.name)
def test_every_indicator_has_a_heading_to_link_to(spec: IndicatorSpec) -> None:
    where = f"indicators/{indicator_page.family(spec)}.md"
    assert PAGES[where].count(f"\n## {spec.name}\n") == 1
    assert f"]({where}#{spec.name})" in PAGES["indicators.md"]


def test_every_heading_stands_once_on_one_page() -> None:
    headings = [
        heading
        for name, text in PAGES.items()
        if name not in ("indicators.md", "indicators/intervals.md")
        for heading in re.findall(r"^## (\w+)$", text, re.MULTILINE)
    ]
    assert sorted(headings) == sorted(INDICATORS)


@pytest.mark.parametrize("spec", MEASURED, ids=lambda spec: spec.name)
def test_check_accepts_the_example_of_each_indicator(spec: IndicatorSpec, tmp_path: Path) -> None:
    blocks = r"```(?:yaml|json)\n(.*?)```"
    *asked, slos = re.findall(blocks, indicator_page.section(spec).partition("- **unit**")[2], re.S)
    desk = Desk(tmp_path / "desk")
    if len(asked) == 1:  # of live answers: what a caller posts
        assert msgspec.json.decode(asked[0], type=OutcomeBody).observation
    elif asked:
        suite, cases = asked
        desk.write("suites/main.yaml", suite)
        desk.cases([json.loads(line) for line in cases.splitlines()])
    desk.write("safety-slos.yaml", slos)
    desk.write("roadworthy.toml", DEPLOYMENT)
    for name, text in indicator_example.of(spec).files.items():
        desk.write(name, text)
    faults = check_system(desk.root)
    assert [fault.message for fault in faults if fault.severity == "error"] == []
    about = [fault.message for fault in faults if fault.file == "safety-slos.yaml"]
    assert about == [], "an objective that is asked for so guards nothing"
    (slo,) = yaml.safe_load(slos)["slos"]
    assert slo["name"] == spec.name
