"""Verbs are imported when they are called; errors become clear messages and exit codes.

The list of verbs is printed from a table, so `roadworthy --help` imports neither typer nor any
verb; every verb's own help, options and arguments are typer's.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from .output import STOPPED, Output, complain, printable

Verbs = Mapping[str, tuple[str, str]]

TRACEBACK = "ROADWORTHY_TRACEBACK"
"""Environment variable: set, an error that nobody foresaw shows its traceback."""

_INTRODUCTION = """\
Usage: roadworthy VERB [OPTIONS] [ARGUMENTS]

Inspect, sign, drive, stop, recall and document a generative-AI system.
"""


def overview(verbs: Verbs) -> str:
    """The text of `roadworthy --help`."""
    width = max((len(verb) for verb in verbs), default=0)
    lines = [f"  {verb:<{width}}  {summary}" for verb, (_, summary) in verbs.items()]
    tail = [
        "",
        "  roadworthy VERB --help says more.",
        "",
        "Exit codes: 0 done or PASS, 1 your input, 2 could not do it, 3 refused,",
        "            4 not decided, 5 integrity broken; 130 stopped with ^C.",
    ]
    return "\n".join([_INTRODUCTION, "Verbs, along the loop:", *lines, *tail]) + "\n"


def run(verbs: Verbs, arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code.

    What cannot be printed is never a success: 2, or 5 where integrity was broken.
    """
    with Output() as output:
        output.code = _run(verbs, arguments)
    return output.code


def _run(verbs: Verbs, arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] in ("--help", "-h", "help"):
        sys.stdout.write(overview(verbs))
        return 0
    if arguments[0] == "--version":
        from roadworthy import __version__

        sys.stdout.write(f"roadworthy {__version__}\n")
        return 0
    verb, rest = arguments[0], list(arguments[1:])
    if verb not in verbs:
        return _unknown(verb, verbs, wants_json="--json" in rest)
    return _call(verb, verbs[verb], rest)


def _unknown(verb: str, verbs: Verbs, *, wants_json: bool) -> int:
    import difflib

    near = difflib.get_close_matches(verb, verbs, n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    message, fix = f"there is no verb {verb!r}", f"{meant}see roadworthy --help"
    if wants_json:
        from .terminal import emit

        emit({"error": message, "fix": fix})
    else:
        complain(f"roadworthy: {message}\n    {fix}")
    return 1


def _call(verb: str, entry: tuple[str, str], arguments: list[str]) -> int:
    """Import the verb's module, run it, and turn what it raises into words and a code."""
    import typer

    module_name, summary = entry
    wants_json = "--json" in arguments
    try:
        module = importlib.import_module(module_name)
        app = getattr(module, "app", None)
        if app is None:
            app = typer.Typer(rich_markup_mode=None, add_completion=False)
            app.command(help=module.command.__doc__ or summary)(module.command)
        app.pretty_exceptions_enable = False
        result = app(args=arguments, prog_name=f"roadworthy {verb}", standalone_mode=False)
        code = int(result) if isinstance(result, int) else 0
        return stopped() if code == STOPPED else code
    except typer.Exit as stop:
        return int(stop.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        return stopped()
    except typer.TyperException as error:
        return _report_usage(error, wants_json=wants_json)
    except Exception as error:
        return _report(error, wants_json=wants_json)


def stopped() -> int:
    """Somebody pressed ^C: the shell's own exit code for that."""
    complain("stopped; the same command goes on where it was")
    return STOPPED


def _report_usage(error: Any, *, wants_json: bool) -> int:
    if wants_json:
        from .terminal import emit

        emit({"error": error.format_message(), "fix": "see --help"})
    else:
        with suppress(OSError):
            error.show(sys.stderr)
    return 1


def _report(error: Exception, *, wants_json: bool) -> int:
    """Turn an error into words and a code. A bug of ours says that it is one."""
    from roadworthy.domain import ManifestError, RoadworthyError

    from .exits import exit_of

    if not isinstance(error, RoadworthyError):
        return report_unforeseen(error, wants_json=wants_json)
    if wants_json:
        _report_json(error)
        return int(exit_of(error))
    if isinstance(error, ManifestError):
        for fault in error.faults:
            complain(printable(f"{fault.place}: {fault.message}"))
            if fault.fix:
                complain(printable(f"    {fault.fix}"))
    else:
        complain(f"roadworthy: {error.message}")
        if error.fix:
            complain(f"    {error.fix}")
    return int(exit_of(error))


def report_unforeseen(error: Exception, *, wants_json: bool = False) -> int:
    """The disk, the network or a bug: one line, the traceback only when asked for; the code."""
    import traceback

    what = f"{type(error).__name__}: {error}"
    if isinstance(error, OSError):
        message, fix = what, _what_helps(error)
    else:
        message = f"an error that nobody foresaw: {what}"
        fix = f"{TRACEBACK}=1 shows where; please report it"
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    if wants_json:
        from .terminal import emit

        emit({"error": message, "fix": fix})
    else:
        complain(f"roadworthy: {message}\n    {fix}")
    return 2


def _what_helps(error: OSError) -> str:
    import errno

    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "free some space on that disk, then run the same command again"
    if error.filename:
        return f"see to {error.filename}, then try again"
    return "see to the disk or the address that it was about, then try again"


def _report_json(error: Any) -> None:
    from roadworthy.domain import ManifestError

    from .terminal import emit

    if isinstance(error, ManifestError):
        keys = ("file", "line", "message", "fix")
        emit({"errors": [{key: getattr(fault, key) for key in keys} for fault in error.faults]})
    else:
        emit({"error": error.message, "fix": error.fix})
