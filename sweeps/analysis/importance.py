"""Which parameters of a search mattered: an exploration, never a result."""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sweeps.analysis.measure import Measure
from sweeps.analysis.scales import is_log, is_number, ordered_options

TOP = 0.25
"""Share of the trials that count as the best."""
FEWEST = 20
"""Trials below which nothing is said: the best quarter of fewer holds less than the 5 trials that
Optuna's documentation asks for."""
BINS = 4
FEW = 3
"""Trials of a level below which their mean is left out."""
EXPLORATORY = (
    "Exploratory: a search tries where it hopes to win, each trial has one seed, and nothing here "
    "is tested. What matters is for the table to show."
)


@dataclass(frozen=True)
class Importance:
    """What a search tells of its parameters.

    Attributes:
        epoch: after which every trial was looked at.
        epochs: the full budget.
        frame: a row a parameter: ``branch`` ("" where every trial has it), ``parameter``, ``n``
            trials, ``ped_anova`` (share of the variance of being among the best quarter that the
            parameter explains alone), ``chance`` (what ``ped_anova`` reaches in 5 % of shuffled
            searches), ``fanova`` (share of the variance of the value; NaN where trials were
            stopped early, or nothing varies).
        effects: of `marginal_effects`.
        notes: sentences: which branches have too few trials.
    """

    epoch: int
    epochs: int
    frame: pd.DataFrame
    effects: pd.DataFrame
    notes: tuple[str, ...] = ()

    def words(self) -> str:
        """Say what the numbers are."""
        whole = self.epoch == self.epochs
        when = (
            f"at their end, after epoch {self.epoch}"
            if whole
            else f"after epoch {self.epoch} of {self.epochs}, the first rung: later only those are "
            "left that did well"
        )
        fanova = self.frame["fanova"].notna().any()
        second = "; fANOVA: that of the value itself" if fanova else ""
        unmarked = " (fANOVA has no such mark)" if fanova else ""
        return (
            f"{EXPLORATORY} Values {when}. PED-ANOVA: share of the variance of being among the "
            f"best quarter that a parameter explains alone{second}. By chance: the PED-ANOVA that "
            f"shuffled values reach in 5 % of cases; one below it may be luck{unmarked}. "
            "A parameter of a branch is judged among the trials of its branch."
        )


def rung_values(
    trials: pd.DataFrame, curves: pd.DataFrame, metric: str, epoch: int
) -> pd.DataFrame:
    """Return what every trial of a search had after one epoch, as far as it came there.

    All trials are looked at after the same epoch, whatever became of them later: their last values
    would be those of other epochs, and the values at the end those of survivors.

    Returns:
        Columns ``trial``, ``suggested``, ``value``, a row a trial.
    """
    tried = trials[trials["role"] == "search"].drop_duplicates("trial")
    then = curves[curves["epoch"] == epoch].drop_duplicates("trial")
    found = tried.reindex(columns=["trial", "suggested"]).merge(then[["trial", metric]], on="trial")
    found = found.rename(columns={metric: "value"}).astype({"value": float})
    reached: pd.DataFrame = found[np.isfinite(found["value"])].reset_index(drop=True)
    return reached


def explained_by_options(chosen: Sequence[object], best: NDArray[np.bool_]) -> float:
    """Return the share of the variance of being among the best that a choice explains alone.

    That is how much the probability of it varies from option to option, each option weighted by
    the trials that took it.

    Args:
        chosen: what each trial took.
        best: whether the trial is among the best, of the same length.

    Returns:
        0 to 1; NaN where all are among the best.

    Source: Watanabe et al. 2023, "PED-ANOVA" (IJCAI), equations 5 and 6 of a discrete density.
    """
    among = pd.Series(best, dtype=float)
    total = among.var(ddof=0) or np.nan
    return float(among.groupby(list(map(str, chosen))).transform("mean").var(ddof=0) / total)


