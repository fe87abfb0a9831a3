"""Runs a tool of others as a process of its own: bounded in time, ended with all that it started.

Enters: an interpreter, arguments, an environment. Leaves: nothing but its files; or why it did not
end well. What never happens here: a shell, a wait without an end, or a secret of this process in
its environment.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from roadworthy.domain import EvidenceError, UsageError

HANDED_ON = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "VIRTUAL_ENV", "NLTK_DATA",
    "HF_HOME", "HF_HUB_CACHE", "HF_DATASETS_CACHE", "HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE",
    "TRANSFORMERS_OFFLINE", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
    "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy",
)  # fmt: skip
"""Of this process's environment. Keys of models are not among them: a tool asks the candidate."""

_PATIENCE_S = 5
_ASKED_S = 60
_TAIL = 2_000

_VERSION = "import sys, importlib.metadata as m; sys.stdout.write(m.version(sys.argv[1]))"


def environment(own: Mapping[str, str], passed: Sequence[str]) -> dict[str, str]:
    """The environment of a tool. `passed`: names of more variables. Raises UsageError."""
    missing = [name for name in passed if name not in os.environ]
    if missing:
        raise UsageError(f"the variable {missing[0]} is not set", fix=f"export {missing[0]}=…")
    kept = {name: os.environ[name] for name in (*HANDED_ON, *passed) if name in os.environ}
    local = "127.0.0.1,localhost"
    return {
        **kept,
        "NO_PROXY": local,
        "no_proxy": local,
        "PYTHONSAFEPATH": "1",
        "PYTHONUTF8": "1",
        "DO_NOT_TRACK": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        **own,
    }


async def installed(python: str, package: str) -> str:
    """The version of a package in an interpreter's environment; empty where there is none.

    Raises UsageError when there is no such interpreter, or it does not answer.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            python, "-c", _VERSION, package,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise UsageError(
            f"{python} cannot be started: {error.strerror or error}",
            fix="--python PATH: the interpreter of the environment that has the tool",
        ) from None
    try:
        said, _ = await asyncio.wait_for(process.communicate(), _ASKED_S)
    except TimeoutError:
        raise UsageError(f"{python} did not answer in {_ASKED_S} s") from None
    finally:
        await _end(process)
    return said.decode("utf-8", "replace").strip() if process.returncode == 0 else ""


async def run(
    command: Sequence[str], own: Mapping[str, str], *, folder: Path, log: Path, seconds: float
) -> None:
    """Run to its end in a folder, what it prints into `log`. Raises EvidenceError on a bad end.

    `own`: its whole environment.
    """
    with log.open("wb") as said:
        try:
            process = await asyncio.create_subprocess_exec(
                *command, env=dict(own), cwd=folder, stdin=asyncio.subprocess.DEVNULL,
                stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise EvidenceError(f"{command[0]} cannot be started: {error}") from error
        try:
            code = await asyncio.wait_for(process.wait(), seconds)
        except TimeoutError:
            raise EvidenceError(
                f"it did not end within {seconds:g} s and was stopped", fix="--timeout SECONDS"
            ) from None
        finally:
            await _end(process)
    if code:
        why = f"exit code {code}" if code > 0 else f"signal {-code}"
        raise EvidenceError(f"it ended with {why}: {tail(log)}", fix=f"all it printed: {log}")


async def _end(process: asyncio.subprocess.Process) -> None:
    """Stop it and all of its group: first with a word, then without."""
    group = process.pid
    if process.returncode is None:
        _signal(group, signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _PATIENCE_S)
    _signal(group, signal.SIGKILL)  # children that it left behind are in its group
    await process.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def tail(log: Path) -> str:
    """The end of what a tool printed, in one line."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL))
        lines = [each for each in file.read().decode("utf-8", "replace").splitlines() if each]
    shown = " ".join(" ".join(lines[-3:]).split())
    return shown[-500:] or "it printed nothing"
