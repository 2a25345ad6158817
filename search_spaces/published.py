"""What published reports printed, by the ids of the studies that run them again."""

from functools import cache
from importlib import resources
from statistics import fmean
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, model_validator

from cifar_models.component import Frozen, nearest

FORMAT = 1

Kind = Literal["study", "diagnostic", "benchmark", "citation", "property"]


class Report(Frozen):
    """A source of printed numbers, and how it came by them."""

    data: str
    topic: str
    chosen_on: Literal["test", "validation"]
    """Where its authors looked for the best epoch and the best level."""
    seeds: Annotated[int, Field(gt=0)]
    """Trials behind each number."""
    hardware: str = ""


class Published(Frozen):
    """One result of a report.

    ``printed`` has numbers by level and measure: ``accuracy``, ``macro_f1`` and ``loss`` on test
    images, the same with ``validation_`` or ``train_`` before them, ``seconds``, ``parameters``.
    """

    id: str
    kind: Kind
    where: str
    printed: dict[str, dict[str, float]] = Field(default_factory=dict)
    by_seed: dict[str, dict[str, Annotated[tuple[float, ...], Field(min_length=2)]]] = Field(
        default_factory=dict
    )
    """The numbers of each seed, where they were printed; ``printed`` then has their means."""
    command: str = ""
    note: str = ""

    @model_validator(mode="before")
    @classmethod
    def _with_means(cls, data: dict[str, Any]) -> dict[str, Any]:
        means = {
            level: {measure: fmean(values) for measure, values in measures.items()}
            for level, measures in data.get("by_seed", {}).items()
        }
        return {**data, "printed": {**data.get("printed", {}), **means}}

    @property
    def report(self) -> Report:
        """The report that printed it."""
        return reports()[self.id.partition("_")[0]]


@cache
def published() -> dict[str, Published]:
    """Return all results by id, in the order of the reports."""
    results = (Published.model_validate(entry) for entry in _data()["results"])
    return {result.id: result for result in results}


@cache
def reports() -> dict[str, Report]:
    """Return the reports by letter."""
    return {name: Report.model_validate(report) for name, report in _data()["reports"].items()}


def find(name: str) -> Published:
    """Return one result.

    Raises:
        ValueError: No report has it.
    """
    if name not in published():
        raise ValueError(f"no report has {name!r}: {nearest(name, published())}")
    return published()[name]


@cache
def _data() -> dict[str, Any]:
    text = resources.files("search_spaces").joinpath("published.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(text)
    assert data["format"] == FORMAT
    return data
