"""Plain values to domain structs, with every fault at once.

msgspec stops at its first error; a person who writes files wants all of them. So this walks the
values beside the struct's types, notes each fault with its line, puts a harmless placeholder
where a value is missing or wrong, and goes on. What it accepts is what msgspec in strict mode
accepts (property-tested). Never here: coercion of text to numbers or of numbers to text.
"""

from __future__ import annotations

import math
import types
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo, fields

from .document import Document, Path

T = TypeVar("T", bound=msgspec.Struct)

_FIELDS: dict[type, tuple[FieldInfo, ...]] = {}
_NAMES = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}


def build(document: Document, kind: type[T], *, data: Any = None, path: Path = ()) -> T:
    """The struct of a document; faults are noted in it and placeholders fill the gaps."""
    value = document.data if data is None else data
    built = _struct(value, kind, path, document)
    assert isinstance(built, kind)
    return built


def _fields(kind: type) -> tuple[FieldInfo, ...]:
    """A struct's fields, their types resolved once."""
    if kind not in _FIELDS:
        _FIELDS[kind] = fields(kind)
    return _FIELDS[kind]


def _convert(value: Any, wanted: Any, path: Path, document: Document) -> Any:
    """The value as `wanted`, or a placeholder after a fault."""
    origin = get_origin(wanted)
    if origin is Annotated:
        inner, *notes = get_args(wanted)
        converted = _convert(value, inner, path, document)
        _check_bounds(converted, notes, path, document)
        return converted
    if wanted is Any:
        return _any(value, path, document)
    if origin in (Union, types.UnionType):
        return _union(value, wanted, path, document)
    if origin is Literal:
        return _literal(value, get_args(wanted), path, document)
    if origin in (list, tuple):
        return _list(value, get_args(wanted)[0], path, document)
    if origin is dict:
        return _dict(value, wanted, path, document)
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        return _struct(value, wanted, path, document)
    return _scalar(value, wanted, path, document)


def _struct(value: Any, kind: type, path: Path, document: Document) -> Any:
    known = {one.encode_name: one for one in _fields(kind)}
    if not isinstance(value, dict):
        _note_no_mapping(value, known, path, document)
        return _placeholder(kind)
    meant = {_note_unknown(key, known, path, document) for key in value if key not in known}
    filled: dict[str, Any] = {}
    for name, one in known.items():
        if name in value:
            item = value[name]
            # `key:` with nothing behind it is how people leave an optional key open.
            if item is None and not one.required and not _allows_none(one.type):
                continue
            filled[one.name] = _convert(item, one.type, (*path, name), document)
        elif one.required:
            filled[one.name] = _placeholder(one.type)
            # One mistake, one fault: the key is there, only misspelt.
            if name in meant:
                document.faulty.add((*path, name))
                continue
            where = f" in `{document.spell(path)}`" if document.spell(path) else ""
            document.fault((*path, name), f"`{name}` is missing{where}", _how(name, one.type))
    return kind(**filled)


def _note_no_mapping(
    value: Any, known: dict[str, FieldInfo], path: Path, document: Document
) -> None:
    spelt = document.spell(path)
    names = [name for name, one in known.items() if one.required] or list(known)[:4]
    document.fault(
        path,
        f"{f'`{spelt}`' if spelt else 'the file'} must be a mapping, "
        f"but is {'empty' if value is None else found_in(value)}",
        "write keys such as " + ", ".join(f"`{name}`" for name in names),
    )


def _note_unknown(key: str, known: dict[str, FieldInfo], path: Path, document: Document) -> str:
    """Note an unknown key; returns the key that was probably meant, or empty."""
    where = f" in `{document.spell(path)}`" if document.spell(path) else ""
    fix = suggest(key, list(known), "the keys are")
    document.fault((*path, key), f"`{key}` is no key{where}", fix)
    return fix.partition("`")[2].partition("`")[0] if fix.startswith("did you mean") else ""


def suggest(word: str, known: list[str], otherwise: str) -> str:
    """`did you mean …?` for the nearest known word, else a list of all of them."""
    import difflib

    near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    if not known:
        return "there are none yet"
    return f"{otherwise} " + ", ".join(f"`{one}`" for one in known[:30])


