"""What entries name by digest: a dossier that shows them holds it, or says that it does not.

In: the digests of what lies in evidence/, what the manifest says was left out, entries as they
pass. Out: the first thing that is missing unsaid. Never: an absence that is taken for nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from .chain import Row

NAMES: Mapping[str, tuple[str, ...]] = {
    "run.completed": ("summary",), "gate.decided": ("digest",), "release.approved": ("envelope",),
    "bar.fixed": ("bar",), "evidence.received": ("content",),
    "release.signed": ("attestations", "envelope"),
}  # fmt: skip
"""Kind -> where its payload names a blob; of two, the first lists objects with the second."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_GONE = re.compile(r"entry ([1-9][0-9]{0,15}) names (sha256:[0-9a-f]{64}): ")
"""How dossiers before `withheld` said of a blob that it was gone where they were made."""
_PREFIX = len("sha256:")
_MOST_WORDS = 500

Json = dict[str, Any]


class Withheld:
    """What a manifest says is not in its dossier: each digest with the reason that it gives."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        """Raise ValueError for what is no such list."""
        said = manifest.get("withheld")
        self.reasons: dict[str, str] = {}
        if said is None:
            for line in manifest["missing"]:
                if isinstance(line, str) and (gone := _GONE.match(line)):
                    self.reasons[gone[2]] = "gone where the dossier was made"
            return
        for one in said:
            digest, why = one["digest"], one["why"]
            if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
                raise ValueError(f"withheld: {digest!r} is no digest")
            if not isinstance(why, str) or not why.strip() or len(why) > _MOST_WORDS:
                raise ValueError("withheld: no reason is given")
            if digest in self.reasons:
                raise ValueError(f"withheld: {digest} stands there twice")
            self.reasons[digest] = why


class Named:
    """Holds what entries name against what is there, while they pass."""

    def __init__(self, present: Set[str], withheld: Withheld) -> None:
        self._present = present
        self._withheld = withheld.reasons
        self.withheld: dict[str, Json] = {}
        """What was left out and is named, by digest, with the first entry that names it."""
        self.unseen: list[Json] = []
        """Entries that name something and stand without their payload."""

    def check(self, row: Row, *, redacted: bool) -> str:
        """What of an entry's evidence is missing unsaid; empty where nothing is."""
        seq, kind = row[0], row[3]
        if redacted:
            self.unseen.append({"entry": seq, "kind": kind})
            return ""
        for digest in names_in(kind, json.loads(row[6])):
            if digest[_PREFIX:] in self._present:
                continue
            if digest not in self._withheld:
                return (
                    f"evidence/{digest[_PREFIX:]}.json, which entry {seq} ({kind}) names, is"
                    " missing, and nothing says that it was left out"
                )
            self.withheld.setdefault(
                digest,
                {"digest": digest, "entry": seq, "kind": kind, "why": self._withheld[digest]},
            )
        return ""

    def false(self) -> str:
        """What the manifest says was left out, and was not, or is nothing; empty: all of it was."""
        for digest in self._withheld:
            if digest[_PREFIX:] in self._present:
                return f"evidence/{digest[_PREFIX:]}.json is there, and said to be left out"
            if digest not in self.withheld:
                return f"{digest} is said to be left out, and no entry that is shown names it"
        return ""

    def lines(self) -> Iterator[str]:
        """What was left out by intention, by name, for people."""
        for one in self.withheld.values():
            name = f"evidence/{one['digest'][_PREFIX:]}.json"
            yield (
                f"withheld: {name}, which entry {one['entry']} ({one['kind']}) names:"
                f" {''.join(c if c.isprintable() else ' ' for c in one['why'])}"
            )
        for one in self.unseen:
            yield (
                f"withheld: the payload of entry {one['entry']} ({one['kind']}), and so what it"
                " names"
            )


def names_in(kind: str, payload: Any) -> Sequence[str]:
    """The digests of the blobs that an entry of that kind names."""
    fields = NAMES.get(kind, ())
    if not fields or not isinstance(payload, Mapping):
        return ()
    found: list[Any] = [payload.get(fields[0])]
    if len(fields) > 1:
        listed = found[0] if isinstance(found[0], list) else []
        found = [one.get(fields[1]) for one in listed if isinstance(one, Mapping)]
    return [one for one in found if isinstance(one, str) and _DIGEST.fullmatch(one)]