def marginal_effects(values: pd.DataFrame, names: Collection[str]) -> pd.DataFrame:
    """Return the mean of the value for each level of each parameter, over all else.

    Numbers of more than four values are cut into four bins of equal width, or of equal ratio where
    they span much. Only the trials of a parameter's own branch count.

    Args:
        values: of `rung_values`.
        names: the parameters of branches that have enough trials.

    Returns:
        Columns ``parameter``, ``level``, ``mean`` (NaN of fewer than 3 trials), ``n``.
    """
    points: dict[str, list[tuple[object, float]]] = {}
    for suggested, value in values[["suggested", "value"]].itertuples(index=False):
        for name, chosen in suggested.items():
            if name in names:
                points.setdefault(name, []).append((chosen, value))
    rows: list[dict[Hashable, object]] = []
    for name, pairs in points.items():
        chosen = pd.Series([choice for choice, _ in pairs])
        reached = pd.Series([value for _, value in pairs])
        rows += [
            {
                "parameter": name,
                "level": level,
                "mean": of.mean() if len(of) >= FEW else np.nan,
                "n": len(of),
            }
            for level, of in _grouped(chosen, reached)
        ]
    return pd.DataFrame(rows, columns=["parameter", "level", "mean", "n"])


def _grouped(
    chosen: "pd.Series[float]", reached: "pd.Series[float]"
) -> list[tuple[str, "pd.Series[float]"]]:
    """Return the values reached by level, or by bin of numbers."""
    if not is_number(chosen) or chosen.nunique() <= BINS:
        texts = chosen.map(str)
        return [(level, reached[texts == level]) for level in ordered_options(chosen)]
    numbers = chosen.astype(float)
    space = np.geomspace if is_log(numbers) else np.linspace
    edges = space(numbers.min(), numbers.max(), BINS + 1)
    bins = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, BINS - 1)
    return [
        (f"{edges[place]:.3g} to {edges[place + 1]:.3g}", reached[bins == place])
        for place in range(BINS)
        if (bins == place).any()
    ]


def importance_cells(importance: Importance) -> list[tuple[str, ...]]:
    """Word the rows of ``Importance.frame``: branch, parameter, n, the shares."""
    return [
        (
            *(str(row["branch"]) or "all", str(row["parameter"]), str(row["n"])),
            *(_share(row[name]) for name in ("ped_anova", "chance", "fanova")),
        )
        for row in importance.frame.to_dict("records")
    ]


def effect_cells(importance: Importance, measure: Measure) -> list[tuple[str, ...]]:
    """Word the rows of ``Importance.effects``: parameter, level, n, mean (a dash of too few)."""
    return [
        (str(row["parameter"]), str(row["level"]), str(row["n"]), measure.text(row["mean"]))
        for row in importance.effects.to_dict("records")
    ]


def too_few(count: int, epoch: int, branch: str = "") -> str:
    """Say why there is nothing to see."""
    where = f" of the branch {branch}" if branch else ""
    came = "1 trial came" if count == 1 else f"{count} trials came"
    return (
        f"Importance{where}: {came} to epoch {epoch}; of fewer than {FEWEST} the best quarter "
        "holds less than 5, which say nothing."
    )


def _share(value: float) -> str:
    return "\N{EN DASH}" if pd.isna(value) else f"{value:.2f}"


def shares(rows: Sequence[dict[str, object]]) -> pd.DataFrame:
    """Return the rows of ``Importance.frame``, the largest of each branch first."""
    names = ["branch", "parameter", "n", "ped_anova", "chance", "fanova"]
    frame = pd.DataFrame(rows, columns=names)
    order = {branch: place for place, branch in enumerate(frame["branch"].unique())}
    placed = frame.assign(place=frame["branch"].map(order))
    placed = placed.sort_values(["place", "ped_anova"], ascending=[True, False], kind="stable")
    return placed[names].reset_index(drop=True)
