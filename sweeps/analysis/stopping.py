"""What is said of a study that looks several times while it runs."""

import pandas as pd

from sweeps.analysis.guards import PENDING
from sweeps.analysis.measure import Measure
from sweeps.analysis.sequential import Looks, going_on, nominal_levels
from sweeps.analysis.significance import ALPHA

RANKING = "Rank: by \N{GREEK CAPITAL LETTER DELTA}"


def interim(cells: pd.DataFrame, column: str, looks: Looks, margin: float | None) -> str:
    """Say that there will be more trials; "" if there will not.

    Args:
        cells: rows of the ablation.
        column: what is compared.
        looks: seeds at each.
        margin: the largest difference that is called equal, in the units of the column.
    """
    training = int(cells["status"].isin(PENDING).sum())
    if training:
        return f"INTERIM: a look is not over, {training} of its trials are still to come"
    open_levels = len(going_on(cells, column, looks, margin))
    return f"INTERIM: {open_levels} levels go on to the next look" if open_levels else ""


def differences(frame: pd.DataFrame, measure: Measure, split: str) -> str:
    """Say how levels are compared, and how many comparisons came out.

    Args:
        frame: ``Table.frame``.
        measure: what is compared.
        split: where.
    """
    family = int((~frame["baseline"]).sum())
    resolved = int(frame["resolved"].fillna(False).sum())
    found = int((frame["p_holm"] < ALPHA).sum())
    unit = f" in {measure.difference_unit}" if measure.difference_unit else ""
    return (
        f"\N{GREEK CAPITAL LETTER DELTA}: difference to the baseline{unit} on {split}, paired by "
        f"seed over the level's own seeds, with its 95 % repeated t interval, which covers "
        f"wherever one stops. p: paired t test (takes differences to be normal), adjusted for all "
        f"looks and, by Holm, for the study's {family} comparison{'s' * (family > 1)}. Resolved: "
        f"the interval excludes zero ({resolved} of {family}; {found} also after adjustment)"
    )


def rule(frame: pd.DataFrame, looks: Looks, *, equal: bool) -> str:
    """Say when comparisons are looked at, what ends them, and where each was decided.

    Args:
        frame: ``Table.frame``.
        looks: seeds at each look.
        equal: whether levels are called equal within a margin.
    """
    levels = ", ".join(f"{level:.2g}" for level in nominal_levels(looks))
    which = " or found equal to it" if equal else ""
    each = ", one for differences and one for equality" if equal else ""
    return (
        f"Seeds: looks after {_listed(looks)}; a level told from the baseline{which}, after "
        f"adjustment, gets no more, nor does one that lacks a seed. The rule stays as the study "
        f"began: a level of about {ALPHA} over all looks for normally distributed "
        f"differences{each}, spent as O'Brien and Fleming's test does (Lan-DeMets; two-sided "
        f"{levels} at the looks). {_decided(frame, looks)}. A difference that ended "
        "its comparison early is on average too large. Test images are looked at once, after the "
        "last look, and nothing is decided on them"
    )


def taken_over(trials: pd.DataFrame, parent: str) -> str:
    """Say how many trials another study had trained; "" if none.

    Args:
        trials: one row a (trial, membership), with ``parent``, the study's run that trained it.
        parent: the run of this study.
    """
    ours = trials[trials["role"] == "ablation"].drop_duplicates("trial")
    others = int((ours["parent"].notna() & (ours["parent"] != parent)).sum())
    if not others:
        return ""
    return (
        f"{others} of its {len(ours)} trials were trained for another study: if they were seen "
        "before the looks were chosen, p-values and intervals do not hold."
    )


def _decided(frame: pd.DataFrame, looks: Looks) -> str:
    """Name the levels that were decided, by look."""
    sure = frame[(frame["p_holm"] < ALPHA) | frame["equal"].fillna(False).astype(bool)]
    told = []
    for number, seeds in enumerate(looks, start=1):
        rows = sure[sure["seeds"] == seeds]
        names = ", ".join(f"{row.factor}={row.level}" for row in rows.itertuples())
        told += [f"{names} after {seeds} seeds (look {number})"] if names else []
    return f"Decided: {'; '.join(told) or 'none'}"


def _listed(looks: Looks) -> str:
    return f"{', '.join(map(str, looks[:-1]))} and {looks[-1]} seeds"
