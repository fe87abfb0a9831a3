"""A run of GitHub Actions that somebody downloaded: its jobs, test results, findings, attestations.

In: the answer of `GET /repos/OWNER/REPO/actions/runs/ID/jobs` as a file, alone or in a folder with
the run itself, JUnit XML, SARIF and bundles. Out: the run as a claim (GitHub signs no such answer),
and each attestation apart, for it is signed. Never: jobs of two runs, a page of several.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field, structs

from roadworthy.domain import (
    Brought,
    Checked,
    ImportedFile,
    Origin,
    Received,
    ToldFigure,
    UsageError,
    canonical,
    sha256,
)

from . import junit, sarif
from .source import Limits, Source, clean, decode, instant, opened
from .wanted import Wanted

FORM = "GitHub REST API, jobs of a run (2022-11-28)"
_RUN = re.compile(
    r"https?://[^/]{1,200}(?:/api/v3)?/repos/([^/]{1,100}/[^/]{1,100})/actions/runs/(\d{1,20})"
)
_LIMITS = Limits(document=256 << 20, streamed=512 << 20, files=500)
_MOST_JOBS = 5_000
_KEPT, _KEPT_IN_ALL = 64 << 20, 512 << 20
"""Bytes of a file, and of all of a run, whose originals are kept."""
_CONCLUSIONS = frozenset((
    "success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required",
    "stale", "startup_failure",
))  # fmt: skip


class _Job(Struct):
    run_id: int
    run_url: str
    name: str
    status: str
    head_sha: str = ""
    conclusion: str | None = None
    completed_at: str | None = None
    workflow_name: str | None = None
    run_attempt: int = 1


class _Jobs(Struct):
    total_count: int
    jobs: list[_Job]


class _Repository(Struct):
    full_name: str


class _Run(Struct):
    id: int
    head_sha: str
    repository: _Repository
    event: str = ""
    head_branch: str | None = None
    updated_at: str = ""


class _Read(Struct, kw_only=True):
    """What a folder holds."""

    jobs: _Jobs | None = None
    run: _Run | None = None
    figures: list[ToldFigure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tools: list[str] = field(default_factory=list)
    files: list[ImportedFile] = field(default_factory=list)
    originals: list[bytes] = field(default_factory=list)
    bundles: list[Path] = field(default_factory=list)


def is_jobs(head: bytes) -> bool:
    """Whether a file begins as the jobs of a run."""
    return b'"jobs"' in head and b'"total_count"' in head


def jobs_in(folder: Path) -> bool:
    """Whether a folder holds the jobs of a run."""
    return any(
        each.is_file() and not each.is_symlink() and is_jobs(_head(each))
        for each in sorted(folder.glob("*.json"))[: _LIMITS.files]
    )


def _head(path: Path) -> bytes:
    with opened(path, _LIMITS) as source:
        return source.head(1 << 16)


def read_run(place: Path, wanted: Wanted) -> list[Brought]:
    """The run, then its attestations.

    Raises UsageError for what contradicts itself or is another version, VerificationError for an
    attestation that does not hold.
    """
    found = _Read()
    paths = _files(place) if place.is_dir() else [place]
    for path in paths:
        with opened(path, _LIMITS) as source:
            _take(source, found)
    return _brought(place, found, wanted)


def _files(folder: Path) -> list[Path]:
    every = [each for each in sorted(folder.rglob("*")) if each.is_file() and not each.is_symlink()]
    if len(every) > _LIMITS.files:
        raise UsageError(f"{folder} holds more than {_LIMITS.files} files")
    return every


def _take(source: Source, found: _Read) -> None:
    """One file, by what is in it; what no reader knows is hashed alone."""
    head = source.head(1 << 16)
    stripped = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if source.path.suffix == ".xml" and stripped.startswith(b"<"):
        tests = junit.read_junit(source)
        found.figures += junit.figures_of(tests)
        if tests.said not in (0, tests.cases):
            found.notes.append(
                f"{clean(source.path.name)} says {tests.said} tests and holds {tests.cases}"
            )
    elif b"vnd.dev.sigstore.bundle" in head:
        found.bundles.append(source.path)
        source.whole()
    elif is_jobs(head):
        if found.jobs is not None:
            raise source.fault("a second list of jobs", "keep the files of one run in a folder")
        found.jobs = decode(source.whole(), _Jobs, str(source.path))
    elif sarif.is_sarif(head) or source.path.suffix == ".sarif":
        findings = sarif.read_sarif(source)
        found.tools += findings.tools
        found.figures += sarif.figures_of(findings)
    elif b'"workflow_id"' in head and b'"head_sha"' in head and b'"repository"' in head:
        found.run = decode(source.whole(), _Run, str(source.path))
    else:
        source.seekable()
    room = min(_KEPT, _KEPT_IN_ALL - sum(map(len, found.originals)))
    found.originals.append(source.whole() if source.size <= room else b"")
    found.files.append(source.described())


def _brought(place: Path, found: _Read, wanted: Wanted) -> list[Brought]:
    from .bundle import read_bundle

    beside = {each.digest: each.name for each in found.files}
    told: list[Brought] = []
    repository, commit = "", ""
    if found.jobs is not None:
        told.append(_run(place, found))
        repository = told[0].received.facts["repository"]
        commit = told[0].received.facts["commit"]
    for path in found.bundles:
        with opened(path, _LIMITS) as source:
            brought, about = read_bundle(source, wanted, beside)
        named = about.repository.partition("://")[2].partition("/")[2]
        for what, theirs, ours in (
            ("commit", about.commit, commit),
            ("repository", named, repository),
        ):
            if theirs and ours and theirs != ours:
                raise source.fault(f"it attests {what} {theirs}, and the run is of {ours}")
        told.append(brought)
    return told


def _run(place: Path, found: _Read) -> Brought:
    jobs = found.jobs
    if jobs is None or not jobs.jobs or len(jobs.jobs) > _MOST_JOBS:
        raise UsageError(f"{place}: the run has no job, or more than {_MOST_JOBS:,}")
    if jobs.total_count != len(jobs.jobs):
        raise UsageError(
            f"{place}: {len(jobs.jobs)} of {jobs.total_count} jobs: a page of several",
            fix="fetch them all (`?per_page=100`, or `gh api --paginate`)",
        )
    repository, run_id, commit = _one_run(place, jobs.jobs)
    run = found.run
    if run is not None and (str(run.id), run.head_sha, run.repository.full_name) != (
        run_id, commit, repository,
    ):  # fmt: skip
        raise UsageError(
            f"{place}: the run is {run.id} of {clean(run.repository.full_name)}, and the jobs are"
            f" of run {run_id} of {repository}",
            fix="keep the files of one run in a folder",
        )
    listing = canonical([structs.asdict(each) for each in found.files])
    ended = max((each.completed_at or "" for each in jobs.jobs), default="")
    return Brought(
        received=Received(
            origin=Origin(
                tool="github-actions", form=FORM, place=place.name or str(place),
                exported_at=instant(ended, str(place)) if ended else "",
            ),
            id=f"{repository}/actions/runs/{run_id}",
            title=f"{clean(jobs.jobs[0].workflow_name or 'a workflow')}, run {run_id}",
            subject=sha256(listing) if len(found.files) > 1 else found.files[0].digest,
            trust="claimed",
            by=f"GitHub Actions of {repository}",
            figures=(*_counts(jobs.jobs), *found.figures),
            facts=_facts(repository, commit, jobs.jobs, found),
            checks=(
                Checked(
                    what="signature", result="not checked", why="GitHub signs no answer of its API",
                ),
                Checked(what="all jobs of the run", result="holds", why=f"{jobs.total_count}"),
            ),
            files=tuple(found.files),
            notes=(*found.notes, *_open(jobs.jobs), *_not_kept(found)),
            one_system=True,
        ),
        original=listing if len(found.files) > 1 else found.originals[0],
        files=tuple(each for each in found.originals if each),
    )  # fmt: skip


def _one_run(place: Path, jobs: Sequence[_Job]) -> tuple[str, str, str]:
    """Whose run it is. Raises UsageError for jobs of two."""
    named = set()
    for job in jobs:
        match = _RUN.fullmatch(job.run_url)
        if match is None or match[2] != str(job.run_id):
            raise UsageError(f"{place}: job {clean(job.name)!r} names no run, or another one")
        if job.conclusion is not None and job.conclusion not in _CONCLUSIONS:
            raise UsageError(
                f"{place}: job {clean(job.name)!r} ended {clean(job.conclusion)!r}, which is"
                " another version of the answer"
            )
        named.add((match[1], match[2], job.head_sha))
    if len(named) != 1:
        raise UsageError(f"{place}: jobs of {len(named)} runs or commits", fix="give those of one")
    repository, run_id, commit = next(iter(named))
    return clean(repository), run_id, clean(commit)


def _counts(jobs: Sequence[_Job]) -> list[ToldFigure]:
    good = sum(job.conclusion == "success" for job in jobs)
    skipped = sum(job.conclusion == "skipped" for job in jobs)
    told = {"jobs succeeded": good, "jobs skipped": skipped}
    told["jobs that did not succeed"] = len(jobs) - good - skipped
    return [ToldFigure(name=name, value=str(value), n=len(jobs)) for name, value in told.items()]


def _facts(repository: str, commit: str, jobs: Sequence[_Job], found: _Read) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "repository": repository,
        "commit": commit,
        "attempt": max(job.run_attempt for job in jobs),
        "event": clean(found.run.event) if found.run else "",
        "branch": clean(found.run.head_branch or "") if found.run else "",
        "jobs": [
            {"name": clean(job.name), "conclusion": job.conclusion or job.status} for job in jobs
        ],
        "analysers": found.tools,
    }
    return {name: value for name, value in facts.items() if value or name in ("commit",)}


def _open(jobs: Sequence[_Job]) -> list[str]:
    waiting = [clean(job.name) for job in jobs if job.conclusion is None]
    return [f"{len(waiting)} jobs had not ended: {', '.join(waiting[:5])}"] if waiting else []


def _not_kept(found: _Read) -> list[str]:
    large = [
        one.name
        for one, data in zip(found.files, found.originals, strict=True)
        if one.bytes > len(data)
    ]
    if not large:
        return []
    return [f"{len(large)} files are too large to be kept here: keep {', '.join(large[:5])}"]
