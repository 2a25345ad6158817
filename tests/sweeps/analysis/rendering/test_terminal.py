import pytest
from rich.cells import cell_len

from sweeps.analysis.rendering.terminal import terminal
from sweeps.analysis.table import Table, ablation_table
from tests.sweeps.analysis import frames


@pytest.fixture
def ten() -> Table:
    names = [
        "relu",
        "leaky_relu",
        "elu",
        "tanh",
        "sigmoid",
        "mish",
        "gelu",
        "silu",
        "selu",
        "softplus",
    ]
    levels = {name: [0.7 + i / 100, 0.72, 0.71 + i / 50] for i, name in enumerate(names)}
    return ablation_table(frames.trials({"activation": levels}), frames.CONTEXT)


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_no_line_is_wider_than_the_terminal_and_no_row_wraps(ten: Table, width: int) -> None:
    lines = terminal(ten, width).splitlines()
    assert max(map(cell_len, lines)) <= width
    rows = [line for line in lines if line.startswith("softplus")]
    blocks = sum(line.startswith("activation ") for line in lines)
    assert len(rows) == blocks
    assert any("softplus" in line and "80.00 ± " in line for line in lines)


def test_a_wide_terminal_shows_one_block_and_a_narrow_one_loses_no_column(ten: Table) -> None:
    wide, narrow = terminal(ten, 160), terminal(ten, 80)
    assert wide.count("softplus") == 1
    assert narrow.count("softplus") > 1
    for head in ("validation", "95 % interval", "(Holm)", "resolved", "parameters", "status"):
        assert head in wide
        assert head in narrow


def test_a_long_name_is_folded_and_not_cut() -> None:
    name = "one_cycle_with_a_very_long_name_indeed_and_a_tail"
    levels = {"constant": [0.7, 0.72], name: [0.71, 0.75]}
    text = terminal(ablation_table(frames.trials({"schedule": levels}), frames.CONTEXT), 160)
    folded = "".join(line.split("  ")[0].strip() for line in text.splitlines())
    assert name in folded


def test_brackets_are_no_markup() -> None:
    levels = {"none": [0.7, 0.72], "pool[red]": [0.71, 0.75]}
    text = terminal(ablation_table(frames.trials({"layer": levels}), frames.CONTEXT), 160)
    assert "pool[red]" in text


def test_no_colour_codes_away_from_a_terminal(ten: Table) -> None:
    assert "\x1b" not in terminal(ten, 160)
