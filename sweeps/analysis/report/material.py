"""All that a report is made of, as values: frames, texts, nothing that has to be asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from sweeps.analysis.agreement import rank_agreement
from sweeps.analysis.importance import Importance
from sweeps.analysis.table import Table


@dataclass(frozen=True)
class Searched:
    """A search that stood before the ablation.

    Attributes:
        words: how it was searched, a sentence.
        milestones: epochs at which trials are halved, or would be.
        halved: whether they were.
    """

    words: str
    milestones: tuple[int, ...]
    halved: bool


@dataclass(frozen=True)
class Material:
    """What a report is made of.

    Attributes:
        table: the table.
        question: what the study asks.
        trials: one row a (trial, membership), those of the search too.
        curves: one row a (trial, epoch); may be empty.
        searched: the search, if there was one.
        recipes: of each variant, paths of its recipe and their values as text; may be empty.
        commands: what makes it again: what each command is for, and the command.
        importance: of the search's parameters, if it was asked.
        observations: what diagnostics have seen, a frame each, by their names: columns ``factor``,
            ``level``, ``baseline``, ``seed``, ``trial``, and their own.
        unseen: what they have not, a row a (``diagnostic``, ``factor``, ``level``, ``seed``), with
            why in ``words``; may be empty.
    """

    table: Table
    question: str
    trials: pd.DataFrame
    curves: pd.DataFrame = field(default_factory=pd.DataFrame)
    searched: Searched | None = None
    recipes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    commands: tuple[tuple[str, str], ...] = ()
    importance: Importance | None = None
    observations: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    unseen: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def looked_at(self) -> bool:
        """Whether diagnostics were asked to look, even if none has seen anything."""
        return bool(self.observations) or len(self.unseen) > 0

    @property
    def metric(self) -> str:
        """Column of the study's metric on validation data."""
        return f"validation/{self.table.measure.name}"

    def agreement(self) -> pd.DataFrame:
        """Return how trials of the search ranked at each rung and at their end."""
        rungs = self.searched.milestones if self.searched else ()
        return rank_agreement(self.trials, self.curves, self.metric, rungs)
