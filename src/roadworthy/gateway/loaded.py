"""`roadworthy.load`: a live release as a part of the caller's own program.

Enters: a digest and a folder. Leaves: an object that answers by the same rails, limits, journal
and kill switch as the gateway. What never happens here: an answer of another release than the one
that was named, or of one that is no longer live.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from msgspec import Struct

from roadworthy.domain import (
    AccessError,
    ProviderError,
    QuotaError,
    RefusedError,
    RoadworthyError,
    UsageError,
)
from roadworthy.flows.brakes.stopping import put_back_kills, put_back_words
from roadworthy.flows.releasing.live_routes import put_back_routes
from roadworthy.flows.workspace.intact import require_trust
from roadworthy.flows.workspace.trusting import require_agreement
from roadworthy.wiring.clock import SystemClock, new_id
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.places import Place, place
from roadworthy.wiring.plan import Plan

from .inside import Inside, Said

logger = logging.getLogger("roadworthy.gateway")

CHAT = "/v1/chat/completions"


class Answer(Struct, frozen=True, kw_only=True):
    """What the release says."""

    text: str
    action: str
    """As in the header of the gateway: `answered`, `blocked`, `pending`, `fallback` …"""
    observation: str
    """Under this id it is in the journal, and outcomes are reported."""
    decision: str = ""
    confidence: float | None = None
    raw: dict[str, Any]
    """The whole answer in the API's own shape."""


class Loaded:
    """A release that answers in this process until it is closed. Safe to call from threads."""

    def __init__(self, digest: str, spot: Place, *, tenant: str) -> None:
        """Raises RefusedError unless the digest names the live release of a system here."""
        self._tenant = tenant
        self._inside = Inside(inside_plan(spot, kind="load"), SystemClock(), new_id)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="roadworthy", daemon=True
        )
        self._thread.start()
        try:
            self._await(self._inside.start())
            self.system = self._find(digest)
            self.digest = self._inside.gateway.fronts[self.system].service.digest
        except BaseException:
            self.close()
            raise

    def ask(
        self,
        text: str = "",
        *,
        variables: Mapping[str, Any] | None = None,
        facets: Mapping[str, str] | None = None,
        user: str = "",
    ) -> Answer:
        """Ask as a caller in managed mode would. `facets` are headers, as the candidate reads them.

        Raises RefusedError when it is stopped or no longer live, UsageError for what cannot be
        asked, QuotaError at a limit.
        """
        body: dict[str, Any] = {}
        if text:
            body["messages"] = [{"role": "user", "content": text}]
        if variables:
            body["variables"] = dict(variables)
        if user:
            body["user"] = user
        said = self.chat(body, headers=facets)
        choice, about = said["choices"][0], said["roadworthy"]
        return Answer(
            text=choice["message"]["content"] or "",
            action=about["action"],
            observation=about["observation"],
            decision=about.get("decision", ""),
            confidence=about.get("confidence"),
            raw=said,
        )

    def chat(
        self, body: Mapping[str, Any], *, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """A chat completion in the API's own words, in and out; `model` is the system's.

        Raises as `ask`.
        """
        self._require_live()
        asked = self._inside.answer(
            CHAT, {**body, "model": self.system}, tenant=self._tenant, headers=headers or {}
        )
        said = self._await(asked)
        if said.status != 200:
            raise _error_of(said)
        found: dict[str, Any] = said.json()
        if found["roadworthy"]["release"] != self.digest:
            raise RefusedError(f"{self.digest} went out of service while it was asked")
        return found

    def close(self) -> None:
        """End the journal and let the model go. Safe to call twice."""
        if self._loop.is_closed():
            return
        try:
            self._await(self._inside.aclose())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def __enter__(self) -> Loaded:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _await(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _find(self, digest: str) -> str:
        """The system whose live release a digest, or how it begins, names."""
        gateway = self._inside.gateway
        live = {name: front.service.digest for name, front in gateway.fronts.items()}
        begins = digest if digest.startswith("sha256:") else f"sha256:{digest}"
        found = [name for name, one in live.items() if one.startswith(begins)]
        if len(found) == 1 and len(begins) >= _SHORTEST:
            return found[0]
        told = [f"{one} ({name})" for name, one in sorted(live.items())]
        told += [f"{name} is refused: {why}" for name, why in sorted(gateway.refused.items())]
        raise RefusedError(
            f"{digest} names no live release here: {'; '.join(told) or 'none is live'}",
            fix="give at least 12 digits of the digest, or: roadworthy release activate PATH",
        )

    def _require_live(self) -> None:
        front = self._inside.gateway.fronts.get(self.system)
        if front is None or front.service.digest != self.digest:
            now = front.service.digest if front is not None else "none"
            raise RefusedError(
                f"{self.digest} is no longer live for {self.system}; live is {now}",
                fix="load the one that is",
            )


_SHORTEST = len("sha256:") + 12


def load(digest: str, directory: str | Path = ".", *, tenant: str = "in-process") -> Loaded:
    """The live release of that digest, ready to answer in this process; close it at the end.

    `directory` is the system's folder or a workspace. Everything that `serve` does happens here
    too: verification, rails, limits of `tenant`, the journal before the answer, the kill switch.
    Late rules and judges look at the answers once a control process runs (`roadworthy serve`).
    Raises RefusedError, VerificationError, UndecidedError or UsageError.
    """
    return Loaded(digest, place(Path(directory), standing=True), tenant=tenant)


def inside_plan(spot: Place, *, kind: str) -> Plan:
    """What an `Inside` serves of a place, once trust, kills and routes are the ledger's."""
    workspace = spot.workspace
    require_trust(workspace, SystemClock())
    if workspace.ledger.exists():
        loop = loop_of(workspace)
        require_agreement(workspace, loop.ledger)
        for flag in put_back_kills(loop):
            logger.warning("%s", put_back_words(flag))
        for strayed in put_back_routes(loop):
            logger.warning("%s", strayed.words)
    return Plan(
        workspace=str(workspace.root), roots={"": str(spot.root)}, worker=f"{kind}-{os.getpid()}"
    )


def _error_of(said: Said) -> RoadworthyError:
    """What a status means to a program."""
    error = said.json()["error"]
    message = str(error["message"])
    if said.status in (400, 404, 413):
        return UsageError(message)
    if said.status in (401, 403):
        return AccessError(message)
    if said.status == 429:
        spent = error["code"] == "insufficient_quota"
        wait = float(said.headers.get("retry-after", "0"))
        return QuotaError(message, what="budget" if spent else "requests", retry_after_s=wait)
    if said.status == 502:
        return ProviderError(message, retryable=True)
    return RefusedError(message)
