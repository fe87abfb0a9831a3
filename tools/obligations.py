"""Write the obligations of a legal inventory into a catalogue, its conditions translated to CEL.

`python tools/obligations.py INVENTORY.yaml CATALOGUE.yaml`: everything below the catalogue's line
`obligations:` is replaced. The inventory's `applies_when` is one Python-syntax boolean expression
of names, literals, comparisons, `in`, `and`, `or`, `not`; anything else is refused.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import yaml

COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<=",
}  # fmt: skip
LINE = "obligations:"


def to_cel(expression: str) -> str:
    """The same condition in CEL. Raises ValueError for what the inventory's form does not have."""
    return _said(ast.parse(expression, mode="eval").body)


def _said(node: ast.expr) -> str:
    match node:
        case ast.BoolOp(op=op, values=values):
            sign = " && " if isinstance(op, ast.And) else " || "
            return sign.join(_within(each) for each in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return f"!{_within(operand)}"
        case ast.Compare(left=left, ops=[ast.In()], comparators=[ast.Tuple(elts=elements)]):
            return f"{_said(left)} in [{', '.join(_said(each) for each in elements)}]"
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARISONS:
            return f"{_said(left)} {COMPARISONS[type(op)]} {_said(right)}"
        case ast.Name(id=name):
            return name
        case ast.Constant(value=bool(value)):
            return "true" if value else "false"
        case ast.Constant(value=str(value)):
            return json.dumps(value)
        case ast.Constant(value=int(value) | float(value)):
            return repr(value)
    raise ValueError(f"a condition cannot hold {ast.unparse(node)!r}")


def _within(node: ast.expr) -> str:
    said = _said(node)
    return f"({said})" if isinstance(node, ast.BoolOp | ast.Compare) else said


def translated(inventory: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The inventory's entries as obligations of a catalogue."""
    return [{**entry, "applies_when": to_cel(entry["applies_when"])} for entry in inventory]


def main(inventory: Path, catalogue: Path) -> int:
    """Replace the catalogue's obligations."""
    entries = translated(yaml.safe_load(inventory.read_text("utf-8")))
    before, _, _ = catalogue.read_text("utf-8").partition(f"\n{LINE}")
    after = yaml.safe_dump(entries, allow_unicode=True, sort_keys=False, width=120)
    catalogue.write_text(f"{before}\n{LINE}\n{after}", "utf-8")
    print(f"{catalogue}: {len(entries)} obligations")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
