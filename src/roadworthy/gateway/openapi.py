"""What an API of ours is, as an OpenAPI 3.1 document: made of the types that read and write it.

What enters: operations. What leaves: the document, as bytes. What never happens here: a field that
is written down a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct, field

from roadworthy.wiring.own_version import own_version

from .problems import ErrorDocument

JSON_KIND = "application/json"
TEXT_KIND = "text/plain"


class Said(Struct, frozen=True, kw_only=True):
    """One way in which an operation may end."""

    what: str
    type: Any = None
    """What a JSON body is; None: it is no JSON, or has no fixed form."""
    kinds: tuple[str, ...] = (JSON_KIND,)
    """Media types. `text/plain` stands for all of its parameters."""
    headers: dict[str, str] = field(default_factory=dict)
    """Name -> what it says; each is there whenever it ends so."""


class Query(Struct, frozen=True, kw_only=True):
    """A parameter after the `?`."""

    name: str
    type: Any
    what: str = ""


class Operation(Struct, frozen=True, kw_only=True):
    """One method of one path."""

    method: str
    path: str
    """With `{name}` for what varies; every such part is one segment of text."""
    what: str
    said: dict[int, Said]
    takes: Any = None
    """The type of a JSON body; None: it reads none."""
    form: dict[str, Any] | None = None
    """The JSON schema of a form with a file."""
    asks: tuple[Query, ...] = ()
    open: bool = False
    """Whether anybody may call it, without a key."""


def refused(what: str, *, type: Any = ErrorDocument, **headers: str) -> Said:
    """An end that is an error."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Said(what=what, type=type, headers=named)


def document(title: str, about: str, operations: Sequence[Operation], *, keys: bool) -> bytes:
    """The document. `keys`: whether callers have any."""
    types = _types(operations)
    schemas, components = msgspec.json.schema_components(
        types, ref_template="#/components/schemas/{name}"
    )
    known = {id(each): schema for each, schema in zip(types, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, known, keys=keys)
    held: dict[str, Any] = {"schemas": components}
    if keys:
        held["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "header": {"type": "apiKey", "in": "header", "name": "x-api-key"},
        }
    whole = {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "description": about,
            "version": own_version(),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": held,
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=1)


def _types(operations: Sequence[Operation]) -> list[Any]:
    found: dict[int, Any] = {}
    for one in operations:
        every = [one.takes, *(q.type for q in one.asks), *(said.type for said in one.said.values())]
        found.update({id(each): each for each in every if each is not None})
    return list(found.values())


def _operation(one: Operation, known: dict[int, Any], *, keys: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": _id_of(one),
        "summary": one.what,
        "parameters": _parameters(one, known),
        "responses": {str(code): _response(said, known, one) for code, said in one.said.items()},
    }
    if one.takes is not None:
        body = {JSON_KIND: {"schema": known[id(one.takes)]}}
        told["requestBody"] = {"required": True, "content": body}
    if one.form is not None:
        told["requestBody"] = {
            "required": True,
            "content": {"multipart/form-data": {"schema": one.form}},
        }
    if keys:
        told["security"] = [] if one.open else [{"bearer": []}, {"header": []}]
    return told


def _id_of(one: Operation) -> str:
    words = "".join(char if char.isalnum() else " " for char in one.path).split()
    return "_".join((one.method.lower(), *words))


def _parameters(one: Operation, known: dict[int, Any]) -> list[dict[str, Any]]:
    inside = [part[1:-1] for part in one.path.split("/") if part.startswith("{")]
    segment = {"type": "string", "minLength": 1}
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": segment} for name in inside
    ]
    for asked in one.asks:
        found.append(
            {
                "name": asked.name,
                "in": "query",
                "description": asked.what,
                "schema": known[id(asked.type)],
            }
        )
    return found


def _response(said: Said, known: dict[int, Any], one: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {"description": said.what}
    if said.headers:
        told["headers"] = {
            name: {"description": text, "required": True, "schema": {"type": "string"}}
            for name, text in said.headers.items()
        }
    if one.method != "HEAD":
        form = {"schema": known[id(said.type)]} if said.type is not None else {}
        told["content"] = {kind: form for kind in said.kinds}
    return told
