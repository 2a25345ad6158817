"""What is left of a study in its files: read from them alone, and held against each other."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
from mlflow.entities import Run

from cifar_models.datasets import Shapes
from cifar_models.recipe import Recipe
from cifar_models.splits import partition
from cifar_models.training import train
from search_spaces.loading import load_study
from search_spaces.study import Study
from sweeps.execution.asha import Asha
from sweeps.execution.suggestions import open_suggestions
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import TrialRecord, read_events, read_records
from sweeps.record.mlflow_runs import Runs
from tests.certification.studies import VALIDATION

TIMINGS = ("seconds", "images_per_second", "peak_memory")


@dataclass(frozen=True)
class Evidence:
    """The files of a study that has ended."""

    folder: Path

    @property
    def state(self) -> Path:
        """Journal and databases."""
        return self.folder / "runs"

    @property
    def study(self) -> Study:
        """What was asked."""
        return load_study(str(self.folder / "certified.py"))[0]

    def records(self) -> dict[str, TrialRecord]:
        """Return what the journal knows."""
        return read_records(self.state)

    def outcome(self) -> dict[str, Any]:
        """Return every status, curve and test metric by trial, timings left out."""
        return {
            trial: {
                "status": known.status,
                "curve": {e: untimed(r["metrics"]) for e, r in sorted(known.results.items())},
                "tests": known.tests,
            }
            for trial, known in self.records().items()
        }

    def told(self) -> list[tuple[Any, ...]]:
        """Return what Optuna has of each trial, in the order in which it was asked."""
        return [(t.number, t.params, t.state.name, t.value, t.intermediate_values)
                for t in self.suggestions()]  # fmt: skip

    def suggestions(self) -> list[optuna.trial.FrozenTrial]:
        """Return Optuna's trials."""
        path = self.state / "optuna.jsonl"
        if not path.exists():
            return []
        storage = open_suggestions(str(path), reading=True)
        (name,) = optuna.get_all_study_names(storage)
        return optuna.load_study(study_name=name, storage=storage).get_trials()

    def runs(self) -> list[Run]:
        """Return MLflow's runs, the study's own and those of trials."""
        runs = Runs(f"sqlite:///{self.state / 'mlflow.db'}", reading=True)
        return [*runs.find(kind="trial"), *runs.find(kind="study")]

    def table(self) -> str:
        """Return the table without the column of seconds."""
        lines = (self.state / "studies" / "certified" / "table.csv").read_text().splitlines()
        heads = lines[0].split(",")
        timed = {place for place, head in enumerate(heads) if "seconds" in head}
        rows = (enumerate(line.split(",")) for line in lines)
        return "\n".join(
            ",".join(cell for place, cell in row if place not in timed) for row in rows
        )

    # ------------------------------------------------------------------ what kills may cost

    def epochs_trained(self) -> int:
        """Return how often an epoch was trained and validated, by whichever worker."""
        lines = (self.folder / "evaluations").read_text().split()
        return lines.count(str(VALIDATION))

    def epochs_recorded(self) -> int:
        """Return the distinct epochs that the journal has."""
        return sum(len(known.results) for known in self.records().values())

    def thrown_back(self) -> int:
        """Return how often a trial went on from before the last epoch that the journal had."""
        last: Counter[str] = Counter()
        times = 0
        for event in read_events(self.state / "journal.jsonl"):
            if event["event"] == "result":
                times += event["epoch"] < last[event["trial"]]
                last[event["trial"]] = event["epoch"]
        return times

    def duplicates(self) -> int:
        """Return how many runs MLflow has beyond one a trial."""
        counts = Counter(run.data.tags.get("trial") for run in self.runs())
        return sum(counts.values()) - len(counts)

    def lost(self) -> int:
        """Return how many trials or epochs of the journal MLflow lacks."""
        epochs = {
            run.data.tags["trial"]: int(run.data.metrics.get("epochs", -1))
            for run in self.runs()
            if "trial" in run.data.tags
        }
        known = {trial: r.epochs for trial, r in self.records().items() if r.status != "pending"}
        return sum(epochs.get(trial) != number for trial, number in known.items())

    # ------------------------------------------------------------------ an asynchronous search

    def decisions(self) -> list[tuple[str, int, bool, bool]]:
        """Return trial and epoch, and whether ASHA stopped it there: as recorded, and replayed.

        A new ASHA is told the results in the order of the journal, that of the decisions.
        """
        study = self.study
        assert study.search is not None
        metric = "validation/accuracy"
        bracket = Asha(study.search, study.base.epochs, metric, higher_is_better=True)._brackets[0]
        searched = {suggestion.user_attrs["trial"] for suggestion in self.suggestions()}
        found = []
        for event in read_events(self.state / "journal.jsonl"):
            if event["event"] == "result" and event["trial"] in searched:
                trial: Any = SimpleNamespace(trial_id=event["trial"])
                decided = bracket.on_result(trial, event["epoch"], event["metrics"][metric])
                if event["status"] != "finished":
                    stopped = event["status"] == "stopped"
                    found.append((event["trial"], event["epoch"], stopped, decided == "STOP"))
        return found


def untimed(metrics: dict[str, float]) -> dict[str, float]:
    """Return metrics without those that no two trainings share."""
    return {name: value for name, value in metrics.items() if name not in TIMINGS}


def trained_alone(record: TrialRecord) -> dict[int, dict[str, float]]:
    """Train a trial of the journal once more, without Ray, and return its curve."""
    spec = TrialSpec.from_json(record.spec)
    recipe: Recipe = spec.recipe
    assert isinstance(recipe.dataset, Shapes)
    data = recipe.dataset.build(None)
    parts = partition(data, recipe.split)
    training = train(
        recipe, spec.seed, parts.train, parts.validation, spec.numerics, len(data.classes)
    )
    return {result.epoch: untimed(result.metrics) for result in training}


def recorded(record: TrialRecord) -> dict[int, dict[str, float]]:
    """Return a trial's curve as the journal has it."""
    return {epoch: untimed(r["metrics"]) for epoch, r in sorted(record.results.items())}


def as_json(value: Any) -> str:
    """Return a value so that two can be compared exactly, and a difference be read."""
    return json.dumps(value, sort_keys=True, indent=1)
