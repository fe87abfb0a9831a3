"""The same counts for those who are not in a hurry: the supervisor, the control process, commands.

What enters: a machine that begins, what its journal knows. What leaves: how tenants stand. What
never happens here: a machine whose tenants' spending is not known there and who is let in.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from roadworthy.domain import CountError, RoadworthyError
from roadworthy.serving import TenantLimits, month_of

from .count_scripts import Ask, Keys, Standing, pace, standing, whole
from .redis_link import Link, plain_client

MACHINE_FILE = "machine-id"
"""Beside the tenants; a name for what this workspace counts."""


def machine_of(folder: Path, *, create: bool = False) -> str:
    """Under which name this workspace counts; empty while it has none. Raises CountError."""
    path = folder / MACHINE_FILE
    try:
        if create:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(16))
    except FileExistsError:
        pass
    except OSError as error:
        raise CountError(f"{path} cannot be written: {error.strerror}") from None
    try:
        name = path.read_text("ascii")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError):
        raise CountError(f"{path} cannot be read", fix="remove it and start again") from None
    if len(name) != 32 or not set(name) <= set("0123456789abcdef"):
        raise CountError(f"{path} names no machine", fix="remove it and start again")
    return name


class SharedBooks:
    """Implements the books over Redis. A thread's."""

    def __init__(self, link: Link, prefix: str, folder: Path) -> None:
        self._link = link
        self._prefix = prefix
        self._folder = folder
        self._client: Any = None
        self._lost = False

    def create(self) -> None:
        """Name this machine; see that the store keeps what it is told. Raises CountError."""
        self._lost = bool(machine_of(self._folder))
        machine_of(self._folder, create=True)
        memory = self._do("INFO", "memory")
        evicts = str(memory.get("maxmemory_policy", "")) if isinstance(memory, dict) else ""
        if evicts.startswith("allkeys") and memory.get("maxmemory"):
            raise CountError(
                f"{self._link.peer} throws counts away when it is full ({evicts})",
                fix="set its maxmemory-policy to noeviction, or give limits a store of their own",
            )

    def at_least(self, limits: TenantLimits, spent: int, month: int) -> None:
        """Correct upwards what was spent through this machine. Raises CountError."""
        self._run(self._keys().at_least(limits.tenant, month, spent))

    def open(self) -> None:
        """What was spent here is known there: from now on tenants are let in. Raises CountError."""
        self._run(self._keys().enrol(lost=self._lost))

    def lost(self) -> bool:
        """Whether the store does not know (any more) what was spent here. Raises CountError."""
        if not machine_of(self._folder):
            return True
        return whole(self._run(self._keys().known())) != [1]

    def exists(self) -> bool:
        """Whether there are counts at all."""
        return bool(machine_of(self._folder))

    def requests_left(self, limits: TenantLimits, now: float) -> int:
        """How many requests could come at once. Raises CountError."""
        if not limits.requests_per_minute:
            return 0
        gap, room = pace(limits.requests_per_minute)
        return max(0, room - self._look(limits, month_of(now)).requests_ahead) // gap

    def spent(self, limits: TenantLimits, month: int) -> int:
        """Billionths spent in a month, over all machines. Raises CountError."""
        return self._look(limits, month).spent

    def close(self) -> None:
        """Let the connection go; the next call opens another."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _keys(self) -> Keys:
        return Keys(self._prefix, machine_of(self._folder))

    def _look(self, limits: TenantLimits, month: int) -> Standing:
        return standing(self._run(self._keys().look(limits, month)))

    def _run(self, ask: Ask) -> Any:
        """By its text: whoever is not in a hurry has nothing loaded ahead."""
        return self._do(*ask.by_text())

    def _do(self, *command: str) -> Any:
        try:
            if self._client is None:
                self._client = plain_client(self._link)
            return self._client.execute_command(*command)
        except RoadworthyError:
            raise
        except Exception as error:  # whatever a service that is not well makes of it
            self.close()
            raise self._link.failed(error) from None
