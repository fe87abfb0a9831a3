"""One plain file of a data set on the Hugging Face Hub, pinned by the commit that it comes from.

Enters: an address, `hf:OWNER/NAME[@REVISION][/PATH]`. Leaves: the file in a folder of the caller's,
its commit, and the licence that its card states. What never happens here: a loading script that is
run, a branch's name where a commit belongs, a token sent to another host, an address that is not
HTTPS (this machine's own excepted), or a file that is larger, shorter or other than the Hub says.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Struct, field

from roadworthy.domain import EvidenceError, UsageError

from .rows import SUFFIXES

ENDPOINT = "HF_ENDPOINT"
TOKEN = "HF_TOKEN"  # noqa: S105 - the name of a variable
_OFFLINE = "HF_HUB_OFFLINE"
_PUBLIC = "https://huggingface.co"
_WORD = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_ADDRESS = re.compile(
    rf"hf:(?://datasets/)?({_WORD}/{_WORD})(?:@([A-Za-z0-9._-]{{1,100}}))?(?:/([^\0\\]{{1,500}}))?"
)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SAYS_NOTHING = frozenset(("", "other", "unknown"))
_SHOWN = 12
_LICENCE_CHARS = 100
_CHUNK = 1 << 20


class HubLimits(Struct, frozen=True, kw_only=True):
    """What is fetched at the most; more is refused, never cut."""

    file: int = 1 << 30
    """Bytes."""
    answer: int = 16 << 20
    """Bytes of what the Hub says about a set."""
    quiet_s: float = 30.0
    """Without a byte."""
    whole_s: float = 1800.0


class Fetched(Struct, frozen=True, kw_only=True):
    """A file that was fetched."""

    path: Path
    address: str
    """With the commit: what it names never changes."""
    licence: str
    """As the set's card states it; empty where it states none."""


class _Stored(Struct):
    sha256: str = ""
    size: int = -1


class _Sibling(Struct):
    name: str = field(name="rfilename")
    size: int | None = None
    stored: _Stored | None = field(name="lfs", default=None)


class _About(Struct):
    sha: str
    siblings: list[_Sibling] = []
    card: Any = field(name="cardData", default=None)


def is_address(text: str) -> bool:
    """Whether a text names a set on the Hub and not a file here."""
    return text.startswith("hf:")


