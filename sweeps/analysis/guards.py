"""What must never enter a mean.

Only finished trials of the ablation do. A frame that breaks the terms of a fair comparison is
refused with a sentence; what can be shown honestly (a missing seed, a diverged trial, a second
torch version) is counted and footnoted instead.
"""

from collections.abc import Iterable

import pandas as pd

REQUIRED = (
    *("trial", "role", "variant", "factor", "level", "baseline", "seed", "status", "epochs"),
    *("planned_epochs", "parameters", "seconds", "torch", "device"),
)
CELL = ["factor", "level", "seed"]
CONDITIONS = {"data": "data", "split": "split", "precision": "numerical precision"}
"""Columns that a frame may have besides: what all trials of a comparison must share."""
PENDING = ("missing", "running", "interrupted")
ENDED = ("finished", "diverged")
"""A trial that ended otherwise says nothing of its level."""


def asked_for(paths: Iterable[str]) -> frozenset[str]:
    """Return which of `CONDITIONS` a study varies itself.

    Args:
        paths: of the recipe, that its levels change.
    """
    parts = {"dataset": "data", "split": "split", "precision": "precision"}
    return frozenset(parts[path.split(".")[0]] for path in paths if path.split(".")[0] in parts)


def ablation_cells(
    trials: pd.DataFrame, *, equal_budget: bool = True, asked: frozenset[str] = frozenset()
) -> pd.DataFrame:
    """Return the rows of role ``ablation``, after every refusal.

    Args:
        trials: one row a (trial, membership).
        equal_budget: refuse levels that were planned with different numbers of epochs.
        asked: those of `CONDITIONS` that levels may differ in.

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
    _refuse_copies(cells)
    if equal_budget:
        _refuse_unequal_epochs(cells)
    _refuse_short(cells)
    _refuse_mixed_levels(cells)
    _refuse_unequal_conditions(cells, asked)
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


def footnotes(cells: pd.DataFrame, *, seeds_differ: bool = True) -> list[str]:
    """Return what one has to know of trials that are shown all the same.

    Without ``seeds_differ``, trials of other seeds may be equal.
    """
    return [
        *unequal_budgets(cells),
        *unequal_conditions(cells),
        *(suspicious_copies(cells) if seeds_differ else ()),
        *mixed_environments(cells),
    ]


def mixed_environments(cells: pd.DataFrame) -> list[str]:
    """Return a footnote for each property of the environment that finished trials do not share."""
    notes = []
    for column, title in (("torch", "torch versions"), ("device", "devices")):
        counts = finished(cells).drop_duplicates("trial")[column].value_counts()
        if len(counts) > 1:
            shares = ", ".join(f"{name} ({count} trials)" for name, count in counts.items())
            notes.append(f"Trials ran on different {title}: {shares}.")
    timed = timed_device(cells)
    if timed is not None:
        notes.append(f"Times, speed and memory are those of the trials on {timed} alone.")
    return notes


def timed_device(cells: pd.DataFrame) -> str | None:
    """Return the device that most finished trials ran on, where they ran on several; else None."""
    devices = finished(cells).drop_duplicates("trial")["device"].dropna()
    return str(devices.mode().iloc[0]) if devices.nunique() > 1 else None


def timed_on_one_device(cells: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Return the cells with holes where a number depends on a device that is not the timed one.

    A level is no slower for having been trained on an older GPU. The device is a block, and most of
    what can be compared is within the largest.

    Args:
        cells: of the ablation.
        columns: what depends on the device.
    """
    device = timed_device(cells)
    if device is None:
        return cells
    there = [column for column in columns if column in cells]
    return cells.assign(**{name: cells[name].where(cells["device"] == device) for name in there})


def unequal_budgets(cells: pd.DataFrame) -> list[str]:
    """Return a footnote if levels were trained for different numbers of epochs."""
    planned = sorted(cells["planned_epochs"].dropna().unique())
    if len(planned) < 2:
        return []
    return [
        f"Levels were trained for {_listed(planned)} epochs: their differences are those of their "
        "budgets too."
    ]


def unequal_conditions(cells: pd.DataFrame) -> list[str]:
    """Return a footnote for each of `CONDITIONS` that levels differ in, as their study asks."""
    return [
        f"Levels of {_listed(factors)} differ in their {CONDITIONS[name]}, as the study asks."
        for name, factors in _differing(cells).items()
    ]


def suspicious_copies(cells: pd.DataFrame) -> list[str]:
    """Return a footnote where two seeds of a level gave the same losses to the last bit.

    Chance hardly does so, but a network that learnt nothing may.
    """
    done = finished(cells)
    losses = [name for name in done if str(name).endswith("/loss") and done[name].notna().all()]
    if done.empty or not losses:
        return []
    twins = done[done.duplicated(["factor", "level", *losses], keep=False)]
    names = _listed(f"{f}={level} seed {seed}" for f, level, seed in twins[CELL].to_numpy())
    return [f"Equal losses to the last bit, is one a copy? {names}."] if names else []


def _differing(cells: pd.DataFrame) -> dict[str, list[str]]:
    """Return the factors whose finished trials differ in a condition, by condition."""
    found = {}
    for name in CONDITIONS:
        if name in cells:
            counts = finished(cells).groupby("factor", sort=False)[name].nunique()
            found[name] = [str(factor) for factor in counts[counts > 1].index]
    return {name: factors for name, factors in found.items() if factors}


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


def _refuse_copies(cells: pd.DataFrame) -> None:
    """See that a trial stands for one recipe and seed, and they for one trial."""
    trials = cells[["trial", "variant", "seed"]].drop_duplicates()
    for trial, rows in trials[trials.duplicated("trial", keep=False)].groupby("trial"):
        said = _listed(f"recipe {v} seed {s}" for v, s in rows[["variant", "seed"]].to_numpy())
        raise ValueError(f"trial {trial} stands for more than one training: {said}")
    for (variant, seed), rows in trials.groupby(["variant", "seed"]):
        if len(rows) > 1:
            raise ValueError(
                f"recipe {variant} seed {seed} has more than one trial ({_listed(rows['trial'])}): "
                "factors would be compared with different ones"
            )


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
    done = finished(cells)
    for name, title in {"variant": "recipe", "parameters": "size", **CONDITIONS}.items():
        if name not in done:
            continue
        counts = done.groupby(["factor", "level"], sort=False)[name].nunique()
        if (counts > 1).any():
            names = _listed("=".join(map(str, key)) for key in counts[counts > 1].index)
            raise ValueError(f"trials of more than one {title} stand in one level: {names}")


def _refuse_unequal_conditions(cells: pd.DataFrame, asked: frozenset[str]) -> None:
    for name, factors in _differing(cells).items():
        if name not in asked:
            raise ValueError(
                f"trials of {_listed(factors)} differ in their {CONDITIONS[name]}: what is "
                "compared would not be the levels alone"
            )


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
