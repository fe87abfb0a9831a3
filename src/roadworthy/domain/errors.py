"""What can go wrong, as a tree. Exit codes and HTTP statuses belong to the doors, never here.

RoadworthyError
├── ManifestError          the user's files: every fault with file, line and the right form
├── UsageError             the user's command or option
├── AccessError            a person or key may not do this
├── QuotaError             a tenant has taken what it may; carries how long to wait
├── UndecidedError         not decided yet: unsigned, unknown key, waiting for a person
├── RefusedError           judged and refused (the gate said FAIL)
├── EvidenceError          evidence cannot be appended or read
│   ├── CountError         what tenants take cannot be counted: nobody who is limited asks
│   └── VerificationError  a byte, signature, digest or proof does not hold; never retried
├── ProviderError          the model's side; carries `retryable`
├── DetectorError          a rail could not look; treated as closed unless the rail says open
└── TransitionError        the state table has no such arrow
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from .fault import Fault


class RoadworthyError(Exception):
    """Everything a caller may catch. `fix` says what would be right, in one sentence."""

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


class ManifestError(RoadworthyError):
    """The user's files are wrong. Carries every fault found, not only the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = faults[0] if faults else Fault(file="", line=0, message="unknown fault", fix="")
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(f"{first.place}: {first.message}{more}", fix=first.fix)
        self.faults = tuple(faults)


class UsageError(RoadworthyError):
    """A command, option or argument that cannot be acted on.

    `field` names the one at fault, where it is a field of a request.
    """

    def __init__(self, message: str, *, fix: str = "", field: str = "") -> None:
        super().__init__(message, fix=fix)
        self.field = field


class AccessError(RoadworthyError):
    """A person or key lacks the role, or is not distinct from the author."""


class QuotaError(RoadworthyError):
    """A tenant has taken what it may, or nobody could say when it has.

    `retry_after_s`: seconds until the next request can go on if nobody else asks.
    """

    def __init__(
        self,
        message: str,
        *,
        what: Literal["requests", "tokens", "budget", "price"],
        retry_after_s: float = 0.0,
        fix: str = "",
    ) -> None:
        super().__init__(message, fix=fix)
        self.what = what
        self.retry_after_s = retry_after_s


class UndecidedError(RoadworthyError):
    """Not decided: unsigned, signed by an unknown key, or waiting for a person."""


class RefusedError(RoadworthyError):
    """Judged and refused."""


class EvidenceError(RoadworthyError):
    """Evidence cannot be appended, read or proved."""


class CountError(EvidenceError):
    """What a tenant takes cannot be counted now: nobody who is limited may ask."""


class VerificationError(EvidenceError):
    """A byte, signature, digest or proof does not hold. Never retried."""


class ProviderError(RoadworthyError):
    """The model's side failed.

    `retryable` says whether the same call may succeed later; `status` is the upstream's HTTP
    status (0 when none was received); `retry_after_s` is the upstream's own wish, in seconds.
    `quoted` is the part of the message that is somebody else's words: they may say the input again.
    """

    def __init__(
        self,
        message: str,
        *,
        retryable: bool,
        status: int = 0,
        retry_after_s: float | None = None,
        fix: str = "",
        quoted: str = "",
    ) -> None:
        super().__init__(message, fix=fix)
        self.quoted = quoted
        self.retryable = retryable
        self.status = status
        self.retry_after_s = retry_after_s

    @property
    def unquoted(self) -> str:
        """The message without those words, for what is kept in clear."""
        if not self.quoted:
            return self.message
        return self.message.replace(self.quoted, "[its own words]")


class UnavailableError(RoadworthyError):
    """The model's side answers nothing of what is to be asked: a run stops, and goes on later."""


class DetectorError(RoadworthyError):
    """A detector could not look. The rail that used it counts as closed unless it says open."""


class TransitionError(RoadworthyError):
    """The state table has no such arrow."""
