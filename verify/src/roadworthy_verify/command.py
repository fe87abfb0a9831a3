"""The `roadworthy-verify` command: a path in, a verdict out, nothing written, nobody called.

Exit codes: 0 verified; 1 the path or an option is wrong; 2 it could not be read; 3 judged and
refused (or expired); 4 unsigned, an unknown key, or no checkpoint to compare with; 5 tampered.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .checkpoint import CheckpointError
from .path import read_text, verify_path
from .report import EXIT_CODES, sentences
from .trust import TrustError

USER = 1


def main() -> None:
    """Verify what the command line names; ends the process with a code of the table above."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Verify, print, and return the exit code.

    What cannot be printed is 2, unless the verdict is worse: tampered stays 5.
    """
    options = _parser().parse_args(arguments)
    try:
        report = verify_path(
            options.path,
            trust=options.trust,
            checkpoint=options.checkpoint,
            at=options.at,
            text=read_text(options.text) if options.text else None,
        )
    except (TrustError, CheckpointError) as error:
        if options.json:
            said = json.dumps({"ok": False, "state": "usage", "fault": str(error)}, indent=2)
            return _print(said, USER)
        print(f"roadworthy-verify: {error}", file=sys.stderr)
        return USER
    if options.json:
        said = json.dumps(report.to_json(), indent=2, ensure_ascii=False)
    else:
        said = "\n".join(sentences(report))
    return _print(said, report.exit_code)


def _print(text: str, code: int) -> int:
    """Print, and return the code; a reader who went away has seen enough."""
    try:
        if sys.stdout is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        print(text, flush=True)
    except BrokenPipeError:
        _discard_the_rest()
    except OSError as error:
        _discard_the_rest()
        what = f"the verdict (exit code {code}) cannot be printed: {error.strerror}"
        with contextlib.suppress(OSError):
            print(f"roadworthy-verify: {what}", file=sys.stderr)
        return code if code == EXIT_CODES["tampered"] else EXIT_CODES["unreadable"]
    return code


def _discard_the_rest() -> None:
    """Nothing may try again to write what was buffered when the process ends."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="roadworthy-verify",
        description="Verify a Roadworthy ledger, release, bundle, dossier or proof offline.",
        epilog="Exit codes: 0 verified, 1 wrong input, 2 unreadable, 3 refused or expired, "
        "4 unsigned or unknown key, 5 tampered.",
    )
    what = "ledger, workspace, bundle, dossier or proof"
    parser.add_argument("path", type=Path, metavar="PATH", help=what)
    parser.add_argument("--trust", type=Path, metavar="FILE", help="the keys that you trust")
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="a checkpoint or release that you kept"
    )
    parser.add_argument(
        "--text", type=Path, metavar="FILE", help="a text or file: is it what was answered?"
    )
    parser.add_argument("--at", metavar="INSTANT", help="verify as of 2026-11-21T22:55:52.000000Z")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser
