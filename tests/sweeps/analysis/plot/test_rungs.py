import itertools

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from sweeps.analysis.agreement import rank_agreement
from sweeps.analysis.plot import rungs as module
from sweeps.analysis.plot.rungs import rung_counts, rungs, search_paths
from tests.sweeps.analysis.plot.searched import METRIC, curves, trials


def agreement() -> pd.DataFrame:
    return rank_agreement(trials(), curves(), METRIC, (1, 2))


def test_who_came_to_a_rung_and_who_went_on() -> None:
    counts = rung_counts(trials(), curves(), agreement())
    assert counts["epoch"].to_list() == [1, 2]
    assert counts["reached"].to_list() == [5, 4]
    assert counts["went_on"].to_list() == [4, 3]


def test_paths_know_the_best_of_those_that_ran_to_their_end() -> None:
    paths = search_paths(trials(), curves(), METRIC)
    assert len(paths) == 12
    assert set(paths.loc[paths["best"], "trial"]) == {"t2"}
    assert set(paths.loc[~paths["whole"], "trial"]) == {"t4", "t5"}
    worse = search_paths(trials(), curves().rename(columns={METRIC: "validation/loss"}).assign(
        **{METRIC: 0.0}), "validation/loss")  # fmt: skip
    assert set(worse.loc[worse["best"], "trial"]) == {"t1"}


def test_counts_and_agreement_stand_above_the_rungs() -> None:
    (axes,) = rungs(trials(), curves(), METRIC, agreement().assign(tau=[0.6, None])).axes
    assert [text.get_text() for text in axes.texts] == ["5→4\nτ = 0.60", "4→3"]
    assert [len(lines.get_segments()) for lines in axes.collections] == [2, 2, 1]


def test_what_stands_above_the_rungs_does_not_overlap() -> None:
    epochs = (1, 3, 9, 27, 81)
    names = [f"t{number}" for number in range(81)]
    found = pd.DataFrame({"trial": names, "role": "search", "status": "finished", METRIC: 0.5})
    points = [(name, epoch, 0.1 + n / 200) for n, name in enumerate(names) for epoch in epochs]
    paths = pd.DataFrame(points, columns=["trial", "epoch", METRIC])
    counted = pd.DataFrame({"epoch": epochs[:4], "tau": 0.61, "n": 81})
    figure = rungs(found, paths, METRIC, counted)
    FigureCanvasAgg(figure).draw()
    (axes,) = figure.axes
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) == 4
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "3", "9", "27", "81"]


def test_very_many_trials_become_an_image(monkeypatch: pytest.MonkeyPatch) -> None:
    (axes,) = rungs(trials(), curves(), METRIC, agreement()).axes
    assert not any(lines.get_rasterized() for lines in axes.collections)
    monkeypatch.setattr(module, "MANY", 5)
    (axes,) = rungs(trials(), curves(), METRIC, agreement()).axes
    assert [bool(lines.get_rasterized()) for lines in axes.collections] == [False, True, False]
