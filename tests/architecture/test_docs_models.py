"""The pages on models and detectors say what is there, and their examples run."""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path
from typing import get_args

import msgspec
import pytest
import yaml

from doubles.desk import Desk
from roadworthy.detectors import DETECTOR_NAMES, make_detector
from roadworthy.domain import DEEP_RAILS, Model, ProviderKind, Upstream, deep_options
from roadworthy.manifests import check_system
from roadworthy.manifests.detector_checks import DETECTOR_OPTIONS
from roadworthy.providers.local_server import LocalOptions
from roadworthy.providers.openai_wire import WireOptions

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import deep_rail_page  # noqa: E402
import detector_page  # noqa: E402
import provider_page  # noqa: E402

PROVIDERS = (ROOT / "docs/reference/providers.md").read_text(encoding="utf-8")
DETECTORS = (ROOT / "docs/reference/detectors.md").read_text(encoding="utf-8")


def blocks(page: str, language: str) -> dict[str, str]:
    """File name (the first line's comment) -> text of the page's blocks."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.findall(rf"```{language}\n# (\S+)\n(.*?)```", text, re.DOTALL)
    return dict(found)


async def test_the_function_of_the_page_on_python_models_answers_a_suite(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    source = blocks("docs/how-to/python-model.md", "python")["words.py"]
    desk.write("words.py", source)
    candidate = blocks("docs/how-to/python-model.md", "yaml")["candidate.yaml"]
    digest = hashlib.sha256(source.encode()).hexdigest()
    desk.write("candidate.yaml", candidate.replace("DIGEST", digest))
    assert [one.message for one in check_system(desk.root) if one.severity == "error"] == []
    found = {one.name: one.value for one in (await desk.evaluate()).summary.indicators}
    assert found["accuracy"] == 1.0
    assert found["decision_ece"] is not None


def test_check_names_the_digits_to_pin(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    source = blocks("docs/how-to/python-model.md", "python")["words.py"]
    desk.write("words.py", source)
    candidate = blocks("docs/how-to/python-model.md", "yaml")["candidate.yaml"]
    desk.write("candidate.yaml", candidate.replace("DIGEST", "0" * 64))
    (fault,) = [one for one in check_system(desk.root) if one.severity == "error"]
    assert hashlib.sha256(source.encode()).hexdigest() in fault.fix


@pytest.mark.parametrize("name", get_args(ProviderKind))
def test_every_provider_has_its_section(name: str) -> None:
    assert f"\n## {name}\n" in PROVIDERS


@pytest.mark.parametrize("kind", [Model, Upstream, LocalOptions, WireOptions])
def test_every_key_of_a_model_has_its_row(kind: type[msgspec.Struct]) -> None:
    missing = [name for name in kind.__struct_fields__ if f"| `{name}` |" not in PROVIDERS]
    assert missing == []


@pytest.mark.parametrize("kind", [LocalOptions, WireOptions])
def test_every_option_says_what_it_means(kind: type[msgspec.Struct]) -> None:
    assert [name for name, text in provider_page.described(kind).items() if not text] == []


@pytest.mark.parametrize("name", DETECTOR_NAMES)
def test_every_detector_has_a_section_whose_example_can_be_built(name: str) -> None:
    assert f"\n## {name}\n" in DETECTORS
    make_detector(name, yaml.safe_load(detector_page.EXAMPLES[name]), {})


@pytest.mark.parametrize("name", DEEP_RAILS)
def test_every_rail_that_asks_outside_has_a_section_whose_example_can_be_read(name: str) -> None:
    assert f"\n### {name}\n" in DETECTORS
    deep_options(name, yaml.safe_load(deep_rail_page.EXAMPLES[name]))


@pytest.mark.parametrize("name", DETECTOR_NAMES)
def test_every_option_of_a_detector_is_told(name: str) -> None:
    told = detector_page.options_told(name)
    assert [one for one in DETECTOR_OPTIONS[name] if f"`{one}`" not in told] == []
