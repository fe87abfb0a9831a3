"""What a detector may be told in a file: read, checked, refused with the right form.

Enters: the `options` of a rail or a rule. Leaves: values of the right type. Never happens here:
a silently ignored option; unknown names are faults.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from roadworthy.domain import Fault, ManifestError


def refuse(message: str, fix: str = "") -> ManifestError:
    """The error for one wrong option; the caller knows file and line and adds them."""
    return ManifestError([Fault(file="", line=0, message=message, fix=fix)])


class Options:
    """The options of one detector."""

    def __init__(self, detector: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
        self.detector = detector
        self._given = given
        names = sorted(known)
        for name in given:
            if name not in names:
                import difflib  # for who has mistyped only

                near = difflib.get_close_matches(str(name), names, n=1)
                hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(names)}"
                raise refuse(f"detector `{detector}` has no option `{name}`", hint)

    def has(self, name: str) -> bool:
        """Whether the option was given."""
        return name in self._given

    def any(self, name: str) -> Any:
        """The option as given, or None."""
        return self._given.get(name)

    def flag(self, name: str, default: bool) -> bool:
        """A boolean."""
        value = self._given.get(name, default)
        if not isinstance(value, bool):
            raise refuse(
                f"option `{name}` of `{self.detector}` is not true or false", "write true or false"
            )
        return value

    def text(self, name: str, default: str = "") -> str:
        """A string."""
        value = self._given.get(name, default)
        if not isinstance(value, str):
            raise refuse(f"option `{name}` of `{self.detector}` is not a text", "write a text")
        return value

    def texts(self, name: str) -> list[str]:
        """A list of strings; a single string counts as a list of one."""
        value = self._given.get(name, [])
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            message = f"option `{name}` of `{self.detector}` is not a list of texts"
            raise refuse(message, f"write `{name}: [first, second]`")
        return list(value)

    def chosen(self, name: str, known: Iterable[str]) -> list[str]:
        """A list of strings out of a closed set; all of the set when nothing was given."""
        allowed = list(known)
        given = self.texts(name)
        for item in given:
            if item not in allowed:
                message = f"option `{name}` of `{self.detector}` names `{item}`"
                raise refuse(message, f"known: {', '.join(allowed)}")
        return given or allowed

    def asset(self, name: str, assets: Mapping[str, Any]) -> Any:
        """A value given in place, or by the path of a side file."""
        value = self._given.get(name)
        if value is None:
            message = f"detector `{self.detector}` needs the option `{name}`"
            raise refuse(message, f"add `{name}:`")
        if not isinstance(value, str):
            return value
        if value not in assets:
            there = ", ".join(sorted(assets)) or "none"
            raise refuse(f"option `{name}`: there is no side file `{value}`", f"found: {there}")
        return assets[value]
