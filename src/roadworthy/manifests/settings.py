"""The deployment in force: file, then environment; and where each value came from.

`ROADWORTHY_LISTEN_PORT=9000` sets `listen.port`. Never here: the secret behind a reference
(`env:NAME`, `file:PATH`), which only the provider that needs it reads.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.domain import Deployment, Fault, ManifestError

from .deployment_checks import check_deployment
from .document import Document
from .reading import DEPLOYMENT, Reading
from .typed import build
from .workspace import WORKSPACE_VARIABLE
from .yaml_reader import resolve

PREFIX = "ROADWORTHY_"

_SECTIONS = ("listen", "journal", "limits")
_PLAIN = ("workspace", "master_key")


class Setting(Struct, frozen=True, kw_only=True):
    """One value of the deployment."""

    key: str
    """Dotted, as in `listen.port`."""
    value: Any
    origin: str
    """`environment NAME`, `roadworthy.toml:LINE`, `default`."""

    @property
    def shown(self) -> Any:
        """The value as it may be printed: a reference is shown, a secret never."""
        text = self.value
        if not isinstance(text, str) or not text:
            return text
        if self.key.endswith(("credential", "master_key")):
            return text if text.startswith(("env:", "file:")) else "********"
        if self.key.endswith("url") and "@" in text:
            scheme, _, rest = text.partition("://")
            return f"{scheme}://********@{rest.rpartition('@')[2]}"
        return text


def load_deployment(root: Path, environment: Mapping[str, str] | None = None) -> Deployment:
    """roadworthy.toml with the environment's values in it; defaults when there is none.

    Raises ManifestError.
    """
    return _read(root, os.environ if environment is None else environment)[0]


def settings_of(root: Path, environment: Mapping[str, str] | None = None) -> list[Setting]:
    """Every value in force with its origin, in the file's order. Raises ManifestError."""
    deployment, document, given = _read(root, os.environ if environment is None else environment)
    settings: list[Setting] = []
    for key, value in _flat(msgspec.to_builtins(deployment)):
        path = tuple(int(part) if part.isdigit() else part for part in key.split("."))
        if key in given:
            origin = f"environment {given[key]}"
        elif path in document.lines:
            origin = f"{DEPLOYMENT}:{document.lines[path]}"
        else:
            origin = "default"
        settings.append(Setting(key=key, value=value, origin=origin))
    return settings


def _read(
    root: Path, environment: Mapping[str, str]
) -> tuple[Deployment, Document, dict[str, str]]:
    reading = Reading(root.resolve(), "")
    folder = reading.folder
    if folder.lies(DEPLOYMENT):
        reading.deployment = folder.toml(DEPLOYMENT, Deployment) or Deployment()
    check_deployment(reading)
    errors = [fault for fault in folder.faults() if fault.severity == "error"]
    if errors:
        raise ManifestError(errors)
    deployment, given = with_environment(reading.deployment, environment)
    return deployment, folder.document(DEPLOYMENT), given


def with_environment(
    deployment: Deployment, environment: Mapping[str, str]
) -> tuple[Deployment, dict[str, str]]:
    """The deployment with what the environment says, and key -> variable.

    Raises ManifestError when a variable has the wrong form.
    """
    plain = msgspec.to_builtins(deployment)
    given: dict[str, str] = {}
    for key in [*_PLAIN, *(f"{one}.{name}" for one in _SECTIONS for name in plain[one])]:
        variable = PREFIX + key.replace(".", "_").upper()
        if key == "workspace" and environment.get(WORKSPACE_VARIABLE):
            variable = WORKSPACE_VARIABLE
        if variable not in environment:
            continue
        given[key] = variable
        section, _, name = key.rpartition(".")
        target = plain[section] if section else plain
        text = environment[variable]
        target[name] = text if isinstance(target[name], str) else resolve(text)
    if not given:
        return deployment, given
    # The same walk as for a file, so that a wrong variable gets the same clear words.
    document = Document("environment", plain)
    deployment = build(document, Deployment)
    if document.faults:
        raise ManifestError(
            [
                Fault(file=_variable_of(fault, given), line=0, message=fault.message, fix=fault.fix)
                for fault in document.faults
            ]
        )
    return deployment, given


def _variable_of(fault: Fault, given: dict[str, str]) -> str:
    return next((name for key, name in given.items() if f"`{key}`" in fault.message), fault.file)


def _flat(value: Any, prefix: str = "") -> list[tuple[str, Any]]:
    """Dotted key -> value, for every leaf; an empty list or mapping is one."""
    if isinstance(value, dict) and value:
        pairs = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, list) and value:
        pairs = [(str(index), item) for index, item in enumerate(value)]
    else:
        return [(prefix, value)]
    return [
        leaf for key, item in pairs for leaf in _flat(item, f"{prefix}.{key}" if prefix else key)
    ]
