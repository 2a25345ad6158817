"""What must never enter a mean.

Only finished trials of the ablation do. A frame that breaks the terms of a fair comparison is
refused with a sentence; what can be shown honestly (a missing seed, a diverged trial, a second
torch version) is counted and footnoted instead.
"""

from collections.abc import Iterable

import pandas as pd

REQUIRED = (
    *("role", "variant", "factor", "level", "baseline", "seed", "status", "epochs"),
    *("planned_epochs", "parameters", "seconds", "torch", "device"),
)
CELL = ["factor", "level", "seed"]
PENDING = ("missing", "running", "interrupted")


def ablation_cells(trials: pd.DataFrame, *, equal_budget: bool = True) -> pd.DataFrame:
    """Return the rows of role ``ablation``, after every refusal.

    Args:
        trials: one row a (trial, membership).
        equal_budget: refuse levels that were planned with different numbers of epochs.

    Raises:
        ValueError: the rows do not make a fair table; the sentence says which and why.
    """
    absent = [column for column in REQUIRED if column not in trials.columns]
    if absent:
        raise ValueError(f"the trials frame lacks the columns {', '.join(absent)}")
    cells = trials[trials["role"] == "ablation"]
    if cells.empty:
        raise ValueError("this study has no ablation trial yet: run it first")
    _refuse_reused_seeds(trials, cells)
    _refuse_duplicates(cells)
    if equal_budget:
        _refuse_unequal_epochs(cells)
    _refuse_short(cells)
    _refuse_mixed_levels(cells)
    _refuse_unclear_baselines(cells)
    return cells


def finished(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the only rows that may enter a mean."""
    return cells[cells["status"] == "finished"]


def pending(cells: pd.DataFrame) -> int:
    """Count the cells still to come, those without a row included."""
    factors = cells.groupby("factor")[["level", "seed"]].nunique()
    absent = int((factors["level"] * factors["seed"]).sum()) - len(cells)
    return int(cells["status"].isin(PENDING).sum()) + absent


def outcome(cells: pd.DataFrame, planned: int) -> str:
    """Summarise the statuses of one level, such as ``1 diverged, 2 missing``.

    Args:
        cells: the rows of the level.
        planned: seeds that it should have; seeds without a row count as missing.
    """
    counts = cells["status"].value_counts().to_dict()
    done = counts.pop("finished", 0)
    if done == planned:
        return "finished"
    if planned > len(cells):
        counts["missing"] = counts.get("missing", 0) + planned - len(cells)
    return ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))


def mixed_environments(cells: pd.DataFrame) -> list[str]:
    """Return a footnote for each property of the environment that finished trials do not share."""
    notes = []
    for column, title in (("torch", "torch versions"), ("device", "devices")):
        counts = finished(cells).drop_duplicates("trial")[column].value_counts()
        if len(counts) > 1:
            shares = ", ".join(f"{name} ({count} trials)" for name, count in counts.items())
            notes.append(f"Trials ran on different {title}: {shares}.")
    return notes


def unequal_budgets(cells: pd.DataFrame) -> list[str]:
    """Return a footnote if levels were trained for different numbers of epochs."""
    planned = sorted(cells["planned_epochs"].dropna().unique())
    if len(planned) < 2:
        return []
    return [
        f"Levels were trained for {_listed(planned)} epochs: their differences are those of their "
        "budgets too."
    ]


def _refuse_reused_seeds(trials: pd.DataFrame, cells: pd.DataFrame) -> None:
    chosen_on = set(trials.loc[trials["role"].isin(["search", "selection", "tuning"]), "seed"])
    reused = sorted(chosen_on & set(cells["seed"]))
    if reused:
        raise ValueError(
            f"seeds {_listed(reused)} served the search and the ablation: what was chosen would be "
            "judged on the noise that chose it; give the ablation other seeds"
        )


def _refuse_duplicates(cells: pd.DataFrame) -> None:
    twice = cells[cells.duplicated(CELL)].drop_duplicates(CELL)
    if not twice.empty:
        names = _listed(f"{f}={level} seed {s}" for f, level, s in twice[CELL].to_numpy())
        raise ValueError(f"more than one trial for {names}: keep one trial a cell")


def _refuse_unequal_epochs(cells: pd.DataFrame) -> None:
    planned = sorted(cells["planned_epochs"].dropna().unique())
    if len(planned) > 1:
        raise ValueError(
            f"trials were planned with different numbers of epochs ({_listed(planned)}): "
            "compare at one budget, or make a table for each"
        )


def _refuse_short(cells: pd.DataFrame) -> None:
    done = finished(cells)
    short = done[done["epochs"] != done["planned_epochs"]].drop_duplicates(CELL)
    if not short.empty:
        names = _listed(f"{f}={level} seed {s}" for f, level, s in short[CELL].to_numpy())
        raise ValueError(f"trials called finished did not train all their epochs: {names}")


def _refuse_mixed_levels(cells: pd.DataFrame) -> None:
    variants = finished(cells).groupby(["factor", "level"], sort=False)["variant"].nunique()
    mixed = variants[variants > 1]
    if not mixed.empty:
        names = _listed("=".join(map(str, key)) for key in mixed.index)
        raise ValueError(f"trials of more than one recipe stand in one level: {names}")


def _refuse_unclear_baselines(cells: pd.DataFrame) -> None:
    for factor, rows in cells.groupby("factor", sort=False):
        baselines = rows.loc[rows["baseline"].astype(bool), "level"].unique()
        if len(baselines) != 1:
            found = _listed(baselines) or "none"
            raise ValueError(f"factor {factor} needs exactly one baseline level, found {found}")
        (baseline,) = baselines
        if not rows.loc[rows["level"] == baseline, "baseline"].all():
            raise ValueError(f"level {baseline} of factor {factor} is baseline at some seeds only")


def _listed(names: Iterable[object], most: int = 5) -> str:
    """Join names by commas, the first few of them."""
    words = [f"{name:g}" if isinstance(name, float) else str(name) for name in names]
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
