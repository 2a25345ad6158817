from sweeps.analysis.table import ablation_table
from tests.sweeps.analysis import frames


def test_a_caption_states_all_that_one_needs_to_read_the_numbers() -> None:
    caption = ablation_table(frames.small(), frames.CONTEXT).caption
    for part in (
        "Accuracy in %: mean ± standard deviation over 3 seeds, 10 epochs a trial.",
        "in points on test, paired by seed, with its 95 % t interval.",
        "Holm-adjusted over the study's 2 comparisons.",
        f"{frames.CONTEXT.selection_rule}.",
        f"{frames.CONTEXT.split}.",
        f"{frames.CONTEXT.varied}.",
    ):
        assert part in caption
    assert "INTERIM" not in caption


def test_the_direction_of_a_loss_is_stated() -> None:
    table = ablation_table(frames.small(), frames.CONTEXT, "loss")
    assert table.caption.startswith("Loss (lower is better): mean")
    assert "difference to the baseline on test" in table.caption


def test_a_clean_table_has_no_footnotes() -> None:
    trials = frames.trials({"activation": {"relu": [0.70, 0.72, 0.74], "tanh": [0.71, 0.7, 0.74]}})
    assert ablation_table(trials, frames.CONTEXT).footnotes == ()
