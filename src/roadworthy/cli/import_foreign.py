"""What `roadworthy import` shows of evidence that was made elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .terminal import emit, printable, say, table


def show_received(found: Any) -> None:
    """Print one piece: where from, what was checked, what it is worth."""
    from roadworthy.domain import TRUST_WORDS

    origin = found.origin
    tool = f"{origin.tool} {origin.version}".strip()
    say(printable(f"{tool}: {found.title} ({TRUST_WORDS[found.trust]})"))
    facts = {
        "id": found.id,
        "from": f"{origin.place} ({origin.form})",
        "made at": origin.exported_at,
        "by": found.by,
        "about": found.system,
        "digest": found.subject,
    }
    for name, value in facts.items():
        if value:
            say(printable(f"{name:>9}  {value}"))
    for name, value in found.facts.items():
        if isinstance(value, str | int) and value:
            say(printable(f"{name:>9}  {value}"))
        elif isinstance(value, list):
            for one in value[:_SHOWN]:
                say(printable(f"{name:>9}  {_in_line(one)}"))
            if len(value) > _SHOWN:
                say(f"{'':>9}  and {len(value) - _SHOWN} more")
        elif isinstance(value, dict):
            said = ", ".join(f"{key}={one}" for key, one in list(value.items())[:_SHOWN])
            say(printable(f"{name:>9}  {said}"))
    if found.figures:
        rows = [
            (printable(one.name), one.value, str(one.n or "-"), printable(one.what))
            for one in found.figures
        ]
        table(("figure", "value", "n", "which"), rows, title=TRUST_WORDS[found.trust])
    for one in found.checks:
        say(printable(f"{one.result:>12}: {one.what}{f' ({one.why})' if one.why else ''}"))
    for note in found.notes:
        say(printable(f"  note: {note}"), "yellow")


def show_taken(done: Sequence[Any], *, json: bool) -> None:
    """What was entered."""
    if json:
        emit({"received": [_as_json(one.received, one) for one in done]})
        return
    for one in done:
        show_received(one.received)
        kinds = ", ".join(one.entry.payload["kinds"])
        proves = f" as {kinds}" if kinds else ", proves no duty by itself (--kind KIND)"
        before = " (entered before)" if one.repeated else ""
        say(f"entry {one.entry.seq}: {one.entry.subject[:19]}…{proves}{before}")


def show_looked(found: Sequence[Any], *, json: bool) -> None:
    """What would be entered."""
    if json:
        emit({"received": [_as_json(one.received, None) for one in found]})
        return
    for one in found:
        show_received(one.received)


def received_rows(entries: Sequence[Any]) -> list[tuple[str, ...]]:
    """Of each entry: number, day, tool, title, what it is to prove, trust."""
    from roadworthy.domain import trust_in, trusted

    return [
        (
            str(one.seq), one.time[:10],
            printable(_tool(one.payload["origin"])),
            printable(one.payload["title"]), ", ".join(one.payload["kinds"]) or "-",
            printable(trusted(*trust_in(one))),
        )
        for one in entries
    ]  # fmt: skip


_SHOWN = 12
_WIDTH = 160


def _tool(origin: Any) -> str:
    return f"{origin['tool']} {origin['version']}".strip()


def _in_line(value: Any) -> str:
    if isinstance(value, dict):
        said = ", ".join(f"{key} {one}" for key, one in value.items() if one not in ("", [], None))
        return said if len(said) <= _WIDTH else f"{said[:_WIDTH]}…"
    return str(value)


def _as_json(found: Any, taken: Any) -> dict[str, Any]:
    from msgspec import to_builtins

    from roadworthy.domain import TRUST_WORDS

    told: dict[str, Any] = to_builtins(found)
    return {
        "entry": taken.entry.seq if taken else None,
        "entered_before": bool(taken and taken.repeated),
        "kinds": list(taken.entry.payload["kinds"]) if taken else [],
        "trust_in_words": TRUST_WORDS[found.trust],
        **told,
    }
