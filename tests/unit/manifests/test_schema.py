"""Every schema is valid, and every file that loads is valid under its schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from doubles.systems import FILES, write_system
from roadworthy.domain import UsageError
from roadworthy.manifests import KINDS, SCHEMA_NAMES, draft_system, schema_of, take_answers
from roadworthy.manifests.document import Document
from roadworthy.manifests.folder import Folder

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_every_schema_is_valid_and_says_what_it_is(name: str) -> None:
    schema = schema_of(name)
    assert schema["$schema"].endswith("2020-12/schema")
    jsonschema_rs.meta.validate(schema)
    jsonschema_rs.validator_for(schema)
    assert schema["type"] == "object"
    assert schema.get("additionalProperties") is (None if name == "example" else False)


def test_fields_carry_their_docstrings() -> None:
    charter = schema_of("charter")
    assert charter["properties"]["system"]["description"].startswith("The short name")
    assert charter["$defs"]["NeverEvent"]["properties"]["scope"]["description"]


def test_ranges_are_in_the_schema() -> None:
    severity = schema_of("charter")["$defs"]["Risk"]["properties"]["severity"]
    assert (severity["minimum"], severity["maximum"]) == (1, 10)


def test_an_unknown_name_is_a_usage_error_with_a_hint() -> None:
    with pytest.raises(UsageError) as caught:
        schema_of("chart")
    assert "charter" in caught.value.fix


def values_of(root: Path) -> list[tuple[str, str, Any]]:
    """(file, kind, value) of every contract file of a system; JSON Lines one a line."""
    found: list[tuple[str, str, Any]] = []
    folder = Folder(root)
    for kind in KINDS.values():
        pattern = kind.file.replace("NAME", "*").replace("ID", "*")
        for path in sorted(root.glob(pattern)) if not pattern.startswith(".") else []:
            file = path.relative_to(root).as_posix()
            if kind.form == "jsonl":
                lines = [line for line in path.read_text().splitlines() if line.strip()]
                found += [(file, kind.name, json.loads(line)) for line in lines]
                continue
            getattr(folder, kind.form)(file, kind.struct)
            found.append((file, kind.name, folder.document(file).data))
    assert not [fault for fault in folder.faults() if fault.severity == "error"]
    return found


def check_all(root: Path) -> None:
    validators = {name: jsonschema_rs.validator_for(schema_of(name)) for name in SCHEMA_NAMES}
    values = values_of(root)
    assert {"charter", "candidate", "safety-slos", "suite", "case"} <= {one[1] for one in values}
    for file, name, value in values:
        errors = [error.message for error in validators[name].iter_errors(value)]
        assert not errors, f"{file}: {errors}"


def test_the_sound_system_is_valid_under_the_schemas(tmp_path: Path) -> None:
    check_all(write_system(tmp_path))


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*") if path.is_dir()))
def test_every_example_is_valid_under_the_schemas(name: str) -> None:
    check_all(EXAMPLES / name)


@pytest.mark.parametrize("task", ["decision", "chat"])
def test_what_init_writes_is_valid_under_the_schemas(task: str, tmp_path: Path) -> None:
    answers = take_answers(
        {
            "system": "desk", "title": "Desk", "human_goal": "Help.", "owner": "Ada",
            "intended_purpose": "Sort.", "task": task, "labels": ["a", "b"],
        }
    )  # fmt: skip
    for name, text in draft_system(answers).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    check_all(tmp_path)


def test_a_misspelt_key_is_refused_by_the_schema_too() -> None:
    document = Document("charter.yaml")
    from roadworthy.manifests.yaml_reader import read_yaml

    assert read_yaml(FILES["charter.yaml"].replace("human_goal", "human_gaol"), document)
    assert not jsonschema_rs.validator_for(schema_of("charter")).is_valid(document.data)
