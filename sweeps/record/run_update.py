"""What a run of MLflow is to get, gathered first: one call for all of it instead of ten."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from mlflow.entities import Metric, Param, RunTag

from sweeps.record.journal import Event, TrialRecord

if TYPE_CHECKING:
    from sweeps.record.identity import TrialSpec

CURVES = "curves.csv"
RECIPE = "recipe.yaml"
SPEC = "trial.json"
COMPONENTS = "components.py"
"""The user's own file, with trials whose recipe needs it."""
DESCRIBED = "described"
"""Tag of a trial's run that has its parameters and artifacts: a crash may come before."""
_POINTS_A_CALL = 800
_PARAMS_A_CALL = 100

Batch = tuple[list[Metric], list[Param], list[RunTag]]


@dataclass
class RunUpdate:
    """Parameters, points, tags and files of one run, and how it ends, if it does."""

    params: list[Param] = field(default_factory=list)
    points: list[Metric] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    status: str | None = None
    """MLflow's word for the end."""

    def describe(self, spec: "TrialSpec") -> "RunUpdate":
        """Add a trial's recipe as parameters and as artifacts, and the tag that says so."""
        from search_spaces.source_digest import own_source  # imports torch: readers do without

        values = spec.recipe.to_plain()
        values |= {"seed": spec.seed, "numerics": spec.numerics.model_dump()}
        self.params += [Param(key, str(value)[:6000]) for key, value in flatten(values).items()]
        self.files |= {RECIPE: spec.recipe.to_yaml(), SPEC: json.dumps(spec.to_json())}
        source = own_source(spec.recipe)
        self.files |= {COMPONENTS: source} if source else {}
        self.tags[DESCRIBED] = "true"
        return self

    def epochs(self, results: list[Event]) -> "RunUpdate":
        """Add epoch results, the epoch as step; the same point twice is one point.

        The newest come first: MLflow rewrites a metric's latest value at every newer point.
        """
        self.points += [
            Metric(name, value, int(result["time"] * 1000), result["epoch"])
            for result in reversed(results)
            for name, value in result["metrics"].items()
        ]
        return self

    def end(self, record: TrialRecord) -> "RunUpdate":
        """Add ``final/*`` and ``best/*``, the curves as one file, and the run's end."""
        if record.results:
            for rule in ("last", "best"):
                result = record.selected(rule)
                at = int(record.results[record.epochs]["time"] * 1000)
                self.points += [
                    Metric(f"{'final' if rule == 'last' else rule}/{name}", value, at, 0)
                    for name, value in result["metrics"].items()
                    if name.startswith(("validation/", "train/"))
                ]
            self.files[CURVES] = curves_csv(record)
        self.points.append(Metric("epochs", record.epochs, 0, 0))
        self.tags |= {"status": record.status, "reason": record.reason[:5000]}
        self.tags |= {name: str(value) for name, value in record.facts.items()}
        self.status = _run_status(record.status)
        return self

    def tests(self, record: TrialRecord) -> "RunUpdate":
        """Add the one last evaluation on the test images: ``test_<rule>/<metric>``."""
        self.points += [
            Metric(f"test_{rule}/{name}", value, 0, 0)
            for rule, metrics in record.tests.items()
            for name, value in metrics.items()
        ]
        return self

    def batches(self) -> Iterator[Batch]:
        """Yield what one call of MLflow's takes each; the tags come last."""
        tags = [RunTag(key, value) for key, value in self.tags.items()]
        calls = max(
            ceil(len(self.points) / _POINTS_A_CALL),
            ceil(len(self.params) / _PARAMS_A_CALL),
            bool(tags),
        )
        for number in range(calls):
            points = self.points[number * _POINTS_A_CALL :][:_POINTS_A_CALL]
            params = self.params[number * _PARAMS_A_CALL :][:_PARAMS_A_CALL]
            yield points, params, tags if number == calls - 1 else []


def curves_csv(record: TrialRecord) -> str:
    """Return a trial's curves at full precision: epoch, time, metrics."""
    rows = [
        {"epoch": epoch, "time": result["time"]} | result["metrics"]
        for epoch, result in sorted(record.results.items())
    ]
    text = io.StringIO()
    names = dict.fromkeys(name for row in rows for name in row)
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def curves_frame(text: str) -> pd.DataFrame:
    """Return what `curves_csv` wrote, bit for bit; a hole is NaN."""
    names, *rows = csv.reader(io.StringIO(text))  # pandas 3.0 rounds, and takes 20 times as long
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return pd.DataFrame(
        {
            name: np.array([value or "nan" for value in column], int if name == "epoch" else float)
            for name, column in zip(names, columns, strict=True)
        }
    )


def flatten(value: Any, prefix: str = "") -> dict[str, Any]:
    """Return nested plain data as dotted keys, few of them.

    A list of components has their names for its value, and the fields of each under its name; a
    list of plain values is one text. Empty lists and mappings are themselves.
    """
    items: Any = ()
    flat: dict[str, Any] = {}
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value):
        items = list(enumerate(value))
        names = [inner["name"] for inner in value if isinstance(inner, dict) and "name" in inner]
        if len(set(names)) == len(value):
            flat[prefix] = f"[{', '.join(names)}]"
            rest = ({k: v for k, v in inner.items() if k != "name"} for inner in value)
            items = [(name, fields) for name, fields in zip(names, rest, strict=True) if fields]
    for key, inner in items:
        flat |= flatten(inner, f"{prefix}.{key}" if prefix else str(key))
    return flat or {prefix: value}


def _run_status(status: str) -> str:
    """Return MLflow's word: an early stop or a divergence is an outcome, not a failure."""
    return {"failed": "FAILED", "interrupted": "KILLED"}.get(status, "FINISHED")
