"""What an objective's name carries, filled in where the file leaves the key out."""

from __future__ import annotations

import msgspec

from roadworthy.domain import SafetySLO, SloFile, split_window

from .document import Document


def fill_windows(slos: SloFile, document: Document) -> SloFile:
    """The same objectives; one named `…_7d` without a `window` has the window `7d`."""
    return msgspec.structs.replace(
        slos,
        slos=[_fill(slo, ("slos", index), document) for index, slo in enumerate(slos.slos)],
    )


def _fill(slo: SafetySLO, path: tuple[str | int, ...], document: Document) -> SafetySLO:
    suffix = split_window(slo.name)[1]
    if not suffix or (*path, "window") in document.lines:
        return slo
    return msgspec.structs.replace(slo, window=suffix)
