"""Findings of analysers as SARIF 2.1.0: whose, how many, how grave."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct, field

from roadworthy.domain import ToldFigure

from .source import Source, clean, decode

VERSION = "2.1.0"
_LEVELS = ("error", "warning", "note", "none")


class _Driver(Struct):
    name: str
    version: str | None = None
    semantic: str | None = field(name="semanticVersion", default=None)


class _Tool(Struct):
    driver: _Driver


class _Result(Struct):
    level: str = "warning"
    kind: str = "fail"


class _Run(Struct):
    tool: _Tool
    results: list[_Result] | None = None


class _Log(Struct):
    version: str
    runs: list[_Run]


class Findings(Struct, kw_only=True):
    """What a file holds."""

    tools: tuple[str, ...]
    levels: dict[str, int]


def is_sarif(head: bytes) -> bool:
    """Whether a file begins as one: it names its schema."""
    return b"/sarif-" in head and b'"$schema"' in head


def read_sarif(source: Source) -> Findings:
    """What it holds. Raises UsageError on another version, or a level that is none."""
    log = decode(source.whole(), _Log, str(source.path))
    if log.version != VERSION:
        raise source.fault(f"SARIF {clean(log.version)}: version {VERSION} is read")
    levels: Counter[str] = Counter()
    for run in log.runs:
        for result in run.results or ():
            if result.level not in _LEVELS:
                raise source.fault(f"a result has the level {clean(result.level)!r}")
            levels[result.level if result.kind == "fail" else "none"] += 1
    tools = tuple(
        f"{clean(run.tool.driver.name)} "
        f"{clean(run.tool.driver.version or run.tool.driver.semantic or '')}".strip()
        for run in log.runs
    )
    return Findings(tools=tools, levels=dict(levels))


def figures_of(found: Findings) -> list[ToldFigure]:
    """How many of each level."""
    total = sum(found.levels.values())
    return [
        ToldFigure(name=f"findings: {level}", value=str(found.levels.get(level, 0)), n=total)
        for level in _LEVELS[:3]
    ]
