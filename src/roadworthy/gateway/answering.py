"""From a request to a call, and from the path's items to an answer: one door for every dialect.

What enters: a request of a known tenant. What leaves: an answer, a stream, or an error, in the
API's own shape. What never happens here: a byte of an answer before the path gave it out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

from msgspec import structs

from roadworthy.domain import DRILL_TENANT, Call, ReleaseContent, RoadworthyError, UsageError
from roadworthy.flows.request.mitigating import mitigation_of, wants_baseline
from roadworthy.flows.request.trace import Reply
from roadworthy.flows.request_path import serve
from roadworthy.serving import Aim, Caller, Conversation, aim, conversation, has_begun, message_text
from roadworthy.wiring.fronts import Front
from roadworthy.wiring.gateway import Gateway

from .about import AI_GENERATED, action_word, is_ai_generated
from .dialect import ChatRequest, Dialect
from .problems import DO_NOT_RETRY, ApiError, bad_field, killed, problem_of
from .upstream_words import told
from .wire import Answer, Header, Request

MAX_LANGUAGES_CHARS = 400


class AnswerDoor:
    """One endpoint of one worker."""

    def __init__(self, gateway: Gateway, new_id: Callable[[], str], dialect: Dialect) -> None:
        self._gateway = gateway
        self._new_id = new_id
        self._dialect = dialect

    async def __call__(self, request: Request, answer: Answer, caller: Caller) -> None:
        """Answer one request. Raises ApiError or RoadworthyError before the first byte."""
        if "chat" not in caller.key.scopes:
            raise ApiError(403, "this key may not chat", code="scope_missing")
        if self._gateway.journal.fault:  # refuse before any work: it could not be kept
            raise ApiError(
                503,
                f"the journal cannot be written: {self._gateway.journal.fault}",
                code="journal_unavailable",
                headers=((b"retry-after", b"5"),),
            )
        limits = caller.limits if _stage(caller) == "live" else None
        if limits is not None:
            counted = self._gateway.allowance.admit(limits)
            if counted is not None:  # several machines count together
                await counted
        body = self._dialect.read(request.body)
        target, front = self._aim(body.model)
        if limits is not None:
            self._gateway.allowance.require_priced(limits, front)
        call = self._call(request, body, caller, target, front)
        beside = self._gateway.arms or self._gateway.table.mitigations
        if beside and call.stage in ("live", "drill"):
            call = self._diverted(call, request, body, caller, target, front)
        if call.stream:
            await self._stream(call, body, answer)
        else:
            await self._plain(call, body, answer)

    def _aim(self, model: str) -> tuple[Aim, Front]:
        gateway = self._gateway
        target = aim(model, gateway.served)
        if target is None:
            raise ApiError(
                404,
                f"the model {model!r} does not exist here; GET /v1/models lists those that do",
                code="model_not_found",
                param="model",
            )
        front = gateway.fronts.get(target.system)
        if front is None:
            raise ApiError(
                503,
                f"{target.system} is not served: {gateway.refused[target.system]}",
                code="release_refused",
                headers=(DO_NOT_RETRY,),
            )
        return target, front

    def _call(
        self, request: Request, body: ChatRequest, caller: Caller, target: Aim, front: Front
    ) -> Call:
        """The call that a request means, admitted by the release's own rules."""
        tenant = caller.key.tenant
        content = front.service.content
        said = Conversation(text="")
        managed = target.managed and self._dialect.prompted
        if managed:
            said = conversation(body.messages, content.charter.behaviour.history)
            variables = _variables(body, said, content, self._dialect.words)
            text = str(variables["input"])
        else:
            if not body.messages:
                words = self._dialect.words
                raise bad_field(words, f"{words} must hold at least one message")
            body = told(body, content.candidate.model, talk=self._dialect.prompted)
            variables, text = {}, "\n".join(message_text(message) for message in body.messages)
        facets = front.facets.read(request.headers, body.raw, text)
        denial = front.admittance.check(text, facets)
        if denial is not None:
            status = 403 if denial.code == "use_not_allowed" else 400
            raise ApiError(status, denial.message, code=denial.code)
        transparent = not managed
        return Call(
            id=self._new_id(),
            system=target.system,
            tenant=tenant,
            end_user=self._gateway.vault.pseudonym(tenant, body.user),
            session=self._gateway.vault.session(tenant, request.header(b"x-session-id")),
            facets=facets,
            endpoint=self._endpoint(request, front),
            managed=managed,
            variables=variables,
            prompt=body.prompt if transparent else None,
            messages=_messages(body) if transparent else said.earlier,
            steps=said.steps,
            sampling=body.sampling(content.candidate.sampling) if transparent else None,
            extra=body.extra if transparent else {},
            media=body.media,
            thoughts=body.own is not None and "thinking" in body.extra,
            begun=has_begun(body.messages),
            languages=request.header(b"accept-language")[:MAX_LANGUAGES_CHARS],
            stream=body.stream,
            stage=_stage(caller),
        )

    def _diverted(
        self,
        call: Call,
        request: Request,
        body: ChatRequest,
        caller: Caller,
        target: Aim,
        front: Front,
    ) -> Call:
        """The call as another release wants it: the baseline in safe mode, or one rolled out."""
        gateway = self._gateway
        mitigated = mitigation_of(call, gateway.table, front.service) is not None
        arm = None if mitigated or call.stage == "drill" else gateway.arm_for(call)
        beside = gateway.arms if arm is not None else gateway.kept
        shadow = arm is not None and arm.kind == "shadow"
        wanted = arm is not None or wants_baseline(call, gateway.table, front.service)
        other_front = beside.get(call.system) if wanted else None
        if other_front is None:
            return call  # under a mitigation step 3 does what it says
        try:
            other = self._call(request, body, caller, target, other_front)
            if caller.limits is not None and not shadow:
                gateway.allowance.require_priced(caller.limits, other_front)
        except (ApiError, RoadworthyError):
            return call  # what one release refuses the live one was asked for
        other.release = other_front.service.digest
        if shadow:
            other.stage, other.stream, other.shadow_of = "shadow", False, call.id
            gateway.shadow(other, self._dialect.walk)
            return call
        other.id = call.id
        if arm is not None:
            other.stage = "canary"
        return other

    def _endpoint(self, request: Request, front: Front) -> str:
        name = request.header(b"x-roadworthy-endpoint")
        if not name:
            return ""
        known = [endpoint.id for endpoint in front.service.content.charter.endpoints]
        if name not in known:
            raise UsageError(
                f"there is no endpoint {name!r}", fix=f"x-roadworthy-endpoint may be: {known}"
            )
        return name

    async def _plain(self, call: Call, body: ChatRequest, answer: Answer) -> None:
        reply = None
        items = serve(call, self._gateway.path, self._dialect.walk)
        try:
            async for item in items:
                if isinstance(item, Reply):
                    reply = item
        finally:
            await items.aclose()
        if reply is None:
            raise ApiError(500, "the request path ended without a reply", code="internal_error")
        _refuse(reply)
        created = int(self._gateway.clock.now().timestamp())
        try:
            said = self._dialect.whole(reply, body, created)
        except ApiError as problem:
            problem.headers += _headers(reply)
            raise
        if self._dialect.kind is None:
            answer.whole(200, said, _headers(reply))
            return
        answer.begin(_headers(reply), kind=((b"content-type", self._dialect.kind(reply)),))
        await answer.piece(said, last=True)

    async def _stream(self, call: Call, body: ChatRequest, answer: Answer) -> None:
        """Relay until the end, or until the client has left: then the model is stopped too."""
        task = asyncio.current_task()
        assert task is not None
        left = False

        def leave() -> None:
            nonlocal left
            left = True
            task.cancel()

        answer.on_gone = leave
        try:
            await self._relay(call, body, answer)
        except asyncio.CancelledError:
            if not left:
                raise  # the server is stopping, not the client leaving
            task.uncancel()

    async def _relay(self, call: Call, body: ChatRequest, answer: Answer) -> None:
        """Pass on what the path gives out; everything after the first byte is an event."""
        gateway = self._gateway
        asked = structs.replace(body, extra=call.extra) if call.thoughts else body
        events = self._dialect.events(call.id, asked, int(gateway.clock.now().timestamp()))
        begun = False
        try:
            async with aclosing(serve(call, gateway.path, self._dialect.walk)) as items:
                async for item in items:
                    if isinstance(item, Reply) and not begun:
                        _refuse(item)
                    if not begun:
                        answer.begin(self._opening(call, item))
                        await answer.piece(events.first())
                        begun = True
                    if isinstance(item, str):
                        gateway.journal.sent(call.id, call.tenant, item)
                        await answer.piece(events.piece(item))
                    elif item.kill is not None:
                        await answer.piece(events.error(killed(item.kill)), last=True)
                    else:
                        await answer.piece(events.last(item), last=True)
        except (RoadworthyError, ApiError) as error:
            if not begun:
                raise
            problem = error if isinstance(error, ApiError) else problem_of(error)
            await answer.piece(events.error(problem), last=True)

    def _opening(self, call: Call, item: str | Reply) -> tuple[Header, ...]:
        """Headers of a stream; the action is known only when nothing preceded the reply."""
        if isinstance(item, Reply):
            return _headers(item)
        route = self._gateway.table.routes.get(call.system)
        release = call.release or (route.live if route else "")
        return (
            (b"x-roadworthy-release", release.encode()),
            (b"x-roadworthy-observation", call.id.encode()),
            AI_GENERATED,
        )


