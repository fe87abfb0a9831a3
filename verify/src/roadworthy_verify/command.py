"""The `roadworthy-verify` command: a path in, a verdict out, nothing written, nobody called.

Exit codes: 0 verified; 1 the path or an option is wrong; 2 it could not be read; 3 judged and
refused (or expired); 4 unsigned, an unknown key, or no checkpoint to compare with; 5 tampered.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from .checkpoint import CheckpointError
from .path import verify_path
from .report import Report
from .trust import TrustError

USER = 1


def main() -> None:
    """Verify what the command line names; ends the process with a code of the table above."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Verify, print, and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        report = verify_path(
            options.path, trust=options.trust, checkpoint=options.checkpoint, at=options.at
        )
    except (TrustError, CheckpointError) as error:
        if options.json:
            print(json.dumps({"ok": False, "state": "usage", "fault": str(error)}, indent=2))
        else:
            print(f"roadworthy-verify: {error}", file=sys.stderr)
        return USER
    if options.json:
        print(json.dumps(report.to_json(), indent=2, ensure_ascii=False))
    else:
        print("\n".join(sentences(report)))
    return report.exit_code


def sentences(report: Report) -> list[str]:
    """The report for people: what was found, then the verdict."""
    verdict = "VERIFIED" if report.ok else report.state.upper().replace("_", " ")
    if (
        report.ok
        and report.details["kind"] == "bundle"
        and report.details["trust_from"] == "beside"
    ):
        verdict += ", but only against keys that nobody gave: they lay around the bundle"
    lines = [line for line in report.lines if line != report.fault]
    return [*lines, f"{verdict}: {report.fault}" if report.fault else verdict]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="roadworthy-verify",
        description="Verify a Roadworthy ledger, release or bundle offline.",
        epilog="Exit codes: 0 verified, 1 wrong input, 2 unreadable, 3 refused or expired, "
        "4 unsigned or unknown key, 5 tampered.",
    )
    parser.add_argument("path", type=Path, metavar="PATH", help="ledger, workspace or bundle")
    parser.add_argument("--trust", type=Path, metavar="FILE", help="the keys that you trust")
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="a checkpoint that you kept earlier"
    )
    parser.add_argument("--at", metavar="INSTANT", help="verify as of 2026-11-21T22:55:52.000000Z")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser
