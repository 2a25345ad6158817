"""The MLflow runs of this project: one parent a study, one child a trial, found again by tag.

An experiment ``cifar-sweeps`` holds them all. A child describes a trial only; which factor and
level it stands for is kept by each study's parent (artifact ``membership.json``), since one trial
can serve several studies. A tag ``in.<study>`` on the child serves the filters of MLflow's UI.
"""

import json
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")  # a search of 1,000 runs takes 6 s
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # it bound the arguments of every call

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Run, ViewType
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

from sweeps.record.database import database_file, make_database
from sweeps.record.run_update import CURVES, RunUpdate, curves_frame

if TYPE_CHECKING:
    from sweeps.record.identity import TrialSpec

logging.getLogger("mlflow").setLevel(logging.WARNING)  # or it tells of every table it makes
logging.getLogger("mlflow.store.db").setLevel(logging.CRITICAL)  # we tell of errors, in a sentence

EXPERIMENT = "cifar-sweeps"
MEMBERSHIP = "membership.json"
RUN_NAME = "mlflow.runName"
CHANGES = "changes.diff"
_OPENING_SECONDS = 5
_PAGE = 1000
_DIGEST = 36  # characters that MLflow keeps


class Runs:
    """The runs of one tracking server or database.

    Args:
        uri: MLflow's server or database.
        artifacts: Where a new experiment keeps its artifacts; None when the server decides.
        reading: Make neither database nor experiment: without them there are no runs.

    Raises:
        ValueError: It cannot be reached, or refuses; or it is to be read and is not there.
    """

    def __init__(self, uri: str, artifacts: str | None = None, *, reading: bool = False) -> None:
        self.uri = uri
        self._absent: set[str] = set()
        self._all: set[str] | None = None
        """All trials that have a run, where that is known."""
        self._folders: dict[str, str] = {}
        """Where the artifacts of a run lie."""
        file = database_file(uri)
        if reading and file is not None and not file.exists():
            raise ValueError(
                f"there are no results in {file}; run a study first (sweeps "
                "run), or give the --storage, --state or --tracking-uri that it was run with"
            )
        try:
            with _impatient():
                if file is not None:
                    make_database(file)
                self.client = MlflowClient(uri)
                found = self.client.get_experiment_by_name(EXPERIMENT)
                self.experiment: str = found.experiment_id if found else ""
                if found is None and not reading:
                    self.experiment = self.client.create_experiment(EXPERIMENT, artifacts)
        except Exception as error:  # MLflow raises its backend's own errors
            advice = "start it, or give another --tracking-uri (without one --state has a database)"
            if file is not None:
                advice = (
                    "if the file is damaged move it away: studies that are run again train nothing "
                    "anew, and fill a new one from the journal"
                )
            raise ValueError(
                f"MLflow at {uri} does not answer: {first_line(error)}; {advice}"
            ) from None

    # ------------------------------------------------------------------ finding

    def find(self, **tags: str) -> list[Run]:
        """Return the runs that carry all of these tags, oldest first."""
        return [run for page in self._pages(tags, _PAGE) for run in page]

    def _pages(self, tags: dict[str, str], size: int) -> Iterator[list[Run]]:
        condition = " and ".join(f"tags.`{key}` = {_quoted(value)}" for key, value in tags.items())
        token = None
        while self.experiment:
            page = self.client.search_runs(
                [self.experiment], condition, ViewType.ACTIVE_ONLY, size,
                ["attributes.start_time ASC"], token,
            )  # fmt: skip
            yield list(page)
            token = page.token
            if not token:
                break

    def parent(self, study: str) -> Run | None:
        """Return the parent run of a study, if there is one."""
        return next(iter(self.find(kind="study", study=study)), None)

    def trial(self, trial: str) -> Run | None:
        """Return the run of a trial, if there is one; of several the first."""
        found = next(iter(self.find(kind="trial", trial=trial)), None)
        if found is None:
            self._absent.add(trial)
        return found

    def absent(self, trial: str) -> bool:
        """Whether a trial is known to have no run: we alone make any."""
        return trial in self._absent or (self._all is not None and trial not in self._all)

    def look_through(self, limit: int) -> None:
        """Learn which trials have a run, unless there are many more runs than ``limit``."""
        present: set[str] = set()
        for page in self._pages({"kind": "trial"}, min(limit, _PAGE)):
            if len(present) >= limit:
                return
            present |= {run.data.tags["trial"] for run in page}
        self._all = present

    # ------------------------------------------------------------------ writing

    def create_parent(self, study: str, question: str) -> str:
        """Return the id of the parent run of a study, made or found again and set RUNNING."""
        run = self.parent(study)
        if run is None:
            tags = {
                "kind": "study",
                "study": study,
                RUN_NAME: study,
                "mlflow.note.content": question,
            }
            run = self.client.create_run(self.experiment, tags=tags)
        else:
            self.client.update_run(run.info.run_id, status="RUNNING")
        return str(run.info.run_id)

    def name_data(
        self,
        run_id: str,
        name: str,
        fingerprint: str,
        source: str,
        sizes: dict[str, int] | None = None,
    ) -> None:
        """Tell MLflow which data set a run is about; saying it again changes nothing."""
        told = Dataset(
            name, fingerprint[:_DIGEST], "cifar_models", source, profile=json.dumps(sizes or {})
        )
        context = InputTag("mlflow.data.context", "training")
        self.client.log_inputs(run_id, datasets=[DatasetInput(told, [context])])

    def name_changes(self, run_id: str, changes: str) -> None:
        """Keep with a study how the checkout that ran it differed from its commit, if it did."""
        if changes:
            self.client.log_text(run_id, changes, CHANGES)

    def create_trial(
        self, trial: str, spec: "TrialSpec", parent: str, tags: dict[str, str] | None = None
    ) -> str:
        """Return the id of a new run of a trial; tags are cheapest here."""
        self._absent.discard(trial)  # also when the answer is lost and there is a run after all
        if self._all is not None:
            self._all.add(trial)
        tags = (tags or {}) | {
            "kind": "trial",
            "trial": trial,
            "signature": spec.recipe.signature,
            "seed": str(spec.seed),
            "data": spec.data,
            "status": "running",
            "mlflow.parentRunId": parent,
        }
        run = self.client.create_run(self.experiment, tags=tags)
        self._folders[run.info.run_id] = run.info.artifact_uri
        return str(run.info.run_id)

    def write(self, run_id: str, update: RunUpdate) -> None:
        """Write an update: files first, then the rest, at last the run's end.

        So a tag, or an end, says that what it speaks of is there. The same update twice is one.
        """
        if update.files:
            self._write_files(run_id, update.files)
        for points, params, tags in update.batches():
            self.client.log_batch(run_id, points, params, tags)
        if update.status is not None:
            self.client.set_terminated(run_id, update.status)

    def retire(self, trial: str) -> None:
        """Take a trial's run out of every study: it is about to be trained afresh."""
        for run in self.find(kind="trial", trial=trial):
            self.client.set_tag(run.info.run_id, "kind", "superseded")
            for tag in [tag for tag in run.data.tags if tag.startswith("in.")]:
                self.client.delete_tag(run.info.run_id, tag)
            if run.info.status == "RUNNING":
                self.client.set_terminated(run.info.run_id, "KILLED")

    def _write_files(self, run_id: str, files: dict[str, str]) -> None:
        """Write text artifacts at once; MLflow's client would ask for the run at each of them."""
        uri = self._folders.get(run_id) or self.client.get_run(run_id).info.artifact_uri
        self._folders[run_id] = uri
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                Path(folder, name).write_text(text, encoding="utf-8")
            store = get_artifact_repository(uri, tracking_uri=self.uri)
            store.log_artifacts(folder)  # type: ignore[no-untyped-call]

    # ------------------------------------------------------------------ reading

    def text(self, run: Run, path: str) -> str | None:
        """Return a text artifact of a run, None when it has none.

        On this machine's disk it is read where it lies: a download has a pool of threads each.
        """
        store = get_artifact_repository(run.info.artifact_uri, tracking_uri=self.uri)
        with tempfile.TemporaryDirectory() if _remote(store) else nullcontext() as folder:
            try:  # MLflow's client would ask for the run twice
                file = store.download_artifacts(path, folder)  # type: ignore[no-untyped-call]
                return Path(file).read_text(encoding="utf-8")
            except (MlflowException, OSError):
                return None

    def curves(self, run: Run) -> pd.DataFrame:
        """Return the curves of a trial, a row an epoch; from the history while it is running."""
        text = self.text(run, CURVES) if run.info.status == "FINISHED" else None
        if text is not None:
            return curves_frame(text)
        columns = {}
        for name in run.data.metrics:
            if not name.startswith(("final/", "best/", "test_", "epochs")):
                history = self.client.get_metric_history(run.info.run_id, name)
                columns[name] = pd.Series({point.step: point.value for point in history})
        return pd.DataFrame(columns).rename_axis("epoch").sort_index().reset_index()

    def membership(self, parent: Run) -> dict[str, Any] | None:
        """Return what a study's parent keeps of its trials."""
        text = self.text(parent, MEMBERSHIP)
        return json.loads(text) if text else None


@contextmanager
def _impatient() -> Iterator[None]:
    """Let requests fail within seconds: at the start somebody waits for a server's first word."""
    name = "MLFLOW_HTTP_REQUEST_TIMEOUT"  # read at each request
    usual = os.environ[name]
    os.environ[name] = str(min(_OPENING_SECONDS, int(usual)))
    try:
        yield
    finally:
        os.environ[name] = usual


def _remote(store: ArtifactRepository) -> bool:
    """Whether artifacts have to be fetched from elsewhere."""
    return not isinstance(store, LocalArtifactRepository)


def first_line(error: Exception) -> str:
    """Return what a sentence can say of an error: some have many lines, some no text at all."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _quoted(value: str) -> str:
    """Return a literal of MLflow's filters; a quote in it makes a name that nothing has."""
    return "'" + value.replace("'", "''") + "'"
