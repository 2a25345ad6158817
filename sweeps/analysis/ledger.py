"""What each level was given before it was compared: the ledger of levels that were tuned."""

from typing import Any

import pandas as pd

from sweeps.analysis import guards
from sweeps.analysis.measure import Measure

TUNED = "tuned/"
"""Head of the columns that hold what a level was tuned to, a column a path of the recipe."""
AT_END = "at_end"
SUMS = ("tried", "finished", "epochs", "seconds", "best", AT_END)


def ledger(trials: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """Return the ledger: one row a (factor, level), in the order of the study.

    Columns: ``tried`` candidates, how many ``finished``, the ``epochs`` and ``seconds`` of all of
    them, the ``best`` validation value, ``tuned/<path>`` (NaN where a level has no such parameter),
    and ``at_end``: the paths whose chosen value is the smallest or the largest that was tried. No
    rows without a trial of role ``tuning``.

    Args:
        trials: one row a (trial, membership), with a column ``nuisance`` of mappings.
        measure: what the best candidate was chosen by.
    """
    tuning = trials[trials["role"] == "tuning"]
    ablation = trials[trials["role"] == "ablation"]
    chosen: dict[Any, dict[str, Any]] = {
        (row["factor"], row["level"]): row["nuisance"]
        for row in (ablation.to_dict("records") if len(tuning) else [])
    }
    rows = [
        {"factor": arm[0], "level": arm[1]} | _row(cells, chosen.get(arm, {}), measure)
        for arm, cells in tuning.groupby(["factor", "level"], sort=False)
    ]
    return pd.DataFrame(rows)


def _row(cells: pd.DataFrame, chosen: dict[str, Any], measure: Measure) -> dict[str, Any]:
    """Sum up the candidates of one level."""
    done = guards.finished(cells)
    values = done.get(f"validation/{measure.name}", pd.Series(dtype=float))
    return {
        "tried": len(cells),
        "finished": len(done),
        "epochs": int(cells["epochs"].sum()),
        "seconds": float(cells["seconds"].sum()),
        "best": float(values.max() if measure.higher_is_better else values.min()),
        AT_END: tuple(path for path in chosen if _at_end(cells, path, chosen[path])),
        **{f"{TUNED}{path}": value for path, value in chosen.items()},
    }


def _at_end(cells: pd.DataFrame, path: str, value: Any) -> bool:
    tried = [nuisance[path] for nuisance in cells["nuisance"]]
    if not all(isinstance(number, int | float) for number in tried) or len(set(tried)) < 3:
        return False
    return value != 0 and value in (min(tried), max(tried))  # less than none there is not


def ledger_notes(ledger: pd.DataFrame) -> list[str]:
    """Write what one has to know to read a ledger."""
    if ledger.empty:
        return []
    tried = ledger["tried"]
    counts = f"{tried.min()}" if tried.nunique() == 1 else f"{tried.min()} to {tried.max()}"
    notes = [
        f"Each level was tuned by itself: {counts} candidates with one seed, the first as written, "
        "the others spread evenly over the ranges; the best on validation data was trained again, "
        "on fresh seeds, for the table."
    ]
    narrow = ledger[ledger[AT_END].map(len) > 0]
    if not narrow.empty:
        names = ", ".join(
            f"{row[1]}={row[2]} ({', '.join(row[3])})"
            for row in narrow[["factor", "level", AT_END]].itertuples(name=None)
        )
        notes.append(
            f"The best value is the smallest or largest that was tried: {names}. A wider range may "
            "hold a better one."
        )
    untrained = ledger[ledger["finished"] == 0]
    if not untrained.empty:
        names = ", ".join(
            f"{row[1]}={row[2]}" for row in untrained[["factor", "level"]].itertuples(name=None)
        )
        notes.append(f"None of their candidates was trained to its end, so as written: {names}.")
    return notes
