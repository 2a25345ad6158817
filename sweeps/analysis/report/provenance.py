"""Where the numbers of a report come from: recipes, versions, machines, what it all took."""

from collections.abc import Mapping

import pandas as pd

from sweeps.analysis.measure import HOLE
from sweeps.analysis.table import Table

FACTS = {
    "device": "hardware",
    "node": "machine",
    "data": "data",
    "git_commit": "git commit",
}
"""Columns of the trials frame that are told by another word than their name."""
VERSIONS = ("cifar-sweeps", "torch", "torchvision", "pytorch-optimizer", "numpy", "ray", "optuna")
NUMERICS = "numerics."
"""How paths begin that are of the machine, not of the recipe."""
_SEED = "seed"


def recipe_differences(
    table: Table, recipes: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, str, str, str, str]]:
    """List what each level changes in its baseline's recipe.

    Returns:
        Rows of factor, level, path, the baseline's value, the level's; a dash where one lacks it.
    """
    rows = []
    for _, levels in table.frame.groupby("factor", sort=False):
        is_baseline = levels["baseline"].astype(bool)
        before = recipes.get(str(levels.loc[is_baseline, "variant"].iloc[0]), {})
        for level in levels[~is_baseline].to_dict("records"):
            after = recipes.get(level["variant"], {})
            if not (before and after):
                continue
            paths = [path for path in dict.fromkeys([*before, *after]) if path != _SEED]
            rows += [
                (
                    *(str(level["factor"]), str(level["level"]), path),
                    *(before.get(path, HOLE), after.get(path, HOLE)),
                )
                for path in paths
                if before.get(path) != after.get(path)
            ]
    return rows


def baseline_recipe(
    table: Table, recipes: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, str]]:
    """List the paths and values of the first factor's baseline, without seed and numerics."""
    baselines = table.frame.loc[table.frame["baseline"].astype(bool), "variant"]
    recipe = recipes.get(str(baselines.iloc[0]), {}) if len(baselines) else {}
    return sorted(
        (path, value)
        for path, value in recipe.items()
        if path != _SEED and not path.startswith(NUMERICS)
    )


def environment(
    trials: pd.DataFrame, recipes: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, str]]:
    """List what the ablation's trials ran on and with; several values with their numbers.

    Args:
        trials: the trials frame; columns that it lacks are not told.
        recipes: of each variant, for the numerics.
    """
    ran = trials[(trials["role"] == "ablation") & (trials["status"] == "finished")]
    ran = ran.drop_duplicates("trial")
    told = []
    for column in (*FACTS, *VERSIONS):
        values = ran.get(column, pd.Series(dtype=object)).replace("", None).dropna().astype(str)
        counts = {str(name): count for name, count in values.value_counts().items()}
        shares = [f"{name} ({count} trials)" for name, count in counts.items()]
        if counts:
            told.append(
                (FACTS.get(column, column), "; ".join(counts if len(counts) < 2 else shares))
            )
    return told + _numerics(recipes)


def _numerics(recipes: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str]]:
    """List what fixes the arithmetic, each with all values that occur."""
    found: dict[str, dict[str, None]] = {}
    for recipe in recipes.values():
        for path, value in recipe.items():
            if path.startswith(NUMERICS):
                found.setdefault(path.removeprefix(NUMERICS), {})[value] = None
    return [(name.replace("_", " "), ", ".join(values)) for name, values in found.items()]


def spending(trials: pd.DataFrame) -> pd.DataFrame:
    """Sum up what each phase took.

    Returns:
        One row a role, in the order of the phases: ``role``, ``trials``, ``outcomes`` (such as
        ``5 finished, 7 stopped``), ``epochs``, ``seconds``; a trial that serves several cells of
        one phase counts once.
    """
    rows = []
    for role in ("search", "selection", "tuning", "ablation"):
        mine = trials[trials["role"] == role].drop_duplicates("trial")
        if len(mine):
            counts = mine["status"].value_counts()
            rows.append(
                {
                    "role": role,
                    "trials": len(mine),
                    "outcomes": ", ".join(f"{count} {name}" for name, count in counts.items()),
                    "epochs": int(mine["epochs"].sum()),
                    "seconds": float(mine["seconds"].sum()),
                }
            )
    return pd.DataFrame(rows, columns=["role", "trials", "outcomes", "epochs", "seconds"])
