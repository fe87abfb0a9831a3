"""Runs of a real MLflow: from its folder, its database and its server, strictly."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doubles import mlflow_answers as real
from roadworthy.domain import Brought, EvidenceError, UsageError, canonical, sha256
from roadworthy.origins import Wanted, read_foreign

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
WEIGHTS = sha256(b"hello weights")


def one(place: object, *runs: str, models: tuple[str, ...] = ()) -> Brought:
    found = read_foreign(str(place), Wanted(now=NOW, runs=runs, models=models))
    assert found is not None
    (brought,) = found
    return brought


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return shutil.copytree(real.FILES, tmp_path / "mlruns")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return real.database(tmp_path / "mlflow.db")


def says_what_the_first_run_says(brought: Brought) -> None:
    found = brought.received
    assert (found.trust, found.title, found.system) == ("claimed", "first", "desk")
    assert [(each.name, each.value, each.what) for each in found.figures] == [
        ("accuracy", "0.8666666666666667", "last of 3 steps"), ("val/loss", "0.1234567890123", ""),
    ]  # fmt: skip
    facts = found.facts
    assert facts["params"] == {"learning_rate": "0.001", "nested/depth": "3"}
    assert facts["datasets"] == [{"name": "letters", "digest": "e19f0b95", "context": "training"}]
    assert facts["models"] == [
        {"name": "sorter", "version": "1", "stage": "None", "aliases": ["champion"]}
    ]
    assert facts["status"] == "FINISHED"
    assert facts["experiment"] == "claims"
    assert found.subject == sha256(brought.original)
    canonical(found.facts)


def test_a_run_of_the_file_store(files: Path) -> None:
    brought = one(files, real.IN_FILES["first"])
    says_what_the_first_run_says(brought)
    (artifact,) = brought.received.facts["artifacts"]
    assert (artifact["path"], artifact["digest"]) == ("model/weights.txt", WEIGHTS)
    assert "MLflow signs nothing" in brought.received.checks[0].why


def test_a_run_of_the_database(database: Path) -> None:
    brought = one(database, real.IN_DATABASE["first"])
    says_what_the_first_run_says(brought)
    assert brought.received.origin.form == "MLflow database, schema dc11669786a5"
    assert brought.received.checks[1].result == "not checked"  # they lie elsewhere


def test_artifacts_beside_the_database_are_read_and_no_others(tmp_path: Path) -> None:
    path = real.database(tmp_path / "mlflow.db")
    beside, outside = tmp_path / "mlruns" / "a", tmp_path.parent / f"{tmp_path.name}-outside"
    for folder in (beside, outside):
        folder.mkdir(parents=True)
        (folder / "weights.txt").write_bytes(b"hello weights")
    for folder, digest in ((beside, WEIGHTS), (outside, "")):
        with sqlite3.connect(path) as made:
            made.execute("update runs set artifact_uri = ?", (str(folder),))
        made.close()
        (told,) = one(path, real.IN_DATABASE["first"]).received.facts["artifacts"]
        assert told["digest"] == digest


def test_a_run_of_the_server_by_the_alias_of_a_model() -> None:
    with real.serving(real.told()) as address:
        brought = one(address, models=("sorter@champion",))
        assert one(address, models=("sorter/1",)).received.subject == brought.received.subject
    says_what_the_first_run_says(brought)
    assert brought.received.origin.version == "3.17.2"
    assert brought.received.facts["artifacts"][0]["digest"] == WEIGHTS


def test_the_variable_of_mlflow_names_the_store(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"file://{files}")
    says_what_the_first_run_says(one("mlflow", real.IN_FILES["first"]))
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    with pytest.raises(UsageError, match="MLFLOW_TRACKING_URI is not set"):
        one("mlflow", "x")


def test_without_a_name_the_runs_that_are_there_are_told(files: Path, database: Path) -> None:
    with real.serving(real.told()) as address:
        for place, ids in (
            (files, real.IN_FILES), (database, real.IN_DATABASE), (address, real.IN_DATABASE),
        ):  # fmt: skip
            with pytest.raises(UsageError, match="no run is named") as refused:
                one(place)
            assert all(each in refused.value.fix for each in ids.values())


@pytest.mark.parametrize("where", ["files", "database", "server"])
def test_a_metric_that_is_nan_is_refused_with_its_place(
    where: str, files: Path, database: Path
) -> None:
    with real.serving(real.told()) as address:
        place, ids = {
            "files": (files, real.IN_FILES), "database": (database, real.IN_DATABASE),
            "server": (address, real.IN_DATABASE),
        }[where]  # fmt: skip
        with pytest.raises(UsageError, match="which is no number") as refused:
            one(place, ids["broken"])
    named = {"files": "metrics/loss:2", "database": "table metrics", "server": address}[where]
    assert named in refused.value.message


def test_a_run_that_claims_to_be_another_is_refused(files: Path) -> None:
    meta = next(files.glob(f"*/{real.IN_FILES['first']}/meta.yaml"))
    meta.write_text(meta.read_text().replace(real.IN_FILES["first"], real.IN_FILES["second"]))
    with pytest.raises(UsageError, match="it claims to be another run"):
        one(files, real.IN_FILES["first"])


def test_a_server_that_tells_of_another_run_is_refused() -> None:
    answers = real.told()
    asked = f"/api/2.0/mlflow/runs/get?run_id={real.IN_DATABASE['first']}"
    answers[asked] = answers[asked].replace(real.IN_DATABASE["first"], "b" * 32)
    with real.serving(answers) as address, pytest.raises(EvidenceError, match="it tells of bbbb"):
        one(address, real.IN_DATABASE["first"])


def test_another_version_of_the_database_is_refused(database: Path) -> None:
    with sqlite3.connect(database) as made:
        made.execute("alter table metrics rename column is_nan to broken")
    made.close()
    with pytest.raises(UsageError, match="another version of MLflow's database"):
        one(database, real.IN_DATABASE["first"])


def test_another_version_of_the_files_is_refused(files: Path) -> None:
    meta = next(files.glob(f"*/{real.IN_FILES['first']}/meta.yaml"))
    meta.write_text(meta.read_text().replace("run_id:", "run:"))
    with pytest.raises(UsageError, match="another version of MLflow's files: no run_id"):
        one(files, real.IN_FILES["first"])


@pytest.mark.parametrize(
    "line", ["17 0.5\n", "17 0.5", "17 0.5 3", "x 0.5 1\n", "1 0.5 1 2\n", "\x00"]
)
def test_a_line_that_was_cut_off_is_named(files: Path, line: str) -> None:
    path = next(files.glob(f"*/{real.IN_FILES['first']}/metrics/accuracy"))
    path.write_text(path.read_text() + line)
    if line == "17 0.5\n":  # as MLflow 1 wrote it
        assert one(files, real.IN_FILES["first"])
    else:
        with pytest.raises(UsageError, match=r"accuracy:4: .* is no `TIME VALUE STEP`"):
            one(files, real.IN_FILES["first"])


def test_a_view_that_counts_without_end_is_stopped(database: Path) -> None:
    with sqlite3.connect(database) as made:
        made.executescript(
            "alter table tags rename to t;"
            "create view tags as with recursive n(i) as (select 1 union all select i + 1 from n)"
            " select cast(i as text) as key, 'v' as value, i || 'r' as run_uuid from n;"
        )
    made.close()
    with pytest.raises(UsageError, match="interrupted"):
        one(database, real.IN_DATABASE["first"])


def test_a_view_that_makes_texts_without_end_is_stopped(database: Path) -> None:
    with sqlite3.connect(database) as made:
        made.executescript(
            "alter table tags rename to t;"
            "create view tags as with recursive n(i) as"
            " (select 1 union all select i + 1 from n where i < 60)"
            " select cast(i as text) as key, printf('%.*c', 10000000, 'x') as value,"
            f" '{real.IN_DATABASE['first']}' as run_uuid from n;"
        )
    made.close()
    with pytest.raises(UsageError, match="a table has more than 512 MiB"):
        one(database, real.IN_DATABASE["first"])


def test_a_run_with_versions_of_models_without_end_is_refused(database: Path) -> None:
    with sqlite3.connect(database) as made:
        made.executescript(
            "alter table model_versions rename to v;"
            "create view model_versions as with recursive n(i) as"
            " (select 1 union all select i + 1 from n where i < 3000)"
            f" select 'sorter' as name, i as version, '{real.IN_DATABASE['first']}' as run_id,"
            " 'None' as current_stage, 'READY' as status from n;"
        )
    made.close()
    with pytest.raises(UsageError, match="more than 2,000 versions of models"):
        one(database, real.IN_DATABASE["first"])


def test_a_link_in_the_store_leads_nowhere(files: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("1 0.5 1")
    run = next(files.glob(f"*/{real.IN_FILES['first']}"))
    (run / "metrics" / "linked").symlink_to(secret)
    (run / "artifacts" / "linked").symlink_to(secret)
    found = one(files, real.IN_FILES["first"]).received
    assert "linked" not in {each.name for each in found.figures}
    told = {"path": "linked", "bytes": None, "digest": "", "not_read": "it is a link"}
    assert told in found.facts["artifacts"]
    assert [each["digest"] for each in found.facts["artifacts"]] == ["", WEIGHTS]
    assert found.checks[1].result == "not checked"


def test_a_server_that_pages_without_end_is_left() -> None:
    answers = real.told()
    asked = f"/api/2.0/mlflow/artifacts/list?run_id={real.IN_DATABASE['first']}"
    assert asked in answers
    for place, token in (
        (asked, "a"),
        (f"{asked}&page_token=a", "b"),
        (f"{asked}&page_token=b", "a"),
    ):
        answers[place] = f'{{"files": [], "next_page_token": "{token}"}}'
    seen: list[str] = []
    with real.serving(answers, seen) as address:
        found = one(address, real.IN_DATABASE["first"]).received
    assert len(seen) < 50
    assert found.checks[1].why == "no artifact was found"


@pytest.mark.parametrize("part", ["params", "tags", "metrics", "artifacts", "inputs"])
def test_a_part_of_a_run_that_is_a_link_leads_nowhere(
    files: Path, tmp_path: Path, part: str
) -> None:
    outside = tmp_path / "outside"
    (outside / "a").mkdir(parents=True)
    for name in ("secret", "meta.yaml", "a/meta.yaml"):
        (outside / name).write_text("1 0.5 1\n" if part == "metrics" else "source_type: DATASET\n")
    run = next(files.glob(f"*/{real.IN_FILES['first']}"))
    shutil.rmtree(run / part)
    (run / part).symlink_to(outside)
    brought = one(files, real.IN_FILES["first"])
    assert b"secret" not in brought.original
    assert "secret" not in {each.name for each in brought.received.figures}
    assert not brought.received.facts.get("datasets") or part != "inputs"
    if part == "artifacts":
        assert brought.received.checks[1].why == "1 of 1 not read: it is a link"


@pytest.mark.parametrize("linked", ["meta.yaml", "datasets"])
def test_what_describes_a_run_is_read_through_no_link(
    files: Path, tmp_path: Path, linked: str
) -> None:
    run = next(files.glob(f"*/{real.IN_FILES['first']}"))
    place = run / linked if linked == "meta.yaml" else run.parent / linked
    place.rename(tmp_path / "outside")
    place.symlink_to(tmp_path / "outside")
    with pytest.raises(UsageError, match="is a link, or lies behind one"):
        one(files, real.IN_FILES["first"])


def test_a_store_that_is_named_by_a_link_is_read(files: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(files)
    says_what_the_first_run_says(one(tmp_path / "link", real.IN_FILES["first"]))


@pytest.mark.parametrize(
    "address", ["http://", "http://u:p@h", "https://h/?token=1", "http://[::1", "http://[x]/"]
)
def test_an_address_holds_a_host_and_no_secret(address: str) -> None:
    with pytest.raises(UsageError):
        one(address, "x")


def test_a_secret_never_leaves_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "hush")
    with pytest.raises(UsageError, match="a secret leaves by HTTPS only"):
        one("http://mlflow.example:5000", "x")
    seen: list[str] = []
    with real.serving(real.told(), seen) as address:
        one(address, real.IN_DATABASE["second"])
    assert set(seen) == {"Bearer hush"}  # this machine to itself


def test_an_answer_that_was_cut_off_is_an_error() -> None:
    answers = real.told()
    asked = f"/api/2.0/mlflow/runs/get?run_id={real.IN_DATABASE['first']}"
    answers[asked] = answers[asked][:200]
    with real.serving(answers) as address, pytest.raises(EvidenceError, match="cut off"):
        one(address, real.IN_DATABASE["first"])


def test_the_same_run_has_the_same_digest_wherever_it_lies(files: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(files, tmp_path / "elsewhere")
    first = one(files, real.IN_FILES["first"])
    assert one(moved, real.IN_FILES["first"]).received.subject == first.received.subject


@given(st.binary(max_size=300))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_file_of_the_store_holds_it_is_read_or_refused(
    tmp_path: Path, data: bytes
) -> None:
    folder = tmp_path / "fuzz"
    if not folder.exists():
        shutil.copytree(real.FILES, folder)
    run = next(folder.glob(f"*/{real.IN_FILES['first']}"))
    for name in ("meta.yaml", "metrics/accuracy", "tags/mlflow.user"):
        kept = (run / name).read_bytes()
        (run / name).write_bytes(data)
        with contextlib.suppress(UsageError):
            one(folder, real.IN_FILES["first"])
        (run / name).write_bytes(kept)
