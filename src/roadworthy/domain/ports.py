"""Every port: what the inside asks of the outside, each method with its duty.

A port lands only with two implementations. Doubles for tests implement these, never patch.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from .case import Case
from .entry import Draft, Entry
from .exchange import AddressState, Chunk, ModelRequest
from .finding import Finding, TextContext
from .observation import Observation


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> dt.datetime:
        """The present instant, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        ...


class Provider(Protocol):
    """A model vendor or runtime. It only streams."""

    name: str

    def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Yield the reply; the last chunk carries a finish reason.

        Raises ProviderError. Closing the iterator early stops the model.
        """
        ...

    async def aclose(self) -> None:
        """Release connections and threads; safe to call twice."""
        ...


Needs = int | Literal["whole"]
"""How much text a detector must see: a window of at most N characters, or all of it."""


class Detector(Protocol):
    """Looks at a text. The same object is a rail online and a scorer offline. No I/O."""

    name: str
    needs: Needs

    def detect(self, text: str, context: TextContext) -> Sequence[Finding]:
        """All findings, ordered by start. Raises DetectorError when it cannot look."""
        ...


class Inspector(Protocol):
    """Looks at a text by asking something outside: a service, a model, another tool."""

    async def inspect(self, text: str, context: TextContext) -> Sequence[Finding]:
        """All findings, ordered by start. Raises DetectorError when it cannot look in time."""
        ...

    def states(self) -> tuple[AddressState, ...]:
        """How what is asked does; empty where nobody watches it."""
        ...

    async def aclose(self) -> None:
        """Release connections and threads; safe to call twice."""
        ...


class Scorer(Protocol):
    """Judges one answer of one case."""

    name: str

    def score(self, case: Case, output: str, observation: Observation) -> float | None:
        """A value (1.0 right, 0.0 wrong for rates); None: this scorer does not apply."""
        ...


class Target(Protocol):
    """Whatever answers a case: the request path, filled in by a flow."""

    async def answer(self, case: Case, *, suite: str, repeat: int) -> Observation:
        """Answer one case once. A failing model is an observation with `status="error"`."""
        ...


class Signer(Protocol):
    """Holds one private key."""

    key_id: str

    def sign(self, payload: bytes) -> bytes:
        """Ed25519 signature over the bytes."""
        ...


class EntryStore(Protocol):
    """Keeps entries, in order, append-only."""

    def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Append atomically, in order; durable on return. Raises EvidenceError."""
        ...

    def read(self, first: int = 1, last: int | None = None) -> Iterator[Entry]:
        """Entries `first` to `last` (inclusive), in order, in bounded memory."""
        ...

    def size(self) -> int:
        """How many entries there are."""
        ...


class Witness(Struct, frozen=True, kw_only=True):
    """What the journal needs beside the observation: texts, sealed before they are written."""

    input: str
    output: str
    raw_output: str = ""
    error: str = ""
    """Where the observation's `error` quotes somebody: all of it."""
    given: str = ""
    """`Asked` as JSON, where `input` alone is not how it was asked."""
    called: str = ""
    """The tool calls that left with the answer, as JSON in OpenAI's shape."""


class Journal(Protocol):
    """Where an exchange is on disk before its answer leaves."""

    async def open(self, observation: Observation, witness: Witness) -> None:
        """Before the first byte of a stream: who, release, how it was asked."""
        ...

    async def close(self, observation: Observation, witness: Witness) -> None:
        """Before the last byte (or the whole of a plain answer). Durable on return.

        Raises EvidenceError when it cannot be written; then the answer must not leave.
        """
        ...