def _check_bounds(value: Any, notes: list[Any], path: Path, document: Document) -> None:
    """Note a number outside of its range. NaN is outside of every range."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not document.sound(path):
        return
    for note in notes:
        if not isinstance(note, msgspec.Meta):
            continue
        low, high = note.ge, note.le
        above = note.gt
        if (
            (low is not None and not value >= low)
            or (above is not None and not value > above)
            or (high is not None and not value <= high)
        ):
            span = f"from {low:g}" if low is not None else ""
            span += f"above {above:g}," if above is not None else ""
            span += f" to {high:g}" if high is not None else " up"
            document.fault(
                path,
                f"`{document.spell(path)}` is {value:g}, out of range",
                f"write a number {span}",
            )


def _note_infinite(path: Path, document: Document) -> float:
    name = document.spell(path)
    document.fault(path, f"`{name}` is not a finite number", "write a finite number")
    return 0.0


def _any(value: Any, path: Path, document: Document) -> Any:
    """Any JSON value; NaN and infinities cannot be digested."""
    if isinstance(value, float) and not math.isfinite(value):
        document.fault(
            path, f"`{document.spell(path)}` is not a finite number", "write a finite number"
        )
        return 0.0
    if isinstance(value, dict):
        for key, item in value.items():
            if not key.isascii():
                document.fault(
                    (*path, key), f"the key `{key}` is not ASCII", "use plain letters in keys"
                )
            _any(item, (*path, key), document)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _any(item, (*path, index), document)
    return value


def _union(value: Any, wanted: Any, path: Path, document: Document) -> Any:
    """The member of the union that the value's own type points at."""
    members = _members(wanted)
    if value is None and type(None) in members:
        return None
    fitting = [one for one in members if one is not type(None) and _points_at(value, one)]
    if fitting:
        return _convert(value, fitting[0], path, document)
    others = [one for one in members if one is not type(None)]
    if len(others) == 1:
        return _convert(value, others[0], path, document)
    document.fault(
        path,
        f"`{document.spell(path)}` must be {_say(wanted)}, but is {found_in(value)}",
        f"write {_say(wanted)}",
    )
    return _placeholder(wanted)


def _members(wanted: Any) -> tuple[Any, ...]:
    """What a union allows a file to say. A key that may be left out is no value of its own."""
    return tuple(one for one in get_args(wanted) if one is not msgspec.UnsetType)


def _points_at(value: Any, wanted: Any) -> bool:
    """Whether a value's own type makes this the member that was meant."""
    origin = get_origin(wanted)
    if origin is Annotated:
        return _points_at(value, get_args(wanted)[0])
    if origin is Literal:
        return isinstance(value, str) and isinstance(get_args(wanted)[0], str)
    if isinstance(value, dict):
        return origin is dict or (isinstance(wanted, type) and issubclass(wanted, msgspec.Struct))
    if isinstance(value, list):
        return origin in (list, tuple)
    if isinstance(value, bool):
        return wanted is bool
    if isinstance(value, int | float):
        return wanted in (int, float)
    return isinstance(value, str) and wanted is str


def _literal(value: Any, allowed: tuple[Any, ...], path: Path, document: Document) -> Any:
    if value in allowed and isinstance(value, type(allowed[0])):
        return value
    shown = f"`{value}`" if isinstance(value, str) else found_in(value)
    words = [str(one) for one in allowed]
    hint = suggest(value, words, "write one of") if isinstance(value, str) else ""
    choices = ", ".join(f"`{word}`" for word in words)
    document.fault(
        path,
        f"`{document.spell(path)}` cannot be {shown}",
        f"{hint} (one of {choices})" if hint.startswith("did") else f"write one of {choices}",
    )
    return allowed[0]


def _list(value: Any, wanted: Any, path: Path, document: Document) -> list[Any]:
    if not isinstance(value, list):
        document.fault(
            path,
            f"`{document.spell(path)}` must be a list, but is {found_in(value)}",
            "write each item on a line of its own that starts with `- `",
        )
        return []
    return [_convert(item, wanted, (*path, index), document) for index, item in enumerate(value)]


