"""The grid of two crossed factors, worded for people."""

from sweeps.analysis.measure import Measure
from sweeps.analysis.rendering.layout import Column, Group, Layout, Line, cell_text, p_value
from sweeps.analysis.table import Table
from sweeps.analysis.two_way import Effect, TwoWay

MARGIN = "mean"


def two_way_title(table: Table, grid: TwoWay) -> str:
    """Name the grid: its factors, and what its cells are."""
    measure = table.measure
    unit = f" ({measure.unit})" if measure.unit else ""
    return (
        f"{grid.crossed.rows} by {grid.crossed.columns}: {table.split} {measure.title}{unit}, "
        "mean \N{PLUS-MINUS SIGN} standard deviation over seeds"
    )


def lay_out_two_way(table: Table, grid: TwoWay) -> Layout:
    """Word every cell; means of rows and columns stand at their ends."""
    crossed, measure = grid.crossed, table.measure
    heads = [Column(level, str) for level in (*crossed.column_levels, MARGIN)]
    columns = (Column(crossed.rows, str, align="left"), *heads)
    rows = [
        (
            level,
            *(_cell(grid, (row, column), measure) for column in range(len(heads) - 1)),
            measure.text(float(grid.means[row].mean())),
        )
        for row, level in enumerate(crossed.row_levels)
    ]
    ends = [measure.text(mean) for mean in (*grid.means.mean(0), grid.means.mean())]
    lines = tuple(Line(cells, False, "open") for cells in (*rows, (MARGIN, *ends)))
    return Layout(columns, (Group(crossed.factor, lines),))


def two_way_note(grid: TwoWay) -> str:
    """Say whether the factors interact."""
    if not grid.effects:
        return "Interaction: not tested, which takes every seed of every cell, and spread."
    tested = {effect.name for effect in grid.effects}
    names = (grid.crossed.rows, grid.crossed.columns, "interaction")
    constant = [
        f"{name}: the same at every seed, not tested" for name in names if name not in tested
    ]
    told = "; ".join([*map(_effect, grid.effects), *constant])
    return (
        f"{told}. Repeated measures analysis of variance, the seeds as subjects, not adjusted; it "
        "takes differences between levels to be normal with equal variances."
    )


def _cell(grid: TwoWay, at: tuple[int, int], measure: Measure) -> str:
    completed = int(grid.completed[at])
    return cell_text(grid.means[at], grid.deviations[at], completed, grid.seeds, measure)


def _effect(effect: Effect) -> str:
    above, below = effect.freedom
    bound = ""
    if above > 1:
        bound = f", at most {p_value(effect.p_bound).removeprefix('<')} with unequal variances"
    p = p_value(effect.p)
    p = f"< {p[1:]}" if p.startswith("<") else f"= {p}"
    return f"{effect.name}: F({above}, {below}) = {effect.f:.2f}, p {p}{bound}"
