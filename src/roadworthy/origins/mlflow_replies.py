"""What MLflow's server answers, as far as it is read; the rest of an answer is skipped unread."""

from __future__ import annotations

from msgspec import Struct, field


class Pair(Struct):
    """A parameter or a tag."""

    key: str
    value: str = ""


class Metric(Struct):
    """One value."""

    key: str
    value: float | str = 0.0
    timestamp: int = 0
    step: int = 0


class Info(Struct):
    """What a run is."""

    run_id: str
    experiment_id: str
    run_name: str = ""
    user_id: str = ""
    status: str = ""
    start_time: int = 0
    end_time: int = 0


class Data(Struct):
    """What a run logged."""

    metrics: list[Metric] = []
    params: list[Pair] = []
    tags: list[Pair] = []


class DatasetTold(Struct):
    """A data set as the run names it."""

    name: str
    digest: str
    source: str = ""


class Input(Struct):
    """A data set and what it was for."""

    dataset: DatasetTold
    tags: list[Pair] = []


class Inputs(Struct):
    """What a run read."""

    dataset_inputs: list[Input] = []


class RunTold(Struct):
    """One run."""

    info: Info
    data: Data = field(default_factory=Data)
    inputs: Inputs = field(default_factory=Inputs)


class RunAnswer(Struct):
    """Of `runs/get`."""

    run: RunTold


class RunsTold(Struct):
    """Of `runs/search`."""

    runs: list[RunTold] = []


class ModelVersion(Struct):
    """A version of a model."""

    name: str
    version: str
    run_id: str = ""
    current_stage: str = ""
    status: str = ""
    tags: list[Pair] = []


class Versions(Struct):
    """Of `model-versions/search`."""

    model_versions: list[ModelVersion] = []


class VersionAnswer(Struct):
    """Of `registered-models/alias` and `model-versions/get`."""

    model_version: ModelVersion


class Alias(Struct):
    """A name for a version."""

    alias: str
    version: str


class Model(Struct):
    """A registered model."""

    aliases: list[Alias] = []


class ModelAnswer(Struct):
    """Of `registered-models/get`."""

    registered_model: Model


class Experiment(Struct):
    """An experiment."""

    experiment_id: str
    name: str = ""


class ExperimentAnswer(Struct):
    """Of `experiments/get`."""

    experiment: Experiment


class Experiments(Struct):
    """Of `experiments/search`."""

    experiments: list[Experiment] = []


class History(Struct):
    """Of `metrics/get-history`."""

    metrics: list[Metric] = []
    next_page_token: str = ""


class File(Struct):
    """A file or folder of a run."""

    path: str
    is_dir: bool = False
    file_size: int = 0


class Files(Struct):
    """Of `artifacts/list`."""

    files: list[File] = []
    next_page_token: str = ""
