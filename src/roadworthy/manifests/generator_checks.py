"""A suite's `generators:`: names, numbers and options, with what would be right."""

from __future__ import annotations

from collections.abc import Sequence

from roadworthy.domain import GENERATORS, GeneratorUse, option_faults

from .document import Document
from .typed import suggest


def check_generators(uses: Sequence[GeneratorUse], document: Document) -> None:
    """Note every fault of a suite's generators."""
    seen: set[str] = set()
    for index, use in enumerate(uses):
        place = ("generators", index)
        if not document.sound((*place, "generator")):
            continue
        spec = GENERATORS.get(use.generator)
        if spec is None:
            document.fault(
                (*place, "generator"),
                f"there is no generator `{use.generator}`",
                suggest(use.generator, list(GENERATORS), "the generators are"),
            )
            continue
        if use.generator in seen:
            document.fault(
                place,
                f"the generator `{use.generator}` stands here twice",
                "keep one of them: both would write cases of the same ids",
            )
        seen.add(use.generator)
        for fault in option_faults(spec, use.options):
            if not document.sound((*place, "options", fault.key)):
                continue
            near = suggest(fault.key, list(spec.options), fault.fix)
            unknown = fault.key not in spec.options
            document.fault(
                (*place, "options", fault.key), fault.message, near if unknown else fault.fix
            )
