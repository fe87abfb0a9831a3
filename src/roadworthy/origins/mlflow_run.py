"""A run of MLflow, wherever it was read, and what it is here: a claim with figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct, field, structs

from roadworthy.domain import (
    Brought,
    Checked,
    Origin,
    Received,
    ToldFigure,
    UsageError,
    canonical,
    decimal,
    sha256,
)

from .source import clean

SYSTEM = "roadworthy.system"
"""The tag by which a run says which system it is about."""
MOST_RUNS = 12
"""Runs that an error lists."""
MOST_POINTS = 500_000
"""Values of metrics of one run; the history is held whole."""
MOST_NAMES = 2_000
"""Names of metrics, parameters or tags of one run; artifacts, data sets and versions, too."""


class NotThereError(UsageError):
    """A store holds no such run, model, version or alias."""


class Point(Struct, frozen=True, kw_only=True):
    """One value of a metric."""

    name: str
    value: float
    step: int
    time: int
    """Milliseconds since 1970."""
    where: str
    """File and line, table or address."""


class Artifact(Struct, frozen=True, kw_only=True):
    """A file of a run; without a digest it was not read, and `why` says so."""

    path: str
    bytes: int = 0
    digest: str = ""
    why: str = ""


class Version(Struct, frozen=True, kw_only=True):
    """A version of a registered model that came out of a run."""

    name: str
    version: str
    stage: str = ""
    aliases: tuple[str, ...] = ()
    status: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


class Dataset(Struct, frozen=True, kw_only=True):
    """What a run says it read. Its digest is MLflow's own: eight characters, computed there."""

    name: str
    digest: str
    source: str = ""
    context: str = ""


