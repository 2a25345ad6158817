from dataclasses import replace

import pytest

from sweeps.analysis.rendering.layout import lay_out
from sweeps.analysis.table import ablation_table
from tests.sweeps.analysis import frames


def worded(level: str, metric: str = "accuracy") -> dict[str, str]:
    trials = frames.blank(frames.small(), "tanh", 12, "diverged")
    layout = lay_out(ablation_table(trials, frames.CONTEXT, metric))
    (group,) = layout.groups
    (line,) = [line for line in group.lines if line.cells[0].startswith(level)]
    return {c.head: cell for c, cell in zip(layout.columns, line.cells, strict=True)}


def test_cells_are_worded_in_percent_and_points() -> None:
    assert worded("leaky_relu") == {
        "activation": "leaky_relu",
        "n": "3",
        "validation (%)": "76.00 ± 2.65",
        "test (%)": "75.00 ± 2.65",
        "Δ test (points)": "+3.00",
        "95 % interval": "[+0.52, +5.48]",
        "p (Holm)": "0.070",
        "resolved": "yes†",
        "rank": "1*",
        "macro F1 (%)": "73.00",
        "parameters": "62,006",
        "time (s/trial)": "31.0",
        "status": "finished",
    }


def test_holes_are_dashes() -> None:
    cells = worded("tanh")
    assert cells["n"] == "2/3"
    assert cells["status"] == "1 diverged"
    assert {cells[head] for head in ("95 % interval", "p (Holm)", "resolved", "rank")} == {
        "\N{EN DASH}"
    }


def test_the_baseline_is_marked() -> None:
    assert worded("relu")["activation"] == "relu (baseline)"


def test_a_lower_loss_is_a_gain() -> None:
    assert worded("leaky_relu", "loss")["Δ test"] == "\N{MINUS SIGN}0.0300"
    levels = {"relu": [0.70, 0.72, 0.74], "elu": [0.80, 0.821, 0.842]}
    for metric in ("accuracy", "loss"):
        table = ablation_table(frames.trials({"a": levels}), frames.CONTEXT, metric)
        assert [line.tone for line in lay_out(table).groups[0].lines] == ["open", "gain"]


def test_a_split_without_values_has_no_column() -> None:
    trials = frames.small().assign(**{"test/accuracy": float("nan")})
    heads = [c.head for c in lay_out(ablation_table(trials, frames.CONTEXT)).columns]
    assert "test (%)" not in heads
    assert "Δ validation (points)" in heads


@pytest.mark.parametrize(
    ("margin", "verdicts"),
    [
        (None, ["no", "yes"]),
        (0.01, ["no", "yes"]),
        (0.5, ["equal within ±0.5", "yes"]),
        (9.0, ["equal within ±9", "yes, but within ±9"]),
    ],
)
def test_equal_is_said_within_a_stated_margin_only(
    margin: float | None, verdicts: list[str]
) -> None:
    same = [0.7001, 0.7202, 0.7398]
    levels = {"relu": [0.70, 0.72, 0.74], "same": same, "elu": [0.76, 0.781, 0.8]}
    context = replace(frames.CONTEXT, margin=margin)
    layout = lay_out(ablation_table(frames.trials({"a": levels}), context))
    at = [column.title for column in layout.columns].index("resolved")
    assert [line.cells[at] for line in layout.groups[0].lines[1:]] == verdicts


def test_ranks_mark_the_best_and_all_not_distinguishable_from_it() -> None:
    levels = {
        "relu": [0.70, 0.72, 0.74, 0.71],
        "elu": [0.80, 0.821, 0.84, 0.81],
        "gelu": [0.801, 0.82, 0.841, 0.811],
    }
    layout = lay_out(ablation_table(frames.trials({"a": levels}), frames.CONTEXT))
    at = [column.title for column in layout.columns].index("rank")
    assert [line.cells[at] for line in layout.groups[0].lines] == ["3", "2*", "1*"]
