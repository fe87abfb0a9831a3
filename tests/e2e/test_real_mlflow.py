"""Runs that a real MLflow logged and a real server tells of, read without MLflow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from doubles.mlflow_server import in_mlflow, mlflow_server, needs_mlflow
from roadworthy.domain import UsageError, sha256
from roadworthy.origins import Wanted, read_foreign

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
LOGS = """\
import sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
with mlflow.start_run(run_name="first") as run:
    mlflow.log_param("depth", 3)
    for step in range(4):
        mlflow.log_metric("accuracy", 0.5 + step / 10, step=step)
    mlflow.log_text("weights", "model/weights.txt")
with mlflow.start_run(run_name="broken"):
    mlflow.log_metric("loss", float("nan"))
client = mlflow.MlflowClient()
client.create_registered_model("sorter")
made = client.create_model_version("sorter", f"{run.info.artifact_uri}/model", run.info.run_id)
client.set_registered_model_alias("sorter", "champion", made.version)
"""

pytestmark = [pytest.mark.slow, needs_mlflow]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A database that MLflow's client filled through its own server, and the server's address."""
    folder = tmp_path_factory.mktemp("mlflow")
    with mlflow_server(folder) as address:
        in_mlflow(LOGS, address, folder=folder)
        yield folder / "mlflow.db", address


def test_a_model_of_a_real_server_and_of_its_database(store: tuple[Path, str]) -> None:
    database, address = store
    for place in (address, str(database)):
        wanted = Wanted(now=NOW, models=("sorter@champion",))
        ((brought,),) = (read_foreign(place, wanted),)
        found = brought.received
        assert [(each.name, each.value) for each in found.figures] == [("accuracy", "0.8")]
        assert found.facts["params"] == {"depth": "3"}
        assert found.facts["models"][0]["aliases"] == ["champion"]
        if place == address:
            (artifact,) = found.facts["artifacts"]
            assert artifact["digest"] == sha256(b"weights")
            assert found.origin.version


def test_a_metric_that_is_nan_is_refused_by_a_real_server_too(store: tuple[Path, str]) -> None:
    database, address = store
    for place in (address, str(database)):
        with pytest.raises(UsageError) as there:
            read_foreign(place, Wanted(now=NOW))
        broken = next(part for part in there.value.fix.split("; ") if "broken:" in part)
        run = broken.rpartition("broken: ")[2].strip()
        with pytest.raises(UsageError, match="which is no number"):
            read_foreign(place, Wanted(now=NOW, runs=(run,)))
