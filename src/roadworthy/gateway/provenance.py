"""Whether this system wrote a text (EU AI Act, Article 50(2)), and the proof that it answered.

    POST /v1/provenance/check          is it one of ours?
    GET /v1/provenance/OBSERVATION     the proof of an answer, for the tenant who got it

Enters: a text. Leaves: whether it is known again, how much of it, and, for the tenant whose answer
it was, which. What never happens here: a word of somebody's answer, or another tenant's
observation, told; a text that was not looked for called a human's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from roadworthy.domain import UndecidedError
from roadworthy.flows.late.fingerprinting import PURPOSE, model_text
from roadworthy.flows.request.answer_proof import prove_answer
from roadworthy.journal import (
    SURELY,
    FingerprintLog,
    find,
    fingerprints,
    shares,
    unseal,
    words_of,
)
from roadworthy.serving import Caller
from roadworthy.wiring.gateway import Gateway
from roadworthy.wiring.reviewed_texts import let_out

from .known_file import known_file
from .problems import ApiError, bad_field, mistyped, not_allowed
from .wire import Answer, Request

PROVENANCE = "/v1/provenance/"
_CHECK = f"{PROVENANCE}check"
MAX_BODY_BYTES = 1 << 20
ENOUGH = 0.5
"""Of the text in one answer, or of one answer in the text: then it is called generated."""


_NO_LOG = "no log is kept here: `behaviour.disclosure` in the charter begins one"
_UNKNOWN = "no logged answer has half of it; it may be edited, or not be in the log (yet)"


class Question(Struct, forbid_unknown_fields=True):
    """One of the two."""

    text: str | None = None
    file: str | None = None
    """A picture or a sound, in base64."""


class Known(Struct, kw_only=True):
    """What is known of a text."""

    generated: bool = False
    confidence: float = 0.0
    """The larger of the two shares: a measure of overlap, not a probability."""
    observation: str = ""
    """The answer that it is nearest to, where the caller's own tenant got it."""
    share_of_text: float = 0.0
    """Of the text's words in runs that the answer has, too."""
    share_of_answer: float = 0.0
    """Of the answer's words in runs that the text has, too."""
    release: str = ""
    time: str = ""
    reason: str = ""
    """Why nothing was looked for, or what `generated: false` does not say."""


class ProvenanceDoor:
    """Knows texts of one workspace again."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def __call__(self, request: Request, answer: Answer, caller: Caller) -> None:
        """Answer what is asked below /v1/provenance/. Raises ApiError."""
        asked = self._check if request.path == _CHECK else self._prove
        allowed = "POST" if request.path == _CHECK else "GET"
        if request.method != allowed:
            raise not_allowed(request.method, request.path, allowed)
        await asked(request, answer, caller)

    async def _check(self, request: Request, answer: Answer, caller: Caller) -> None:
        """Answer whether a text or file is known. Raises ApiError for what is no question."""
        try:
            body = msgspec.json.decode(request.body, type=Question)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise mistyped(f"not a question: {error}") from None
        tenant = caller.key.tenant
        if (body.text is None) == (body.file is None):
            raise bad_field("text", "send one of text and file")
        if body.text is None:
            found = await asyncio.to_thread(known_file, self._gateway, body.file or "", tenant)
            answer.whole(200, msgspec.json.encode(found))
            return
        if len(request.body) > MAX_BODY_BYTES:
            raise ApiError(413, "a text may have 1 MB", code="request_too_large")
        known = await asyncio.to_thread(self._known, body.text, tenant)
        answer.whole(200, msgspec.json.encode(known))

    async def _prove(self, request: Request, answer: Answer, caller: Caller) -> None:
        """Answer with the proof of one answer of the caller's tenant. Raises ApiError."""
        observation = request.path.removeprefix(PROVENANCE)
        body = await asyncio.to_thread(self._proof, observation, caller.key.tenant)
        answer.whole(200, body)

    def _proof(self, observation: str, tenant: str) -> bytes:
        record = find(self._gateway.workspace.journal, observation)
        seen = record.observation if record is not None else None
        if seen is None or seen.tenant != tenant:
            raise ApiError(404, f"there is no answer {observation[:80]!r}", code="not_found")
        try:
            proof = prove_answer(self._gateway.workspace.journal, observation)
        except UndecidedError as error:
            raise ApiError(409, error.message, code="not_sealed_yet") from None
        if proof is None:
            raise ApiError(409, "the answer has not ended", code="not_sealed_yet")
        return msgspec.json.encode(proof)

    def _known(self, text: str, tenant: str) -> Known:
        words = words_of(text)
        if len(words) < SURELY:
            return Known(reason=f"fewer than {SURELY} words: too little to know it by")
        path = self._gateway.workspace.fingerprints
        if not path.exists():
            return Known(reason=_NO_LOG)
        marks = fingerprints(words, self._gateway.vault.derived(PURPOSE))
        log = FingerprintLog(path, write=False)
        try:
            alike = log.alike(marks)
        finally:
            log.close()
        best = Known(reason=_UNKNOWN)
        for observation, _ in alike:
            self._compare(words, observation, tenant, best)
        return best

    def _compare(self, words: Sequence[str], observation: str, tenant: str, best: Known) -> None:
        """Look at one answer itself; `best` becomes it where it is nearer."""
        gateway = self._gateway
        record = find(gateway.workspace.journal, observation)
        texts = unseal(record, gateway.vault) if record is not None else None
        seen = record.observation if record is not None else None
        front = gateway.fronts.get(seen.system) if seen is not None else None
        if seen is None or texts is None or front is None:
            return  # erased since, or of a system that is not served here
        if seen.action == "held":
            written = let_out(seen, gateway.workspace, gateway.vault, gateway.clock)
        else:
            written = model_text(seen, texts.output, front.service.content.charter)
        of_text, of_answer = shares(words, words_of(written or ""))
        confidence = round(max(of_text, of_answer), 4)
        if confidence <= best.confidence:
            return
        best.confidence = confidence
        best.share_of_text, best.share_of_answer = round(of_text, 4), round(of_answer, 4)
        best.observation = observation if seen.tenant == tenant else ""
        if confidence >= ENOUGH:
            best.generated, best.reason = True, ""
            best.release, best.time = seen.release, seen.time
