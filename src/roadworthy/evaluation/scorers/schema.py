"""Output that is JSON of the expected shape."""

from __future__ import annotations

from typing import Any

import msgspec

from roadworthy.domain import Case, DetectorError, Observation


class Schema:
    """1.0 when the output is JSON that satisfies `expect.schema` (or the option `schema`).

    The output must be nothing but JSON; white space around it is ignored.
    """

    def __init__(self, name: str, *, schema: dict[str, Any] | None = None) -> None:
        self.name = name
        self._schema = schema
        self._validators: dict[bytes, Any] = {}
        if schema is not None:
            self._validator(schema)

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """1.0 or 0.0; None when there is no schema. Raises DetectorError on a bad schema."""
        schema = case.expect.schema if case.expect.schema is not None else self._schema
        if schema is None:
            return None
        validator = self._validator(schema)
        try:
            value = msgspec.json.decode(output.strip())
        except msgspec.DecodeError:
            return 0.0
        return float(validator.is_valid(value))

    def _validator(self, schema: dict[str, Any]) -> Any:
        key = msgspec.json.encode(schema)
        found = self._validators.get(key)
        if found is not None:
            return found
        import jsonschema_rs

        try:
            made = jsonschema_rs.validator_for(schema, offline=True)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            raise DetectorError(f"scorer {self.name}: the schema is not valid: {error}") from error
        self._validators[key] = made
        return made
