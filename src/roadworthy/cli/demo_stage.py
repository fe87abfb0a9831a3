"""What the demo plays on: it runs the real commands and asks the real gateway, and shows both.

Every command runs in a process of its own, as it would from a shell. A command that ends with
another exit code than the story says stops the demo: nothing is played over.
"""

from __future__ import annotations

import http.client
import json
import os
import select
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from roadworthy.domain import EvidenceError, RoadworthyError

from .terminal import say

READY_S = 120.0
"""The longest that the gateway may take to load its model."""


class Answer(NamedTuple):
    """What the gateway said to one request."""

    status: int
    body: dict[str, Any]
    release: str = ""
    """Who answered, by the header that says so."""

    @property
    def action(self) -> str:
        """What became of it: answered, pending, blocked; empty of an error."""
        return str(self.body.get("roadworthy", {}).get("action", ""))

    @property
    def code(self) -> str:
        """The error, in a word; empty where there is none."""
        return str(self.body.get("error", {}).get("code", ""))


class Stage:
    """One folder with a copy of the example, named as its system is, and at most one gateway."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._serving: subprocess.Popen[str] | None = None
        self._port = 0
        self._started = time.monotonic()

    def act(self, title: str) -> None:
        """Begin an act."""
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        say()
        say(f"{title}   [{minutes}:{seconds:02d}]", "cyan")

    def tell(self, text: str) -> None:
        """Say something in plain words."""
        for paragraph in textwrap.dedent(text).strip().split("\n\n"):
            say(textwrap.fill(" ".join(paragraph.split()), width=96))

    def next(self, text: str) -> None:
        """Say at the end of an act what the next one is."""
        say()
        say(f"Next: {text}", "cyan")

    def run(self, *arguments: str, ends: int = 0, shown: int = 60) -> str:
        """Run a verb and show its output; `ends` is the exit code that the story needs."""
        say(f"  $ roadworthy {' '.join(arguments)}", "green")
        done = subprocess.run(
            [*_PROGRAM, *arguments],
            cwd=self.root.parent,
            env=_environment(),
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        lines = done.stdout.rstrip().splitlines()
        for line in lines[:shown]:
            say(f"    {line}".rstrip())
        if len(lines) > shown:
            say(f"    … {len(lines) - shown} more lines")
        if done.returncode != ends:
            raise EvidenceError(
                f"`roadworthy {' '.join(arguments)}` ended with {done.returncode}, not {ends}: "
                "the story does not hold on this machine",
                fix="the output above says why; please report it",
            )
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """Run a verb for its JSON, quietly."""
        done = subprocess.run(
            [*_PROGRAM, *arguments, "--json"],
            cwd=self.root.parent,
            env=_environment(),
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        try:
            found = json.loads(done.stdout)
        except ValueError:
            raise EvidenceError(f"`roadworthy {' '.join(arguments)}` gave no JSON") from None
        if done.returncode and isinstance(found, dict) and "error" in found:
            raise EvidenceError(f"`roadworthy {' '.join(arguments)}`: {found['error']}")
        return found

    def serve(self, directory: str, *, workers: int) -> None:
        """Start the gateway and wait until it says that it is ready."""
        self._port = _free_port()
        arguments = ["serve", directory, "--port", str(self._port), "--workers", str(workers)]
        say(f"  $ roadworthy {' '.join(arguments)} &", "green")
        self._serving = subprocess.Popen(
            [*_PROGRAM, *arguments],
            cwd=self.root.parent,
            env=_environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._serving.stdout is not None
        ready, _, _ = select.select([self._serving.stdout], [], [], READY_S)
        line = self._serving.stdout.readline().rstrip() if ready else ""
        if not line.startswith("ready:"):
            raise EvidenceError(f"the gateway did not start: {line or 'it said nothing'}")
        say(f"    {line}")

    def close(self) -> None:
        """Stop the gateway, if there is one, whatever it is doing."""
        serving, self._serving = self._serving, None
        if serving is None:
            return
        serving.terminate()
        try:
            serving.wait(timeout=30)
        except subprocess.TimeoutExpired:
            serving.kill()  # its workers end with it
            serving.wait()
        if serving.stdout is not None:
            serving.stdout.close()

    def post(self, path: str, key: str, body: dict[str, Any], **headers: str) -> Answer:
        """One request over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            given = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            connection.request("POST", path, json.dumps(body), {**given, **headers})
            response = connection.getresponse()
            release = response.headers.get("x-roadworthy-release", "")
            return Answer(response.status, json.loads(response.read()), release)
        finally:
            connection.close()

    def ask(self, text: str, key: str, headers: Mapping[str, str]) -> Answer:
        """One letter, as any OpenAI client would send it."""
        body = {"model": self.root.name, "messages": [{"role": "user", "content": text}]}
        return self.post("/v1/chat/completions", key, body, **headers)


_PROGRAM: Sequence[str] = (sys.executable, "-m", "roadworthy")


def _environment() -> dict[str, str]:
    """The caller's environment, without a workspace or person of its own."""
    left_out = ("ROADWORTHY_HOME", "ROADWORTHY_PERSON")
    kept = {key: value for key, value in os.environ.items() if key not in left_out}
    return {**kept, "COLUMNS": "110"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class StoryError(RoadworthyError):
    """Something that the story tells did not happen."""
