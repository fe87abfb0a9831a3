"""MLflow's tracking server by its REST API (2.0), read only.

In: an address that a person gave, or MLFLOW_TRACKING_URI; the secret from MLflow's own variables.
Out: runs. Never: a redirect that is followed, a secret over a line that anybody reads, an answer
that is read without end, a question that changes anything there.
"""

from __future__ import annotations

import base64
import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPException
from typing import IO, Any, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec

from roadworthy.domain import EvidenceError, UsageError

from .mlflow_replies import (
    ExperimentAnswer,
    Experiments,
    File,
    Files,
    History,
    Metric,
    ModelAnswer,
    Pair,
    RunAnswer,
    RunsTold,
    VersionAnswer,
    Versions,
)
from .mlflow_run import (
    MOST_NAMES,
    MOST_POINTS,
    Artifact,
    Dataset,
    NotThereError,
    Point,
    Run,
    Version,
)
from .source import clean

TOKEN = "MLFLOW_TRACKING_TOKEN"  # noqa: S105 - the name of a variable
USER, PASSWORD = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
_API = "/api/2.0/mlflow/"
_MOST_ANSWER = 64 << 20
_MOST_ARTIFACT = 1 << 30
_MOST_ARTIFACTS = 4 << 30
_QUIET_S = 30.0
_CHUNK = 1 << 20
_MOST_FOLDERS = 200
_LOCAL = ("127.0.0.1", "::1", "localhost")

T = TypeVar("T")


_NAMED = frozenset(("runs/get", "registered-models/alias", "model-versions/get"))
"""Questions for what was named."""