def _stage(caller: Caller) -> str:
    """Only the operator's key makes a probe of a request: no caller hides his own traffic."""
    if "probe" not in caller.key.scopes:
        return "live"
    return "drill" if caller.key.tenant == DRILL_TENANT else "probe"


def _messages(body: ChatRequest) -> tuple[dict[str, Any], ...]:
    """The caller's messages; a text to be continued stands in their place."""
    return () if body.prompt is not None else tuple(body.messages)


def _variables(
    body: ChatRequest, said: Conversation, content: ReleaseContent, words: str
) -> dict[str, Any]:
    """What fills the prompt. Raises ApiError where the user's words would be dropped unheard.

    `words` is the field that they stand in.
    """
    given = dict(body.variables or {})
    declared = content.prompt.header.variables if content.prompt is not None else {}
    if said.text and given.get("input", said.text) != said.text:
        raise bad_field(
            "variables",
            "variables.input and the last message of the user say two things; send one of them",
        )
    if said.text and declared and "input" not in declared:
        raise bad_field(
            words,
            f"the prompt of this release has no variable `input`, so it has no place for {words}; "
            f"send variables: {', '.join(declared)}",
        )
    if (
        body.messages
        and not said.text
        and "input" not in given
        and (not declared or "input" in declared)
    ):
        raise bad_field(words, "there are no words of the user to answer")
    given.setdefault("input", said.text)
    return given


def _refuse(reply: Reply) -> None:
    """Raise when the reply is no answer in the API's shape: killed, or nobody to answer."""
    if reply.kill is not None:
        raise killed(reply.kill)
    if reply.observation.status == "refused":
        raise ApiError(503, reply.error, code="release_refused", headers=(DO_NOT_RETRY,))


def _headers(reply: Reply) -> tuple[Header, ...]:
    observation = reply.observation
    said: tuple[Header, ...] = (
        (b"x-roadworthy-release", observation.release.encode()),
        (b"x-roadworthy-observation", observation.id.encode()),
        (b"x-roadworthy-action", action_word(observation).encode()),
    )
    if observation.stage in ("probe", "drill"):
        said = (*said, (b"x-roadworthy-stage", observation.stage.encode()))
    return (*said, AI_GENERATED) if is_ai_generated(observation) else said
