"""What each level took: the costs that a study asks for, as columns of its table."""

import pandas as pd

from cifar_models.costs import Cost


def add_costs(frame: pd.DataFrame, done: pd.DataFrame, costs: tuple[Cost, ...]) -> None:
    """Add two columns a cost to ``Table.frame``: the mean over seeds that have it, their number.

    Args:
        frame: one row a (factor, level).
        done: the finished trials behind it, with a column a cost; one that is absent has no value.
        costs: what to add.
    """
    levels = pd.MultiIndex.from_frame(frame[["factor", "level"]])
    done = done.reindex(columns=["factor", "level", *(cost.column for cost in costs)])
    for cost in costs:
        found = done.astype({cost.column: float}).groupby(["factor", "level"])[cost.column]
        frame[cost.column] = found.mean().reindex(levels).to_numpy()
        frame[f"{cost.column}_n"] = found.count().reindex(levels, fill_value=0).to_numpy()


def cost_notes(frame: pd.DataFrame, costs: tuple[Cost, ...]) -> list[str]:
    """Write the footnotes that costs call for."""
    notes = [cost.note for cost in costs if cost.note]
    partly = [
        cost.title
        for cost in costs
        if frame[f"{cost.column}_n"].between(1, frame["completed"] - 1).any()
    ]
    if partly:
        notes.append(
            f"A mean with (k of n) is over the k seeds that have a value: {', '.join(partly)}."
        )
    return notes
