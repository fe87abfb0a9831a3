"""The bill of materials with what the registry knows of each model: CycloneDX 1.6 model cards.

In: a release's content, how its models stand. Out: the bill of the bundle, its models filled in.
Never: in the bundle itself, whose bytes are the content's alone; approvals come and go.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from roadworthy.domain import ModelFigure, ModelFile, ModelStanding, ReleaseContent

from .bom import bill_of_materials

Json = dict[str, Any]


def registered_bill(content: ReleaseContent, standings: Iterable[ModelStanding]) -> Json:
    """The bill as plain JSON without floats; a model that nobody registered says so."""
    bill = bill_of_materials(content)
    parts: list[Json] = bill["components"]
    for at, one in enumerate(standings):
        if one.wanted.part == "model" and at == 0:
            part = parts[0]
        else:
            part = _beside(one, at)
            parts.append(part)
            bill["dependencies"][0]["dependsOn"].append(part["bom-ref"])
            bill["dependencies"].append({"ref": part["bom-ref"], "dependsOn": []})
        _state(part, one)
        if one.version is not None and one.version.file is not None:
            _fill(part, one.version.file)
    return bill


def _beside(one: ModelStanding, at: int) -> Json:
    """An adapter, a judge, or a further address of the model."""
    part: Json = {
        "type": "machine-learning-model",
        "bom-ref": f"{one.wanted.part}:{one.wanted.identity.name}:{at}",
        "name": one.wanted.identity.name,
    }
    if one.wanted.identity.version:
        part["version"] = one.wanted.identity.version
    if one.wanted.identity.digest:
        value = one.wanted.identity.digest.removeprefix("sha256:")
        part["hashes"] = [{"alg": "SHA-256", "content": value}]
    return part


def _state(part: Json, one: ModelStanding) -> None:
    """How it stands in the registry, and where the word comes from."""
    told = [
        ("part", one.wanted.part),
        ("registry:state", one.state),
        ("registry:version", one.version.name if one.version else ""),
        ("registry:digest", one.version.digest if one.version else ""),
        ("registry:approvals", ", ".join(str(each.entry) for each in one.approvals)),
        ("registry:reason", one.reason),
    ]
    part.setdefault("properties", []).extend(
        {"name": f"roadworthy:{name}", "value": value} for name, value in told if value
    )


def _fill(part: Json, file: ModelFile) -> None:
    part["supplier"] = {"name": file.maker}
    part["licenses"] = [{"license": {"name": file.licence}}]
    part["description"] = file.intended_use
    card: Json = part.setdefault("modelCard", {})
    considered: Json = card.setdefault("considerations", {})
    limits = [*considered.get("technicalLimitations", []), *file.limits]
    if limits:
        considered["technicalLimitations"] = limits
    if file.figures:
        card["quantitativeAnalysis"] = {
            "performanceMetrics": [_figure(each) for each in file.figures]
        }
    data = (("pretraining", file.data.pretraining), ("tuning", file.data.tuning),
            ("test", file.data.test))  # fmt: skip
    sets = [{"type": "dataset", "name": name, "description": text} for name, text in data if text]
    if sets:
        card.setdefault("modelParameters", {})["datasets"] = sets


def _figure(one: ModelFigure) -> Json:
    told: Json = {"type": f"{one.task}: {one.metric}", "value": f"{one.value:.6g}"}
    if one.low is not None and one.high is not None:
        told["confidenceInterval"] = {
            "lowerBound": f"{one.low:.6g}", "upperBound": f"{one.high:.6g}",
        }  # fmt: skip
    return told