def _dict(value: Any, wanted: Any, path: Path, document: Document) -> dict[Any, Any]:
    if not isinstance(value, dict):
        document.fault(
            path,
            f"`{document.spell(path)}` must be a mapping, but is {found_in(value)}",
            "write `key: value` lines",
        )
        return {}
    keys, items = get_args(wanted)
    filled: dict[Any, Any] = {}
    for key, item in value.items():
        if get_origin(keys) is Literal and key not in get_args(keys):
            words = [str(one) for one in get_args(keys)]
            document.fault(
                (*path, key),
                f"`{key}` is no key in `{document.spell(path)}`",
                suggest(key, words, "the keys are"),
            )
        elif not key.isascii():
            document.fault(
                (*path, key), f"the key `{key}` is not ASCII", "use plain letters in keys"
            )
        else:
            filled[key] = _convert(item, items, (*path, key), document)
    return filled


def _scalar(value: Any, wanted: Any, path: Path, document: Document) -> Any:
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            value = math.inf
    if isinstance(value, float) and wanted is float and not math.isfinite(value):
        document.fault(
            path, f"`{document.spell(path)}` is not a finite number", "write a finite number"
        )
        return 0.0
    if wanted is int and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) < 2**63:
            return value
        document.fault(path, f"`{document.spell(path)}` is too large", "write a smaller number")
        return 0
    if isinstance(value, wanted) and not (isinstance(value, bool) and wanted is not bool):
        return value
    name, said = document.spell(path), _NAMES.get(wanted, "a value")
    document.fault(
        path,
        f"`{name}` must be {said}, but is {found_in(value)}",
        _right_scalar(value, wanted, path),
    )
    return _placeholder(wanted)


def _right_scalar(value: Any, wanted: Any, path: Path) -> str:
    name = path[-1] if path and isinstance(path[-1], str) else ""
    lead = f"{name}: " if name else ""
    if wanted is str and isinstance(value, int | float):
        word = str(value).lower() if isinstance(value, bool) else str(value)
        return f'put it in quotes: `{lead}"{word}"`'
    if wanted in (int, float) and isinstance(value, str):
        return f"write a number without quotes, such as `{lead}1`"
    if wanted is bool:
        return f"write `{lead}true` or `{lead}false`"
    return f"write {_NAMES.get(wanted, 'a value')}"


def found_in(value: Any) -> str:
    """What was found, in words."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, int | float):
        text = repr(value)
        return f"the number {text if len(text) < 40 else text[:37] + '...'}"
    if isinstance(value, str):
        short = value if len(value) <= 40 else value[:37] + "..."
        return f"the text `{' '.join(short.split())}`"
    return "a list" if isinstance(value, list) else "a mapping"


def _say(wanted: Any) -> str:
    """A type in words."""
    origin = get_origin(wanted)
    if origin is Annotated:
        return _say(get_args(wanted)[0])
    if origin in (Union, types.UnionType):
        words = [_say(one) for one in _members(wanted) if one is not type(None)]
        return " or ".join(dict.fromkeys(words))
    if origin is Literal:
        return " or ".join(f"`{one}`" for one in get_args(wanted))
    if origin in (list, tuple):
        return "a list"
    if origin is dict or (isinstance(wanted, type) and issubclass(wanted, msgspec.Struct)):
        return "a mapping"
    return _NAMES.get(wanted, "a value")


def _how(name: str, wanted: Any) -> str:
    said = _say(wanted)
    return f"add `{name}:` with {said}"


def _allows_none(wanted: Any) -> bool:
    if get_origin(wanted) is Annotated:
        return _allows_none(get_args(wanted)[0])
    return wanted is Any or type(None) in get_args(wanted)


def _placeholder(wanted: Any) -> Any:
    """A harmless value of the type, so that the rest of the file can still be checked."""
    origin = get_origin(wanted)
    if origin is Annotated:
        return _placeholder(get_args(wanted)[0])
    if origin is Literal:
        return get_args(wanted)[0]
    if origin in (Union, types.UnionType):
        members = _members(wanted)
        return None if type(None) in members else _placeholder(members[0])
    if origin is list:
        return []
    if origin is dict:
        return {}
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        return wanted(
            **{one.name: _placeholder(one.type) for one in _fields(wanted) if one.required}
        )
    return {str: "", int: 0, float: 0.0, bool: False}.get(wanted)
