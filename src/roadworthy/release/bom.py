"""The AI bill of materials of a bundle: CycloneDX 1.6 (ECMA-424), as JSON.

In: the content of a release. Out: what it is made of, each part with the digest that it has in
the bundle. Never: a time, a machine, a random serial number; the same content gives the same bytes.
"""

from __future__ import annotations

import uuid
from typing import Any

from roadworthy.domain import ReleaseContent

from .frozen import frozen_digest

Json = dict[str, Any]

_NAMESPACE = uuid.UUID("6f0d3f0e-55a3-5d5b-8f7e-2a4f1f0c9b10")
"""Makes serial numbers from candidate digests (UUID version 5, RFC 9562)."""
_TASKS = {
    "decision": "text-classification",
    "chat": "text-generation",
    "generation": "text-generation",
    "extraction": "token-classification",
    "rag": "question-answering",
}


def bill_of_materials(content: ReleaseContent) -> Json:
    """The bill as plain JSON without floats."""
    parts = [_model(content), *_data(content), *_tools(content)]
    system = f"system:{content.system}"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, content.candidate_digest)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": system,
                "name": content.system,
                "version": content.charter.version,
                "description": content.charter.use.intended_purpose,
                "properties": [_property("candidate", content.candidate_digest)],
            }
        },
        "components": parts,
        "dependencies": [
            {"ref": system, "dependsOn": [part["bom-ref"] for part in parts]},
            *({"ref": part["bom-ref"], "dependsOn": []} for part in parts),
        ],
    }


def _model(content: ReleaseContent) -> Json:
    model = content.candidate.model
    part: Json = {
        "type": "machine-learning-model",
        "bom-ref": f"model:{model.name}",
        "name": model.name,
        "modelCard": {
            "modelParameters": {"task": _TASKS[content.candidate.task]},
            "considerations": {
                "users": list(content.charter.use.users),
                "useCases": [content.charter.use.intended_purpose],
                "technicalLimitations": list(content.charter.use.out_of_scope),
            },
        },
        "properties": [
            _property(name, value)
            for name, value in (
                ("provider", model.provider),
                ("upstream", model.upstream),
                ("adapter", model.adapter),
                ("file", model.file),
            )
            if value
        ],
    }
    if model.version:
        part["version"] = model.version
    hashes = _sha256(model.digest)
    if hashes:
        part["hashes"] = hashes
    elif model.digest:
        part["properties"].append(_property("digest", model.digest))
    return part


def _data(content: ReleaseContent) -> list[Json]:
    """Prompt, rails and side files: data that steers the model, by digest."""
    named: list[tuple[str, Any]] = [("rails", content.rails)]
    if content.prompt is not None:
        named.append((f"prompt:{content.prompt.header.id}", content.prompt))
    named += [(f"file:{path}", content.assets[path]) for path in sorted(content.assets)]
    return [
        {
            "type": "data",
            "bom-ref": name,
            "name": name.partition(":")[2] or name,
            "data": [{"type": "configuration", "name": name}],
            "hashes": _sha256(frozen_digest(value)),
        }
        for name, value in named
    ]


def _tools(content: ReleaseContent) -> list[Json]:
    return [
        {
            "type": "library",
            "bom-ref": f"tool:{tool.name}",
            "name": tool.name,
            "description": "a tool that the model may call",
            "properties": [_property("needs_approval", str(tool.needs_approval).lower())],
        }
        for tool in content.candidate.tools
    ]


def _sha256(digest: str) -> list[Json]:
    """A digest as CycloneDX has it; empty for a version pin that is no SHA-256."""
    algorithm, _, value = digest.rpartition(":")
    if algorithm not in ("", "sha256") or len(value) != 64 or value.strip("0123456789abcdef"):
        return []
    return [{"alg": "SHA-256", "content": value}]


def _property(name: str, value: str) -> Json:
    return {"name": f"roadworthy:{name}", "value": value}