def fetch(text: str, folder: Path, limits: HubLimits = HubLimits()) -> Fetched:  # noqa: B008
    """Fetch a file into a folder.

    Raises UsageError on an address that names no readable file, EvidenceError when the Hub cannot
    be reached or does not give what it says.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None or ".." in (found[3] or "").split("/"):
        raise UsageError(
            f"{text!r} is no address on the Hugging Face Hub",
            fix="hf:OWNER/NAME, hf:OWNER/NAME@COMMIT/PATH or hf://datasets/OWNER/NAME@COMMIT/PATH",
        )
    if os.environ.get(_OFFLINE, "") not in ("", "0"):
        raise UsageError(f"{_OFFLINE} is set: nothing is fetched", fix="give a file that you have")
    repo, revision, wanted = found[1], found[2] or "main", found[3] or ""
    hub = _Hub(os.environ.get(ENDPOINT, "") or _PUBLIC, limits)
    about = hub.about(repo, revision)
    sibling = _chosen(about, repo, wanted)
    address = f"hf://datasets/{repo}@{about.sha}/{sibling.name}"
    path = folder / sibling.name.rpartition("/")[2]
    hub.save(f"/datasets/{repo}/resolve/{about.sha}/{quote(sibling.name)}", path, sibling, about)
    return Fetched(path=path, address=address, licence=_licence(about.card))


def _chosen(about: _About, repo: str, wanted: str) -> _Sibling:
    """The file that is meant. Raises UsageError with those that could be."""
    could = [
        each
        for each in about.siblings
        if any(end in SUFFIXES for end in Path(each.name).suffixes[-2:])
        and not Path(each.name).name.startswith((".", "dataset_infos"))
        and ".." not in each.name.split("/")
    ]
    named = [each for each in could if each.name == wanted] if wanted else could
    if len(named) == 1:
        return named[0]
    listed = ", ".join(each.name for each in could[:_SHOWN]) or "none"
    more = f" and {len(could) - _SHOWN} more" if len(could) > _SHOWN else ""
    what = f"has no file {wanted!r}" if wanted else "has several files that could be read, or none"
    raise UsageError(
        f"{repo} at {about.sha[:12]} {what}",
        fix=f"hf:{repo}@{about.sha}/PATH with one of these: {listed}{more}",
    )


def _licence(card: Any) -> str:
    said = card.get("license") if isinstance(card, dict) else None
    listed = said if isinstance(said, list) else [said]
    named = [each for each in listed if isinstance(each, str) and each.lower() not in _SAYS_NOTHING]
    return ", ".join(each for each in named if each.isprintable() and len(each) <= _LICENCE_CHARS)


class _Hub:
    """Two questions to one host."""

    def __init__(self, endpoint: str, limits: HubLimits) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._limits = limits
        self._local = urlsplit(endpoint).hostname in ("127.0.0.1", "::1", "localhost")
        _require_safe(endpoint, local=self._local)
        proxies = [urllib.request.ProxyHandler({})] if self._local else []
        self._opener = urllib.request.build_opener(_Redirects(local=self._local), *proxies)

    def about(self, repo: str, revision: str) -> _About:
        """What the Hub says of a set at a revision."""
        path = f"/api/datasets/{repo}/revision/{quote(revision, safe='')}?blobs=true"
        try:
            with self._open(path, f"{repo} at {revision}") as answer:
                data = answer.read(self._limits.answer + 1)
        except (OSError, HTTPException) as error:
            raise _broken(f"what it says of {repo} was cut off: {error}") from None
        try:
            about = msgspec.json.decode(data[: self._limits.answer], type=_About)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise _broken(f"what it says of {repo} cannot be read: {error}") from None
        if not _COMMIT.fullmatch(about.sha):
            raise _broken(f"it names no commit of {repo}")
        if _COMMIT.fullmatch(revision) and about.sha != revision:
            raise _broken(f"asked for commit {revision}, it tells of {about.sha}")
        return about

    def save(self, path: str, out: Path, sibling: _Sibling, about: _About) -> None:
        """The file, whole and as it is said to be, or none."""
        stored = sibling.stored
        size = stored.size if stored is not None else sibling.size
        if size is not None and size > self._limits.file:
            raise UsageError(
                f"{sibling.name} has {size >> 20:,} MiB; fetched are {self._limits.file >> 20:,}",
                fix="fetch it yourself and give the file",
            )
        with self._open(path, sibling.name) as answer, out.open("wb") as file:
            told = getattr(answer, "headers", {}).get("x-repo-commit", about.sha)
            if told != about.sha:
                raise _broken(f"{sibling.name} comes from commit {told}, not {about.sha}")
            read, digest = self._copied(answer, file, sibling.name)
        if size is not None and read != size:
            raise _broken(f"{sibling.name} has {read:,} bytes, not {size:,}")
        if stored is not None and stored.sha256 and digest != stored.sha256:
            raise _broken(f"{sibling.name} is not the file that it says: its SHA-256 differs")

    def _copied(self, answer: IO[bytes], file: IO[bytes], name: str) -> tuple[int, str]:
        until = time.monotonic() + self._limits.whole_s
        hashed, read = hashlib.sha256(), 0
        try:
            while data := answer.read(_CHUNK):
                read += len(data)
                if read > self._limits.file:
                    raise UsageError(f"{name} has more than {self._limits.file >> 20:,} MiB")
                if time.monotonic() > until:
                    raise _broken(f"{name} did not come within {self._limits.whole_s:g} s")
                hashed.update(data)
                file.write(data)
        except (OSError, HTTPException) as error:
            raise _broken(f"{name} was cut off: {error}") from None
        return read, hashed.hexdigest()

    def _open(self, path: str, what: str) -> IO[bytes]:
        request = urllib.request.Request(self._endpoint + path)  # noqa: S310 - looked at above
        token = os.environ.get(TOKEN, "")
        if token and token.isprintable() and " " not in token:
            request.add_header("authorization", f"Bearer {token}")
        try:
            answer: IO[bytes] = self._opener.open(request, timeout=self._limits.quiet_s)
        except urllib.error.HTTPError as error:
            error.close()
            raise _refused(error.code, what) from None
        except (OSError, HTTPException) as error:  # URLError is an OSError
            why = getattr(error, "reason", error)
            raise EvidenceError(
                f"the Hugging Face Hub cannot be reached: {why}",
                fix="fetch the file where there is a network, then `suite borrow SET FILE`",
            ) from None
        return answer


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to a store of files, never in the clear, and takes no token along."""

    max_redirections = 5

    def __init__(self, *, local: bool) -> None:
        self._local = local

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        """The next question."""
        _require_safe(newurl, local=self._local)
        after = super().redirect_request(req, fp, code, msg, headers, newurl)
        if after is not None and urlsplit(newurl).netloc != urlsplit(req.full_url).netloc:
            after.remove_header("Authorization")
        return after


def _require_safe(url: str, *, local: bool) -> None:
    """Raises EvidenceError unless it is HTTPS, or this machine talking to itself."""
    parts = urlsplit(url)
    itself = local and parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not (parts.scheme == "http" and itself):
        raise _broken(f"it leads to {parts.scheme}://{parts.hostname}, which is not HTTPS")


def _refused(code: int, what: str) -> EvidenceError | UsageError:
    if code in (401, 403):
        return UsageError(
            f"the Hugging Face Hub gives {what} to nobody unknown ({code}), or has no such set",
            fix=f"look at its page, accept its terms, and set {TOKEN}",
        )
    if code == 404:
        return UsageError(f"the Hugging Face Hub has no {what}", fix="OWNER/NAME as on its page")
    return EvidenceError(f"the Hugging Face Hub answers {code} for {what}")


def _broken(message: str) -> EvidenceError:
    return EvidenceError(f"the Hugging Face Hub: {message}")
