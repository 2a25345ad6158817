import pytest

from sweeps.analysis.rendering import FORMATS, render
from sweeps.analysis.table import ablation_table
from tests.sweeps.analysis import frames


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_shows_every_level_of_every_factor(name: str) -> None:
    levels = {"relu": [0.70, 0.72, 0.74], "elu": [0.73, 0.74, 0.78]}
    others = {"batch": [0.70, 0.72, 0.74], "layer": [0.7, 0.7, 0.7]}
    trials = frames.trials({"activation": levels, "norm": others})
    trials = frames.blank(trials, "layer", 12, "diverged")
    text = render(ablation_table(trials, frames.CONTEXT), name)
    for word in ("activation", "relu", "elu", "norm", "batch", "layer", "1 diverged"):
        assert word in text
    assert text.endswith("\n")


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "csv"])
@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "loss"])
def test_every_format_for_people_carries_caption_and_footnotes(name: str, metric: str) -> None:
    trials = frames.blank(frames.small(), "tanh", 12, "running")
    text = " ".join(render(ablation_table(trials, frames.CONTEXT, metric), name).split())
    for words in ("Which activation", "INTERIM", "Without all seeds", "2/3", "paired by"):
        assert words in text


def test_unknown_format() -> None:
    with pytest.raises(ValueError, match="no table format 'pdf': choose one of rich, md, csv"):
        render(ablation_table(frames.small(), frames.CONTEXT), "pdf")
