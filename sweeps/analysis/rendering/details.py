"""What stands behind a table's verdicts, worded for people: intervals, effects, tests, power."""

import math

from sweeps.analysis.measure import HOLE, MINUS
from sweeps.analysis.power import MOST_SEEDS
from sweeps.analysis.rendering.layout import (
    Column,
    Layout,
    by_factor,
    ends,
    integer,
    level_column,
    p_value,
)
from sweeps.analysis.sequential import Looks, nominal_levels
from sweeps.analysis.significance import ALPHA, MOST_ENUMERATED, least_sign_flip
from sweeps.analysis.table import Table

TITLE = "Intervals, effect sizes, tests and power behind the verdicts"


def lay_out_details(table: Table) -> Layout:
    """Word every cell; the columns of equality only where a margin was stated."""
    measure, points = table.measure, table.measure.difference_unit
    columns = [
        level_column(table),
        Column(
            f"95 % interval, {table.split}",
            lambda row: ends(row.mean_low, row.mean_high, measure.text),
            measure.unit,
        ),
        Column(
            "sd of \N{GREEK CAPITAL LETTER DELTA}", lambda row: measure.text(row.paired_sd), points
        ),
        Column("effect", lambda row: _decimal(row.effect), "g"),
        Column("p", lambda row: p_value(row.p), "t, all looks" if table.looks else "t"),
    ]
    if not table.looks:
        columns.append(Column("p", lambda row: p_value(row.p_flip), "sign flip"))
    columns.append(Column("detectable", lambda row: measure.text(row.detectable), points))
    if table.margin is not None:
        columns += [
            Column("p", lambda row: p_value(row.p_equal), "equal, Holm"),
            Column(
                f"seeds to find {table.margin:g}",
                lambda row: _seeds(row.seeds_for_margin),
            ),
        ]
    if table.frame["diverged"].any():
        columns += [
            Column("diverged", lambda row: f"{row.diverged} of {row.ended}"),
            Column("p", lambda row: p_value(row.p_diverged), "Fisher, Holm"),
        ]
    return by_factor(table, tuple(columns))


def details_note(table: Table) -> str:
    """Say what the columns are."""
    at_look = ", at the level of the look" if table.looks else ""
    end = _at_looks(table.looks) if table.looks else _at_once(table)
    return (
        f"Interval of the mean: t{at_look}. sd of \N{GREEK CAPITAL LETTER DELTA}: "
        "standard deviation of the seeds' differences. Effect: mean difference / sd of "
        f"\N{GREEK CAPITAL LETTER DELTA}, with Hedges' correction. {end}"
    )


def _at_looks(looks: Looks) -> str:
    """Say what tests and power are where levels may stop at a look."""
    level = nominal_levels(looks)[-1]
    return (
        "p: adjusted for all looks, not for other comparisons. Detectable: what a t test at the "
        f"last look, of {looks[-1]} seeds, finds at its level of {level:.2g} in 80 % of studies."
    )


def _at_once(table: Table) -> str:
    """Say what tests and power are where the number of seeds is fixed."""
    pairs = int(table.frame["pairs"].max())
    least = f"{least_sign_flip(pairs):.2g}"
    tried = "exact" if pairs <= MOST_ENUMERATED else "of random signs"
    few = ", above 0.05" if least_sign_flip(pairs) > ALPHA else ""
    return (
        f"p: not adjusted; sign flip: {tried}, takes symmetry only, and with {pairs} seeds cannot "
        f"fall below {least}{few}. Detectable: what a t test at level 0.05 finds in 80 % of "
        "studies."
    )


def _decimal(number: float) -> str:
    return HOLE if math.isnan(number) else f"{number:.2f}".replace("-", MINUS)


def _seeds(number: int | None) -> str:
    return f">{MOST_SEEDS:,}" if number == MOST_SEEDS else integer(number)
