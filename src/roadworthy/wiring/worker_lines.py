"""One line to each worker of the gateway that runs: a connection stays with who accepted it.

Enters: a workspace, a request. Leaves: lines, one a worker. What never happens here: a line that is
drawn anew under way (another worker might accept it), a gateway believed to run for an old file.
"""

from __future__ import annotations

import fcntl
import http.client
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from roadworthy.domain import UndecidedError, UsageError
from roadworthy.flows.drills.lines import Said
from roadworthy.flows.load.load_requests import PATH, LoadRequest
from roadworthy.journal import read_states
from roadworthy.manifests import Workspace

PATIENCE_S = 60.0
"""How long one answer is waited for: the model may be slow."""
FINDING_S = 10.0
"""How long connections are opened until every worker has accepted one."""
_MOST = 256
_AT_ONCE = 4
KEY_S = 3.0
"""Within which every worker knows a key that was just made."""
_UNKNOWN_KEY = 401
_KEPT_PAUSE_S = 0.02


class WorkerLine:
    """A connection to one worker. Implements the `Line` of drills."""

    def __init__(self, address: str) -> None:
        """Raises OSError when nobody is there."""
        parts = urlsplit(address)
        self._http = http.client.HTTPConnection(
            parts.hostname or "", parts.port or 80, timeout=PATIENCE_S
        )
        self._http.connect()
        self._http.auto_open = 0  # a line that broke may not reach another worker unseen
        self.asked = 0
        self.worker = ""
        self._body = b""
        self._headers: dict[str, str] = {}

    def greet(self) -> str:
        """Who it is. Raises OSError or ValueError."""
        self.worker = str(self._ready().get("worker", ""))
        return self.worker

    def version(self) -> int:
        """The version of the routing table that the worker goes by. Raises ValueError."""
        stands = self._ready().get("table")
        if not isinstance(stands, dict):
            raise ValueError(f"{self.worker} does not say which table it goes by")
        return int(stands.get("version", 0))

    def prepare(self, request: LoadRequest, key: str) -> None:
        """What `ask` asks."""
        self._body = request.body
        self._headers = {
            **dict(request.headers),
            "content-type": "application/json",
            "authorization": f"Bearer {key}",
        }

    def ask(self) -> Said:
        """Ask it; what the worker says, errors too."""
        self.asked += 1
        status, headers, body = self._send("POST", PATH, self._body, self._headers)
        error = _json(body).get("error") or {}
        return Said(
            status=status,
            code=str(error.get("code") or ""),
            message=str(error.get("message") or ""),
            action=headers.get("x-roadworthy-action", ""),
            release=headers.get("x-roadworthy-release", ""),
            observation=headers.get("x-roadworthy-observation", ""),
        )

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def _ready(self) -> dict[str, Any]:
        return _json(self._send("GET", "/readyz", None, {})[2])

    def _send(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        try:
            self._http.request(method, path, body=body, headers=headers)
            answer = self._http.getresponse()
            return answer.status, answer.headers, answer.read()
        except http.client.HTTPException as error:
            raise OSError(f"the connection ended: {type(error).__name__}") from error


def _json(body: bytes) -> dict[str, Any]:
    with suppress(msgspec.DecodeError):
        said = msgspec.json.decode(body)
        if isinstance(said, dict):
            return said
    return {}


def running_gateway(workspace: Workspace, *, cannot: str = "nothing can be drilled") -> str:
    """Where the gateway of a workspace listens. Raises UndecidedError when none runs."""
    path = workspace.serving / "gateway.lock"
    if not _is_held(path):
        raise UndecidedError(
            f"no gateway serves {workspace.root}: {cannot}",
            fix="start it: roadworthy serve DIR",
        )
    said = path.read_text("ascii", "replace").partition(",")[0]
    parts = urlsplit(said)
    if parts.port is None:
        raise UndecidedError(f"{path} does not say where the gateway listens", fix="--url URL")
    here = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(parts.hostname or "", "")  # noqa: S104
    return f"http://{here}:{parts.port}" if here else said


def _is_held(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


@contextmanager
def lines_to_all(workspace: Workspace, url: str) -> Iterator[list[WorkerLine]]:
    """A line to every worker. Raises UndecidedError when one cannot be reached."""
    expected = {each.worker for each in read_states(workspace.workers) if _accepts(each.worker)}
    with ExitStack() as open_lines:
        try:
            found = _found(url, expected, open_lines)
        except (OSError, ValueError) as error:
            raise UndecidedError(
                f"nobody answers at {url}: {error}", fix="see whether roadworthy serve runs"
            ) from error
        missing = sorted(expected - found.keys())
        if missing or not expected:
            raise UndecidedError(
                f"not every worker could be asked: {', '.join(missing) or 'none is known'}",
                fix="drill again when it is calmer, or see whether a worker hangs",
            )
        yield [found[name] for name in sorted(found)]


def _accepts(worker: str) -> bool:
    """Whether it is one of the gateway's, by its name: others answer without a socket."""
    return worker[:1] == "w" and worker[1:].isdigit()


def _found(url: str, expected: set[str], open_lines: ExitStack) -> dict[str, WorkerLine]:
    """Connections are opened until each worker has accepted one; the others are closed."""
    found: dict[str, WorkerLine] = {}
    until = time.monotonic() + FINDING_S
    drawn = 0
    while drawn < _MOST and time.monotonic() < until:
        fresh = []
        for _ in range(_AT_ONCE):
            line = WorkerLine(url)
            open_lines.callback(line.close)
            fresh.append(line)
        drawn += len(fresh)
        for line in fresh:
            found.setdefault(line.greet(), line)
        if expected <= found.keys():
            break
    return {name: line for name, line in found.items() if _accepts(name)}


def answered_by_all(
    lines: Sequence[WorkerLine], requests: Sequence[LoadRequest], key: str, *, most: int = 5
) -> LoadRequest:
    """The first request that gets an ordinary answer, set on every line.

    Raises UndecidedError when none of the first few does, UsageError without requests.
    """
    if not requests:
        raise UsageError("there is no case to ask", fix="name a suite: --suite NAME")
    said: Said | None = None
    for request in requests[:most]:
        for line in lines:
            line.prepare(request, key)
        until = time.monotonic() + KEY_S
        said = lines[0].ask()
        while said.status == _UNKNOWN_KEY and time.monotonic() < until:
            time.sleep(_KEPT_PAUSE_S)
            said = lines[0].ask()
        if said.status == 200 and said.action == "answered":
            for line in lines[1:]:
                while line.ask().status == _UNKNOWN_KEY and time.monotonic() < until:
                    time.sleep(_KEPT_PAUSE_S)
            return request
    raise UndecidedError(
        f"no case gets an ordinary answer: {said.words if said else ''}",
        fix="see roadworthy status; or name a suite of ordinary questions: --suite NAME",
    )
