from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy.domain import Deployment, ManifestError
from roadworthy.manifests import load_deployment, settings_of
from roadworthy.manifests.settings import Setting

FILE = """\
[listen]
port = 9000
[upstreams.lab]
url = "https://lab.example/v1"
credential = "file:keys/lab"
"""


def test_no_file_is_all_defaults(tmp_path: Path) -> None:
    assert load_deployment(tmp_path, {}) == Deployment()
    assert {one.origin for one in settings_of(tmp_path, {})} == {"default"}


def test_the_environment_beats_the_file_and_the_file_the_default(tmp_path: Path) -> None:
    (tmp_path / "roadworthy.toml").write_text(FILE)
    given = {"ROADWORTHY_LISTEN_PORT": "9001", "ROADWORTHY_JOURNAL_DURABILITY": "async"}
    deployment = load_deployment(tmp_path, given)
    assert (deployment.listen.port, deployment.journal.durability) == (9001, "async")
    origins = {one.key: one.origin for one in settings_of(tmp_path, given)}
    assert origins["listen.port"] == "environment ROADWORTHY_LISTEN_PORT"
    assert origins["upstreams.lab.url"] == "roadworthy.toml:4"
    assert origins["listen.host"] == "default"


def test_the_workspace_variable_counts(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, {"ROADWORTHY_HOME": "/srv/road"})
    found = next(one for one in settings if one.key == "workspace")
    assert (found.value, found.origin) == ("/srv/road", "environment ROADWORTHY_HOME")


@pytest.mark.parametrize("value", ["many", "-1", "70000", "true"])
def test_a_wrong_variable_is_named(tmp_path: Path, value: str) -> None:
    with pytest.raises(ManifestError) as caught:
        load_deployment(tmp_path, {"ROADWORTHY_LISTEN_PORT": value})
    assert caught.value.faults[0].file == "ROADWORTHY_LISTEN_PORT"


def test_a_faulty_file_is_refused_with_all_faults(tmp_path: Path) -> None:
    (tmp_path / "roadworthy.toml").write_text("listn = 1\nmaster_key = 'hunter2'\n")
    with pytest.raises(ManifestError) as caught:
        load_deployment(tmp_path, {})
    assert len(caught.value.faults) == 2
    assert "hunter2" not in str(caught.value.faults)


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("upstreams.lab.credential", "env:KEY", "env:KEY"),
        ("upstreams.lab.credential", "sk-1234", "********"),
        ("master_key", "hunter2", "********"),
        ("upstreams.lab.url", "https://ada:pw@lab.example/v1", "https://********@lab.example/v1"),
        ("listen.port", 80, 80),
    ],
)
def test_secrets_are_masked(key: str, value: object, shown: object) -> None:
    assert Setting(key=key, value=value, origin="default").shown == shown
