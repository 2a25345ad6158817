"""Whether early stopping was justified: do trials rank at a rung as they do at full budget?"""

from collections.abc import Hashable, Iterable

import pandas as pd
from scipy.stats import kendalltau

FEWEST = 5
"""Trials below which an agreement is undecided: of 4 even the best has a two-sided p of 0.08."""


def rank_agreement(
    trials: pd.DataFrame, curves: pd.DataFrame, metric: str, rungs: Iterable[int]
) -> pd.DataFrame:
    """Compare the ranks of a search's trials after each rung with those at the full budget.

    Only trials that ran to their end have a full budget. Where halving stopped the others, what
    remains are those that did well at the rungs: their ranks agree less than those of all would,
    and a trial that was stopped and would have come first is not seen.

    Args:
        trials: the trials frame; finished rows of role ``search`` count, each trial once.
        curves: the curves frame.
        metric: a column of both; that of ``trials`` is at the epoch of the selection rule.
        rungs: epochs.

    Returns:
        One row a rung: ``epoch``, ``n`` trials that have both, ``tau`` (Kendall's tau-b; NaN where
        it is undecided: fewer than 5 trials, or all of one rank).
    """
    done = trials[(trials["role"] == "search") & (trials["status"] == "finished")]
    final = done.drop_duplicates("trial").set_index("trial")[metric].astype(float).dropna()
    rows = []
    for epoch in rungs:
        early = curves[curves["epoch"] == epoch].set_index("trial")[metric].astype(float)
        both = pd.concat([early, final], axis="columns", join="inner", keys=["early", "final"])
        both = both.dropna()
        enough = len(both) >= FEWEST
        tau = kendalltau(both["early"], both["final"]).statistic if enough else float("nan")
        rows.append({"epoch": epoch, "n": len(both), "tau": tau})
    return pd.DataFrame(rows, columns=["epoch", "n", "tau"])


def agreement_lines(agreement: pd.DataFrame, *, halved: bool) -> list[str]:
    """Write what a search's user reads of it.

    Args:
        agreement: of `rank_agreement`.
        halved: whether trials were stopped at these rungs; else they would have been.
    """
    if agreement.empty:
        return []
    found = ", ".join(_words(row) for row in agreement.to_dict("records"))
    line = f"rank agreement with the full budget (Kendall's tau): {found}"
    if halved:
        bias = (
            "Only trials that were not stopped are in it: ranks of all would probably agree more, "
            "and one that was stopped too early is not seen."
        )
    else:
        bias = "No trial was stopped: the rungs are those that halving would have."
    return [line, bias]


def _words(row: dict[Hashable, float]) -> str:
    value = "undecided" if pd.isna(row["tau"]) else f"{row['tau']:.2f}"
    return f"{value} after epoch {row['epoch']:.0f} (n = {row['n']:.0f})"
