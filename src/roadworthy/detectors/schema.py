"""`schema`: the text must be JSON that a JSON Schema accepts.

Enters: a schema. Leaves: a detector that finds text which does not conform. Never happens here:
a look-up of a schema over the network; references outside the schema are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from roadworthy.domain import DetectorError, Finding, Needs, TextContext

from .options import Options, refuse

NOT_JSON = "NOT_JSON"
NOT_CONFORMING = "SCHEMA"


class SchemaDetector:
    """Finds text that is not JSON, or JSON that the schema refuses."""

    name = "schema"
    needs: Needs = "whole"

    def __init__(self, schema: dict[str, Any] | bool) -> None:
        import jsonschema_rs

        try:
            self._validator = jsonschema_rs.validator_for(schema, offline=True)
        except Exception as problem:
            first = str(problem).strip().splitlines()[0] if str(problem).strip() else "invalid"
            raise refuse(f"this is not a JSON Schema: {first}", "https://json-schema.org") from None

    def detect(self, text: str, context: TextContext) -> Sequence[Finding]:
        """One finding over the whole text, or none."""
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError):
            return [Finding(kind=NOT_JSON, start=0, end=len(text))]
        except RecursionError:
            raise DetectorError("the JSON is nested too deeply to be checked") from None
        try:
            fits = self._validator.is_valid(value)
        except Exception as problem:
            raise DetectorError(f"the schema could not be applied: {problem}") from problem
        return [] if fits else [Finding(kind=NOT_CONFORMING, start=0, end=len(text))]


def make(options: Mapping[str, Any], assets: Mapping[str, Any]) -> SchemaDetector:
    """Options: `schema` (the schema, or the path of a side file)."""
    schema = Options("schema", options, ("schema",)).asset("schema", assets)
    if not isinstance(schema, dict | bool):
        raise refuse("option `schema` is not a JSON Schema", "give an object")
    return SchemaDetector(schema)
