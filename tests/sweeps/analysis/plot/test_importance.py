import pandas as pd
import pytest

from sweeps.analysis.importance import Importance, importance_cells, shares
from sweeps.analysis.plot.importance import importance_bars

ROWS = [
    {"branch": "", "parameter": "width", "n": 40, "ped_anova": 0.1, "chance": 0.2},
    {"branch": "", "parameter": "rate", "n": 40, "ped_anova": 0.6, "chance": 0.2},
    {"branch": "a=b", "parameter": "a.b.c", "n": 25, "ped_anova": 0.3, "chance": 0.2},
]


def made(fanova: float = float("nan")) -> Importance:
    rows = [row | {"fanova": fanova} for row in ROWS]
    return Importance(2, 9, shares(rows), pd.DataFrame())


def test_bars_stand_branch_by_branch_the_longest_first_with_chance_beside() -> None:
    (axes,) = importance_bars(made()).axes
    assert [bar.get_width() for bar in axes.patches] == [0.6, 0.1, 0.3]  # type: ignore[attr-defined]
    assert [line.get_xdata()[0] for line in axes.lines] == [0.2, 0.2, 0.2]  # type: ignore[index]
    legend = axes.get_legend()
    assert legend is not None
    assert legend.get_texts()[1].get_text() == "PED-ANOVA\nby chance, 95 %"
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["rate\n(n = 40)", "width\n(n = 40)", "a.b.c\n(n = 25, a=b)"]
    assert "after epoch 2 of 9 (exploratory)" in axes.get_xlabel()


@pytest.mark.parametrize(("fanova", "bars"), [(float("nan"), 3), (0.5, 6)])
def test_fanova_is_drawn_and_spoken_of_where_there_is_one(fanova: float, bars: int) -> None:
    importance = made(fanova)
    assert len(importance_bars(importance).axes[0].patches) == bars
    assert ("fANOVA" in importance.words()) == (bars == 6)
    assert ("one below it may be luck (fANOVA has no such mark)" in importance.words()) == (
        bars == 6
    )
    shown = "\N{EN DASH}" if bars == 3 else "0.50"
    assert importance_cells(importance)[0] == ("all", "rate", "40", "0.60", "0.20", shown)
