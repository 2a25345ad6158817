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
        "rank": "1",
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