class Run(Struct, frozen=True, kw_only=True):
    """What MLflow tells of one run."""

    run_id: str
    experiment: str
    name: str
    status: str
    user: str = ""
    started_ms: int = 0
    ended_ms: int = 0
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    points: tuple[Point, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    versions: tuple[Version, ...] = ()
    artifacts: tuple[Artifact, ...] = ()


class Store(Protocol):
    """A folder, a database or a server of MLflow."""

    form: str
    version: str
    place: str

    def names(self, most: int) -> Sequence[tuple[str, str]]:
        """Ids and names of its runs, the newest first."""

    def run(self, run_id: str) -> Run:
        """One run, whole. Raises UsageError when it is not there or cannot be read."""

    def run_of(self, model: str, version: str, alias: str) -> str:
        """The run that a version of a model came from. Raises UsageError."""


def chosen(store: Store, runs: Sequence[str], models: Sequence[str]) -> list[str]:
    """The ids that are meant. Raises UsageError with those that are there when none is named."""
    wanted = [*runs, *(_run_of(store, each) for each in models)]
    if wanted:
        return list(dict.fromkeys(wanted))
    raise UsageError(f"{store.place}: no run is named", fix=offered(store))


def offered(store: Store) -> str:
    """How to name a run, and the newest that are there."""
    there = store.names(MOST_RUNS)
    listed = "; ".join(f"{clean(name) or 'no name'}: {run_id}" for run_id, name in there)
    return f"--run ID or --model NAME@ALIAS (NAME/VERSION); the newest: {listed or 'none'}"


def _run_of(store: Store, told: str) -> str:
    name, at, alias = told.partition("@")
    version = ""
    if not at:
        name, _, version = told.rpartition("/")
    if not name or not (version or alias):
        raise UsageError(f"{told!r} names no version of a model", fix="NAME@ALIAS or NAME/VERSION")
    return store.run_of(name, version, alias)


def brought(run: Run, store: Store) -> Brought:
    """The run as evidence. Raises UsageError for a metric that is no number."""
    _require_bounded(run, store)
    figures = _figures(run, store)
    told = structs.asdict(run)  # where a value was read is no part of what MLflow says
    told["points"] = [(each.name, each.step, each.time, each.value) for each in run.points]
    original = canonical(told)
    named = [each for each in run.artifacts if each.digest]
    return Brought(
        received=Received(
            origin=Origin(
                tool="mlflow",
                version=clean(store.version),
                form=store.form,
                place=store.place,
                exported_at=_instant(run.ended_ms or run.started_ms),
            ),
            id=run.run_id,
            title=clean(run.name) or run.run_id,
            subject=sha256(original),
            trust="claimed",
            by=f"MLflow {clean(store.version)}".strip(),
            system=clean(run.tags.get(SYSTEM, "")),
            figures=figures,
            facts=_facts(run),
            checks=(
                Checked(what="signature", result="not checked", why="MLflow signs nothing"),
                _digests(run, named),
            ),
            notes=_notes(run),
            one_system=True,
        ),
        original=original,
    )


def _require_bounded(run: Run, store: Store) -> None:
    for what, number, most in (
        ("values of metrics", len(run.points), MOST_POINTS),
        ("parameters", len(run.params), MOST_NAMES),
        ("tags", len(run.tags), MOST_NAMES),
        ("artifacts", len(run.artifacts), MOST_NAMES),
        ("data sets", len(run.datasets), MOST_NAMES),
        ("versions of models", len(run.versions), MOST_NAMES),
    ):
        if number > most:
            raise UsageError(f"{store.place}: run {run.run_id} has more than {most:,} {what}")


def _figures(run: Run, store: Store) -> tuple[ToldFigure, ...]:
    last: dict[str, Point] = {}
    count: dict[str, int] = {}
    for point in run.points:
        if not math.isfinite(point.value):
            raise UsageError(
                f"{point.where}: metric {clean(point.name)!r} is {point.value} at step"
                f" {point.step}, which is no number",
                fix="log the metric again as a number, or leave it out of the run",
            )
        count[point.name] = count.get(point.name, 0) + 1
        before = last.get(point.name)
        if before is None or (point.step, point.time) >= (before.step, before.time):
            last[point.name] = point
    if len(last) > MOST_NAMES:
        raise UsageError(f"{store.place}: run {run.run_id} has more than {MOST_NAMES:,} metrics")
    return tuple(
        ToldFigure(name=clean(name), value=decimal(point.value),
                      what=f"last of {count[name]} steps" if count[name] > 1 else "")
        for name, point in sorted(last.items())
    )  # fmt: skip


def _facts(run: Run) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "experiment": clean(run.experiment),
        "status": clean(run.status),
        "started": _instant(run.started_ms),
        "params": {clean(name): clean(value) for name, value in sorted(run.params.items())},
        "datasets": [
            {"name": clean(one.name), "digest": clean(one.digest), "context": clean(one.context)}
            for one in run.datasets
        ],
        "models": [
            {"name": clean(one.name), "version": clean(one.version), "stage": clean(one.stage),
             "aliases": [clean(each) for each in one.aliases]}
            for one in run.versions
        ],
        "artifacts": [
            {"path": clean(one.path), "bytes": one.bytes if one.bytes or one.digest else None,
             "digest": one.digest, "not_read": one.why}
            for one in run.artifacts
        ],
    }  # fmt: skip
    return {name: value for name, value in facts.items() if value}


def _digests(run: Run, named: Sequence[Artifact]) -> Checked:
    what = "digests of artifacts"
    if not run.artifacts:
        return Checked(what=what, result="not checked", why="no artifact was found")
    if len(named) < len(run.artifacts):
        why = next(each.why for each in run.artifacts if not each.digest)
        return Checked(
            what=what, result="not checked",
            why=f"{len(run.artifacts) - len(named)} of {len(run.artifacts)} not read: {why}",
        )  # fmt: skip
    return Checked(
        what=what,
        result="holds",
        why=f"{len(named)} files as they are now: MLflow keeps none",
    )


def _notes(run: Run) -> tuple[str, ...]:
    notes = []
    if run.status != "FINISHED":
        notes.append(f"the run did not finish: {clean(run.status) or 'it says no status'}")
    if not run.points:
        notes.append("the run has no metric")
    return tuple(notes)


def _instant(milliseconds: int) -> str:
    """An instant, to the second; empty where there is none that a calendar has."""
    import datetime as dt

    if not 0 < milliseconds < 253_402_300_800_000:
        return ""
    moment = dt.datetime.fromtimestamp(milliseconds // 1000, tz=dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
