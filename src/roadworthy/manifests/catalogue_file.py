"""A catalogue of duties: read with every fault at once. Unknown facts and circles are faults."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from roadworthy.domain import Catalogue, FactSpec, ManifestError, UsageError
from roadworthy.expressions import Condition

from .document import Document
from .document import Path as Place
from .folder import Folder

MOST_CHARACTERS = 4000
_LOOPS = re.compile(r"\b(all|exists|exists_one|existsOne|map|filter|transform\w*)\s*(\(|//)")
"""What walks a list: within one another a few lines of it never end."""
ROLE_NAMES = frozenset(("role", "roles"))
"""Names that a condition may use beside facts: the role looked at, and all that are held."""
_OF_FACTS = frozenset(("roles", "day"))
"""Of what is worked out once for a system: its roles, and the day that is asked about."""


def load_catalogue(
    path: Path, bases: Sequence[Catalogue] = (), *, root: Path | None = None
) -> Catalogue:
    """A catalogue, and nothing that cannot be worked out.

    `bases` are those that it may extend; faults name the file as it lies in `root`.
    Raises UsageError without a file, ManifestError with all its faults.
    """
    if not path.is_file():
        raise UsageError(f"there is no file {path}", fix="`roadworthy schema catalogue` shows it")
    folder = Folder((root or path.parent).resolve())
    name = path.name if root is None else path.relative_to(root).as_posix()
    catalogue = folder.yaml(name, Catalogue)
    document = folder.document(name)
    if catalogue is not None and not document.faults:
        _Check(
            catalogue, [one for one in bases if one.catalogue in catalogue.extends], document
        ).all()
    errors = [fault for fault in folder.faults() if fault.severity == "error"]
    if errors or catalogue is None:
        raise ManifestError(errors)
    return catalogue


class _Check:
    """One catalogue's names, conditions and circles."""

    def __init__(
        self, catalogue: Catalogue, bases: Sequence[Catalogue], document: Document
    ) -> None:
        self._catalogue = catalogue
        self._document = document
        self._found = {one.catalogue for one in bases}
        self._theirs = {fact.id: one.catalogue for one in bases for fact in one.facts}
        self._facts = {fact.id for one in (*bases, catalogue) for fact in one.facts}
        self._roles = {role.id for one in (*bases, catalogue) for role in one.roles}

    def all(self) -> None:
        """Note every fault."""
        self._bases()
        self._twice()
        edges = {fact.id: self._fact(at, fact) for at, fact in enumerate(self._catalogue.facts)}
        self._circles(edges)
        for at, role in enumerate(self._catalogue.roles):
            if role.also_when:
                self._condition(role.also_when, ("roles", at, "also_when"), ROLE_NAMES)
        self._tree()
        for at, duty in enumerate(self._catalogue.obligations):
            self._condition(duty.applies_when, ("obligations", at, "applies_when"), ROLE_NAMES)
            for number, actor in enumerate(duty.actor):
                if actor not in self._roles:
                    place = ("obligations", at, "actor", number)
                    self._note(place, f"`{actor}` is no role of this catalogue", "one of `roles`")

    def _bases(self) -> None:
        """What it extends is there, and is another one."""
        for at, name in enumerate(self._catalogue.extends):
            if name == self._catalogue.catalogue:
                self._note(("extends", at), "it extends itself", "name another catalogue")
            elif name not in self._found:
                right = "name one that comes along, or whose file's name comes before this one's"
                self._note(("extends", at), f"there is no catalogue `{name}`", right)

    def _tree(self) -> None:
        """The steps, the class and the exemption."""
        for at, step in enumerate(self._catalogue.steps):
            self._known(step.fact, ("steps", at, "fact"))
            if step.when:
                self._condition(step.when, ("steps", at, "when"), _OF_FACTS)
        if self._catalogue.class_fact:
            self._known(self._catalogue.class_fact, ("class_fact",))
        if self._catalogue.exempt_when:
            self._condition(self._catalogue.exempt_when, ("exempt_when",), ROLE_NAMES)

    def _fact(self, at: int, fact: FactSpec) -> list[str]:
        """The facts that this one rests on."""
        if fact.id in self._theirs:
            said = f"`{fact.id}` is a fact of {self._theirs[fact.id]}, which this one extends"
            self._note(("facts", at, "id"), said, "use it as it is, or ask another by its own id")
        if fact.only_asked and not fact.asked_when:
            said = f"`{fact.id}` is always asked: `only_asked` says nothing"
            self._note(("facts", at, "only_asked"), said, "write `asked_when`, or leave it away")
        if not fact.question.strip() and not fact.derived:
            self._note(("facts", at), f"`{fact.id}` is neither asked nor worked out",
                       "write `question`, or `derived`")  # fmt: skip
        if fact.kind == "choice" and not fact.choices:
            self._note(("facts", at), f"the choice `{fact.id}` has no `choices`", "value: meaning")
        names: list[str] = []
        for key in ("asked_when", "derived"):
            expression = getattr(fact, key)
            if expression:
                names += self._condition(expression, ("facts", at, key), _OF_FACTS)
        return names

    def _condition(self, expression: str, place: Place, beside: frozenset[str]) -> list[str]:
        if len(expression) > MOST_CHARACTERS or _LOOPS.search(expression):
            right = f"no all, exists, map, filter; at most {MOST_CHARACTERS} characters"
            self._note(place, "this is more than a condition of facts: a loop, or too long", right)
            return []
        try:
            names = Condition(expression).names
        except ValueError as error:
            self._note(place, f"this is no CEL condition: {error}", "facts, &&, ||, !, ==, in [ ]")
            return []
        for name in names:
            if name not in beside:
                self._known(name, place)
        return [name for name in names if name in self._facts]

    def _known(self, name: str, place: Place) -> None:
        if name not in self._facts:
            self._note(place, f"`{name}` is no fact of this catalogue", "add it to `facts`")

    def _twice(self) -> None:
        parts: Mapping[str, Iterable[str]] = {
            "facts": [one.id for one in self._catalogue.facts],
            "roles": [one.id for one in self._catalogue.roles],
            "obligations": [one.id for one in self._catalogue.obligations],
        }
        for key, ids in parts.items():
            seen: set[str] = set()
            for at, name in enumerate(ids):
                if name in seen:
                    self._note(
                        (key, at, "id"), f"`{name}` stands twice", "give it an id of its own"
                    )
                seen.add(name)

    def _circles(self, edges: Mapping[str, Sequence[str]]) -> None:
        """One circle of facts that rest on themselves; the next is seen once it is broken."""
        order = [one.id for one in self._catalogue.facts]
        try:
            TopologicalSorter(edges).prepare()
        except CycleError as error:
            circle = list(reversed(error.args[1]))
            at = min(order.index(name) for name in circle)
            said = " -> ".join(circle)
            self._note(("facts", at), f"these facts rest on each other: {said}", "ask one of them")

    def _note(self, place: Place, message: str, fix: str) -> None:
        self._document.fault(place, message, fix)
