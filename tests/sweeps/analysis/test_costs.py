import io
import math

import pandas as pd
import pytest

from cifar_models.costs import Cost, EpochsToAccuracy, Flops, Parameters, PeakMemory
from sweeps.analysis.rendering import FORMATS, render
from sweeps.analysis.rendering.layout import lay_out
from sweeps.analysis.table import Table, ablation_table
from tests.sweeps.analysis import frames

EPOCHS = EpochsToAccuracy(accuracy=0.4)
COLUMN = "epochs_to_accuracy_0.4"


def table(*costs: Cost, **columns: list[float]) -> Table:
    """Return a table of three levels at three seeds, one trial of tanh diverged."""
    trials = frames.blank(frames.small(), "tanh", 12, "diverged")
    return ablation_table(trials.assign(**columns), frames.CONTEXT, costs=costs)


def epochs(relu: list[float], leaky: list[float], tanh: list[float]) -> Table:
    return table(EPOCHS, **{COLUMN: [*relu, *leaky, *tanh]})


def cells(made: Table, head: str) -> list[str]:
    layout = lay_out(made)
    place = [column.head for column in layout.columns].index(head)
    return [line.cells[place] for group in layout.groups for line in group.lines]


def test_a_cost_is_the_mean_over_the_finished_seeds() -> None:
    made = epochs([2, 3, 4], [1, 1, 2], [5, 6, 100])
    assert made.frame[COLUMN].to_list() == pytest.approx([3, 4 / 3, 5.5])
    assert made.frame[f"{COLUMN}_n"].to_list() == [3, 3, 2]
    assert cells(made, "epochs to 40 %") == ["3.0", "1.3", "5.5"]
    assert not any("k of n" in note for note in made.footnotes)


def test_what_was_not_reached_is_told() -> None:
    nan = math.nan
    made = epochs([2, nan, 4], [nan, nan, nan], [5, 6, nan])
    assert cells(made, "epochs to 40 %") == ["3.0 (2 of 3)", "not reached", "5.5"]
    (note,) = [note for note in made.footnotes if "k of n" in note]
    assert note.endswith("epochs to 40 %.")


def test_without_a_finished_trial_nothing_is_claimed() -> None:
    trials = frames.small().assign(**{COLUMN: math.nan})
    for seed in (10, 11, 12):
        trials = frames.blank(trials, "tanh", seed, "failed")
    made = ablation_table(trials, frames.CONTEXT, costs=(EPOCHS,))
    assert cells(made, "epochs to 40 %") == ["not reached", "not reached", "\N{EN DASH}"]


def test_units_and_notes_come_from_the_cost() -> None:
    made = table(Flops(), PeakMemory(), flops=[3_204_720.0] * 9, peak_memory=[1234.5] * 9)
    assert cells(made, "FLOPs (million an image)") == ["3.2"] * 3
    assert cells(made, "peak memory (MiB)") == ["1,234"] * 3
    assert {Flops.note, PeakMemory.note} <= set(made.footnotes)


def test_what_every_table_has_is_not_shown_twice() -> None:
    made = table(Parameters())
    assert [column.title for column in lay_out(made).columns].count("parameters") == 1
    assert made.costs == ()


def test_a_frame_of_before_the_cost_has_holes() -> None:
    made = table(Flops())
    assert made.frame["flops"].isna().all()
    assert cells(made, "FLOPs (million an image)") == ["\N{EN DASH}"] * 3


@pytest.mark.parametrize("style", FORMATS)
def test_every_format_shows_it(style: str) -> None:
    text = render(epochs([2, 3, 4], [1, 1, 2], [math.nan] * 3), style)
    if style == "csv":
        back = pd.read_csv(io.StringIO(text)).set_index("level")
        assert back.loc["relu", COLUMN] == 3
        assert back.loc["tanh", f"{COLUMN}_n"] == 0
    else:
        assert "not reached" in " ".join(text.split())
