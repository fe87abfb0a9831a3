"""Spans of exchanges, sent to whoever speaks OTLP: a collector, MLflow, Phoenix, Jaeger.

What enters: the journal, after the answers have left. What leaves: spans, in batches; how far, on
disk. What never happens here: a text or a credential in a span, or an answer that waits for a
collector. A collector that is down gets what it missed once it is back.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from roadworthy.domain import Clock, RoadworthyError, Telemetry, UsageError
from roadworthy.journal import Span, Tail, span_of
from roadworthy.manifests import Workspace
from roadworthy.providers import resolve_credential

from .journal_marks import KeptMarks
from .own_version import own_version

logger = logging.getLogger("roadworthy.control")

MARKS = "telemetry.json"
BATCH = 512
PAUSE_S = 1.0
PATIENCE_S = 10.0
TIMEOUT_S = 10.0
INSTALL = "pip install 'roadworthy[otel]'"


class Spans:
    """How far the spans went. One round after the other."""

    def __init__(
        self, workspace: Workspace, telemetry: Telemetry, clock: Clock, *, root: str
    ) -> None:
        """Raises UsageError where the exporter is not installed or has no credential."""
        self._marks = KeptMarks(workspace.journal / MARKS, clock)
        self._tail = Tail(workspace.journal, self._marks.marks)
        self._exporter = _exporter(telemetry, root)
        self._resource = _resource()
        self._fault = False

    def round(self) -> float:
        """Send what is new; returns how long to wait for the next, in seconds."""
        try:
            taken, spans = self._read()
            sent = not spans or self._send(spans)
        except (RoadworthyError, OSError) as error:
            logger.warning("no spans are sent for now: %s", error)
            return PATIENCE_S
        if not sent:
            if not self._fault:
                logger.warning("the collector takes no spans; they are sent once it does")
            self._fault = True
            self._tail.marks = dict(self._marks.marks)
            return PATIENCE_S
        self._fault = False
        self._marks.keep(self._tail.marks)
        return 0.0 if taken == BATCH else PAUSE_S

    def close(self) -> None:
        """End the exporter."""
        with suppress(Exception):
            self._exporter.shutdown()

    def _read(self) -> tuple[int, list[Span]]:
        spans: list[Span] = []
        taken = 0
        for record in self._tail.read():
            taken += 1
            seen = record.observation
            if record.kind == "close" and seen is not None:
                with suppress(ValueError):  # of a version whose ids were others
                    spans.append(span_of(seen))
            if taken == BATCH:
                break
        return taken, spans

    def _send(self, spans: Sequence[Span]) -> bool:
        from opentelemetry.sdk.trace.export import SpanExportResult

        result = self._exporter.export([_readable(span, self._resource) for span in spans])
        return bool(result is SpanExportResult.SUCCESS)


def _exporter(telemetry: Telemetry, root: str) -> Any:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError:
        raise UsageError("spans need the exporter of OpenTelemetry", fix=INSTALL) from None
    headers = dict(telemetry.headers)
    if telemetry.credential:
        secret = resolve_credential(telemetry.credential, root=root, upstream="telemetry")
        headers["authorization"] = f"Bearer {secret.reveal()}"
    return OTLPSpanExporter(
        endpoint=telemetry.otlp.rstrip("/") + "/v1/traces", headers=headers, timeout=TIMEOUT_S
    )


def _resource() -> Any:
    from opentelemetry.sdk.resources import Resource

    return Resource({"service.name": "roadworthy", "service.version": own_version()})


def _readable(span: Span, resource: Any) -> Any:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

    context = SpanContext(
        trace_id=span.trace_id,
        span_id=span.span_id,
        is_remote=False,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )
    status = Status(StatusCode.ERROR, span.why) if span.failed else Status(StatusCode.UNSET)
    return ReadableSpan(
        name=span.name,
        context=context,
        kind=SpanKind.SERVER,
        resource=resource,
        attributes=span.attributes,
        status=status,
        start_time=span.begin_ns,
        end_time=span.end_ns,
    )
