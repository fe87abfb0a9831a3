"""Cases of several turns and with tools: scripts, matchers, approvals, who plays the user."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from roadworthy.domain import MATCHERS, Case, Expect, SuiteFile, Trajectory, Turn

from .compiled import check_pattern, check_schema
from .document import Document, Path
from .reading import Reading
from .typed import build, suggest

_LISTS = ("$any_of", "$like")


def check_episodes(reading: Reading) -> None:
    """Note the faults of every case that takes more than one question."""
    tools = [tool.name for tool in reading.candidate.tools] if reading.candidate else []
    for file, cases in reading.case_files.items():
        document = reading.document(file)
        for case, line in zip(cases, document.order, strict=False):
            if case.turns:
                _check_turns(case, line, document)
            if case.expect.trajectory:
                _check_trajectory(case.expect.trajectory, tools, case, line, document)
            if case.tools or case.approvals:
                _check_tools(case, tools, line, document)
    _check_users(reading)
    _check_live(reading)


def _check_turns(case: Case, line: int, document: Document) -> None:
    """Either messages that went before, or a script; each entry of one form."""
    place = (line, "turns")
    before = ["role" in turn for turn in case.turns]
    if all(before):
        return
    if any(before):
        document.fault(
            place,
            f"the case `{case.id}` mixes messages that went before (`role`) with a script (`user`)",
            "put what went before into `input` as messages, and the script into `turns`",
        )
        return
    if case.simulate:
        document.fault(
            place,
            f"the case `{case.id}` has a script and a simulated user",
            "keep one of `turns` and `simulate`",
        )
    for index, said in enumerate(case.turns):
        turn = build(document, Turn, data=said, path=(*place, index))
        if index and not turn.user.strip() and document.sound((*place, index)):
            document.fault(
                (*place, index),
                f"turn {index + 1} of the case `{case.id}` says nothing",
                "write `user`; only the first entry may leave it out, for the answer to `input`",
            )
        _check_expect(turn.expect, (*place, index, "expect"), document)


def _check_expect(expect: Expect, place: Path, document: Document) -> None:
    """What a turn may expect is what can be looked at in the answer to it."""
    if expect.regex is not None:
        check_pattern(expect.regex, document, (*place, "regex"))
    if expect.absent is not None:
        check_pattern(expect.absent, document, (*place, "absent"))
    if expect.schema is not None:
        check_schema(expect.schema, document, (*place, "schema"))
    unread = [name for name in ("label", "rubric") if getattr(expect, name) is not None]
    unread += ["trajectory"] if expect.trajectory else []
    if unread:
        document.fault(
            (*place, unread[0]),
            f"nothing looks at `{unread[0]}` of a single turn",
            "write `text`, `regex`, `schema`, `absent` or `action`; the rest belongs to the case",
        )


def _check_trajectory(
    expected: Trajectory, tools: list[str], case: Case, line: int, document: Document
) -> None:
    place = (line, "expect", "trajectory")
    known = {*tools, *(tool.name for tool in case.tools or ())}
    for index, call in enumerate(expected.calls):
        if call.tool not in known:
            document.fault(
                (*place, "calls", index, "tool"),
                f"the case `{case.id}` expects a call of `{call.tool}`, which neither it nor the "
                "candidate has",
                suggest(call.tool, sorted(known), "there are"),
            )
        _check_matchers(call.arguments, (*place, "calls", index, "arguments"), document)
    _check_matchers(expected.state, (*place, "state"), document)
    if expected.ordered and not expected.calls:
        document.fault((*place, "ordered"), "`ordered` without `calls`", "name the calls")
    if expected == Trajectory():
        document.fault(place, f"the trajectory of `{case.id}` expects nothing", "remove it")


def _check_tools(case: Case, tools: list[str], line: int, document: Document) -> None:
    seen: set[str] = set()
    for index, tool in enumerate(case.tools or ()):
        place = (line, "tools", index)
        if tool.name in seen:
            document.fault(place, f"`{case.id}` has the tool `{tool.name}` twice", "join them")
        seen.add(tool.name)
        if tools and tool.name not in tools:
            document.fault(
                place,
                f"the case `{case.id}` has the tool `{tool.name}`, which is not on the candidate's "
                "list",
                suggest(tool.name, tools, "it may call"),
            )
        for at, result in enumerate(tool.results):
            _check_matchers(result.when, (*place, "results", at, "when"), document)
    for index, approval in enumerate(case.approvals or ()):
        place = (line, "approvals", index)
        if approval.tool not in {*seen, *tools}:
            document.fault(
                place,
                f"the case `{case.id}` approves `{approval.tool}`, which neither it nor the "
                "candidate has",
                suggest(approval.tool, sorted({*seen, *tools}), "there are"),
            )
        _check_matchers(approval.when, (*place, "when"), document)


def _check_matchers(matcher: Any, place: Path, document: Document) -> None:
    """Every `$` key inside is a matcher, stands alone and holds what it needs."""
    for key, inner, alone in _keys(matcher):
        if key not in MATCHERS or not alone:
            document.fault(
                place,
                f"`{key}` is no matcher" if key not in MATCHERS else f"`{key}` must stand alone",
                suggest(key, list(MATCHERS), "the matchers are"),
            )
        elif key in _LISTS and not isinstance(inner, list):
            document.fault(place, f"`{key}` needs a list", f'write {{"{key}": ["…"]}}')
        elif key == "$regex" and not isinstance(inner, str):
            document.fault(place, "`$regex` needs a text", "write an RE2 pattern")
        elif key == "$regex":
            check_pattern(inner, document, place)


def _keys(matcher: Any) -> Iterator[tuple[str, Any, bool]]:
    """Every `$` key with what it holds, and whether it is the only key there."""
    todo = [matcher]
    while todo:
        one = todo.pop()
        if isinstance(one, Mapping):
            for key, inner in one.items():
                if str(key).startswith("$"):
                    yield str(key), inner, len(one) == 1
                todo.append(inner)
        elif isinstance(one, list):
            todo.extend(one)


def _check_users(reading: Reading) -> None:
    for loaded in reading.suites:
        suite: SuiteFile = loaded.file
        document = reading.document(loaded.path)
        plays = [case.id for case in loaded.cases if case.simulate]
        if plays and not suite.user:
            document.fault(
                (),
                f"{len(plays)} of its cases have a simulated user (first `{plays[0]}`) that "
                "nothing plays",
                "name a model under `user`, as in candidate.yaml",
                line=1,
            )
        elif suite.user and not (suite.user.digest or suite.user.version):
            document.fault(
                ("user",),
                f"the model `{suite.user.name}` that plays users is not pinned",
                "write its `digest`, or the `version` that its provider gives it",
            )


def _check_live(reading: Reading) -> None:
    if reading.candidate is None:
        return
    document = reading.document(reading.candidate_file)
    for index, tool in enumerate(reading.candidate.tools):
        place = ("tools", index, "live")
        if not tool.live or not document.sound(place):
            continue
        target = reading.folder.reach(tool.live.file, document, (*place, "file"))
        if target is not None:
            reading.folder.digest(target)
            found = reading.folder.files.get(target, "")
            if found and found != tool.live.digest:
                document.fault(
                    (*place, "digest"),
                    f"`{target}` is not the pinned source of `{tool.name}`",
                    f"read it, then write `digest: {found}`",
                )
        if not tool.live.trusted:
            document.fault(
                (*place, "trusted"),
                f"`{tool.live.file}` would run with all rights of this process",
                "write `trusted: true` when it may, or record results in the cases",
            )
