"""What is wrong in a folder's catalogues and answers, all at once, before a duty rests on them.

1 load each of the folder's catalogues, 2 read the answers, 3 hold them against the questions,
4 and against each other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from roadworthy.compliance import EU_AI_ACT
from roadworthy.domain import Charter, Fault, ManifestError, UsageError

from .answers import (
    CATALOGUES,
    chosen,
    load_own,
    own_catalogues,
    places_of,
    read_answers_of,
    require_agreement,
    require_known,
    shipped_catalogues,
)


def law_faults(root: Path, charter: Charter | None, *, on: str) -> list[Fault]:
    """Faults of `catalogues/` and, with a sound charter, of its facts and facts.yaml."""
    loaded, faults = shipped_catalogues(), list[Fault]()
    own = []
    for path in own_catalogues(root):
        try:
            loaded.append(load_own(path, loaded, root))  # 1
        except ManifestError as wrong:
            faults += wrong.faults
        except UsageError as wrong:
            file = f"{CATALOGUES}/{path.name}"
            faults.append(Fault(file=file, line=1, message=wrong.message, fix=wrong.fix))
        else:
            own.append(loaded[-1].catalogue.catalogue)
    if charter is None:
        return faults
    catalogues, known = [one.catalogue for one in loaded], not faults
    try:
        sheet, _ = read_answers_of(root, charter, catalogues, None)  # 2
    except (ManifestError, UsageError) as wrong:
        return [*faults, *_told(wrong)]
    places = places_of(root, charter, None)
    if known:  # a question of a broken catalogue is not known yet
        faults += _faults(partial(require_known, sheet, catalogues, places))  # 3
    for name in (EU_AI_ACT, *own):
        those = [one.catalogue for one in chosen(loaded, name)]
        more = _faults(partial(require_agreement, sheet, those, places, on=on))  # 4
        faults += [fault for fault in more if fault not in faults]
    return faults


def _faults(check: Callable[[], None]) -> list[Fault]:
    try:
        check()
    except (ManifestError, UsageError) as wrong:
        return _told(wrong)
    return []


def _told(wrong: ManifestError | UsageError) -> list[Fault]:
    if isinstance(wrong, ManifestError):
        return list(wrong.faults)
    return [Fault(file=CATALOGUES, line=1, message=wrong.message, fix=wrong.fix)]