class Server:
    """One tracking server."""

    form = "MLflow REST API 2.0"

    def __init__(self, address: str) -> None:
        """Ask its version. Raises UsageError for an address that cannot be asked."""
        try:
            parts = urlsplit(address)
        except ValueError as error:
            raise UsageError(f"{clean(address)!r} is no address: {error}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{clean(address)!r} is no address", fix="https://HOST, http://HOST")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise UsageError(
                "an address holds no secret", fix=f"set {TOKEN}, or {USER} and {PASSWORD}"
            )
        self._local = parts.hostname in _LOCAL
        self._headers = _secret(safe=parts.scheme == "https" or self._local)
        self._root = address.rstrip("/")
        handlers: list[Any] = [_NoRedirects()]
        if self._local:
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)
        self.place = clean(self._root)
        self.version = clean(self._bytes("/version", 200).decode("ascii", "replace"))

    def names(self, most: int) -> Sequence[tuple[str, str]]:
        """Ids and names of its runs, the newest first."""
        there = self._ask("experiments/search", Experiments, {"max_results": 100})
        ids = [each.experiment_id for each in there.experiments]
        asked = {"experiment_ids": ids, "max_results": most,
                 "order_by": ["attributes.start_time DESC"]}  # fmt: skip
        found = self._ask("runs/search", RunsTold, asked) if ids else RunsTold()
        return [(each.info.run_id, each.info.run_name) for each in found.runs[:most]]

    def run(self, run_id: str) -> Run:
        """One run, whole."""
        told = self._get("runs/get", RunAnswer, run_id=run_id).run
        if told.info.run_id != run_id:
            raise EvidenceError(
                f"{self.place}: asked for run {clean(run_id)},"
                f" it tells of {clean(told.info.run_id)}"
            )
        experiment = self._get(
            "experiments/get", ExperimentAnswer, experiment_id=told.info.experiment_id
        ).experiment
        return Run(
            run_id=run_id,
            experiment=experiment.name,
            name=told.info.run_name,
            status=told.info.status,
            user=told.info.user_id,
            started_ms=told.info.start_time,
            ended_ms=told.info.end_time,
            params=_pairs(told.data.params),
            tags=_pairs(told.data.tags),
            points=tuple(self._points(run_id, told.data.metrics)),
            datasets=tuple(
                Dataset(
                    name=each.dataset.name, digest=each.dataset.digest, source=each.dataset.source,
                    context=_pairs(each.tags).get("mlflow.data.context", ""),
                )
                for each in told.inputs.dataset_inputs
            ),
            versions=tuple(self._versions(run_id)),
            artifacts=tuple(self._artifacts(run_id)),
        )  # fmt: skip

    def run_of(self, model: str, version: str, alias: str) -> str:
        """The run that a version of a model came from."""
        if alias:
            told = self._get("registered-models/alias", VersionAnswer, name=model, alias=alias)
        else:
            told = self._get("model-versions/get", VersionAnswer, name=model, version=version)
        if not told.model_version.run_id:
            raise UsageError(f"{self.place}: {clean(model)} came out of no run", fix="--run ID")
        return told.model_version.run_id

    def _points(self, run_id: str, newest: Sequence[Metric]) -> Iterator[Point]:
        seen = 0
        for metric in newest[: MOST_NAMES + 1]:
            where = f"{self.place}, run {clean(run_id)}"
            token = ""
            while True:
                more = {"page_token": token} if token else {}
                page = self._get(
                    "metrics/get-history", History, run_id=run_id, metric_key=metric.key,
                    max_results="10000", **more,
                )  # fmt: skip
                for each in page.metrics:
                    seen += 1
                    if seen > MOST_POINTS:
                        raise UsageError(f"{where}: more than {MOST_POINTS:,} values of metrics")
                    yield Point(name=each.key, value=_number(each.value, where), step=each.step,
                                time=each.timestamp, where=where)  # fmt: skip
                if not page.next_page_token or page.next_page_token == token or not page.metrics:
                    break
                token = page.next_page_token

    def _versions(self, run_id: str) -> Iterator[Version]:
        asked = f"run_id='{run_id}'" if run_id.isalnum() else ""
        found = self._get("model-versions/search", Versions, filter=asked) if asked else None
        for each in found.model_versions[:MOST_NAMES] if found else ():
            if each.run_id != run_id:
                continue
            model = self._get("registered-models/get", ModelAnswer, name=each.name)
            yield Version(
                name=each.name, version=each.version, stage=each.current_stage,
                aliases=tuple(sorted(
                    one.alias for one in model.registered_model.aliases
                    if one.version == each.version
                )),
                status=each.status, tags=_pairs(each.tags),
            )  # fmt: skip

    def _artifacts(self, run_id: str) -> Iterator[Artifact]:
        """Every file of a run, its digest from its bytes as the server gives them."""
        waiting, left, seen = [""], _MOST_ARTIFACTS, 0
        for folder in waiting:
            token = ""
            while True:
                more = {"page_token": token} if token else {}
                page = self._get(
                    "artifacts/list", Files, run_id=run_id, **({"path": folder} if folder else {}),
                    **more,
                )  # fmt: skip
                for each in page.files:
                    seen += 1
                    if seen > MOST_NAMES or len(waiting) > _MOST_FOLDERS:
                        raise UsageError(f"{self.place}: run {run_id} has too many artifacts")
                    if not each.is_dir:
                        found = self._artifact(run_id, each, left)
                        left -= found.bytes if found.digest else 0
                        yield found
                    elif each.path not in waiting:
                        waiting.append(each.path)
                if not page.next_page_token or page.next_page_token == token or not page.files:
                    break
                token = page.next_page_token

    def _artifact(self, run_id: str, file: File, left: int) -> Artifact:
        most = min(_MOST_ARTIFACT, left)
        if file.file_size > most:
            return Artifact(path=file.path, bytes=max(file.file_size, 0), why="it is too large")
        digest, size = hashlib.sha256(), 0
        where = f"/get-artifact?{urlencode({'path': file.path, 'run_uuid': run_id})}"
        try:
            with self._open(where) as answer:
                while chunk := answer.read(_CHUNK):
                    size += len(chunk)
                    if size > most:
                        return Artifact(path=file.path, why="it is larger than it says")
                    digest.update(chunk)
        except (OSError, HTTPException) as error:
            raise self._broken(f"artifact {clean(file.path)} was cut off: {error}") from None
        return Artifact(path=file.path, bytes=size, digest=f"sha256:{digest.hexdigest()}")

    def _get(self, what: str, kind: type[T], **asked: str) -> T:
        return self._decoded(self._bytes(f"{_API}{what}?{urlencode(asked)}", _MOST_ANSWER), kind)

    def _ask(self, what: str, kind: type[T], asked: Mapping[str, Any]) -> T:
        data = msgspec.json.encode(asked)
        return self._decoded(self._bytes(f"{_API}{what}", _MOST_ANSWER, data), kind)

    def _decoded(self, data: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(data, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise self._broken(f"its answer is of another version, or cut off: {error}") from None

    def _bytes(self, path: str, most: int, body: bytes | None = None) -> bytes:
        try:
            with self._open(path, body) as answer:
                data = answer.read(most + 1)
        except (OSError, HTTPException) as error:
            raise self._broken(f"its answer was cut off: {error}") from None
        if len(data) > most:
            raise self._broken(f"its answer has more than {most:,} bytes")
        return data

    def _open(self, path: str, body: bytes | None = None) -> IO[bytes]:
        request = urllib.request.Request(self._root + path, data=body, headers=self._headers)  # noqa: S310 - looked at above
        if body is not None:
            request.add_header("content-type", "application/json")
        try:
            answer: IO[bytes] = self._opener.open(request, timeout=_QUIET_S)
        except urllib.error.HTTPError as error:
            error.close()
            raise self._refused(error.code, path) from None
        except (OSError, HTTPException) as error:
            raise self._broken(f"it cannot be reached: {getattr(error, 'reason', error)}") from None
        return answer

    def _refused(self, code: int, path: str) -> EvidenceError | UsageError:
        asked = urlsplit(path).path.removeprefix(_API)
        if code in (401, 403):
            fix = f"set {TOKEN}, or {USER} and {PASSWORD}"
            return UsageError(f"{self.place} refuses to answer ({code})", fix=fix)
        if code in (400, 404):
            kind = NotThereError if asked in _NAMED else UsageError
            return kind(f"{self.place} has no such thing: {asked} answered {code}")
        if 300 <= code < 400:
            return UsageError(f"{self.place} sends elsewhere ({code}), which is not followed")
        return self._broken(f"{asked} answered {code}")

    def _broken(self, message: str) -> EvidenceError:
        return EvidenceError(f"{self.place}: {message}")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _secret(*, safe: bool) -> dict[str, str]:
    token, user = os.environ.get(TOKEN, ""), os.environ.get(USER, "")
    if not token and not user:
        return {}
    if not safe:
        raise UsageError("a secret leaves by HTTPS only", fix=f"use https://, or unset {TOKEN}")
    if token:
        found = f"Bearer {token}"
    else:
        pair = f"{user}:{os.environ.get(PASSWORD, '')}".encode()
        found = f"Basic {base64.b64encode(pair).decode()}"
    if not found.isprintable():
        raise UsageError(f"{TOKEN} holds more than a secret", fix="set it again, on one line")
    return {"authorization": found}


def _pairs(told: Sequence[Pair]) -> dict[str, str]:
    return {each.key: each.value for each in told}


def _number(value: float | str, where: str) -> float:
    """A number; MLflow tells of what is none in words (NaN, Infinity)."""
    try:
        return float(value)
    except ValueError:
        raise UsageError(
            f"{where}: a metric is {clean(str(value))!r}, which is no number"
        ) from None
