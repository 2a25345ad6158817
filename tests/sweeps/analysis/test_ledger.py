"""The ledger of tuned levels: what each was given, and what was chosen."""

import io
from typing import Any

import pandas as pd
import pytest

from sweeps.analysis.ledger import ledger, ledger_notes
from sweeps.analysis.measure import find_measure
from sweeps.analysis.rendering import FORMATS, render
from sweeps.analysis.rendering.ledger import lay_out_ledger
from sweeps.analysis.table import Table, ablation_table
from tests.sweeps.analysis import frames

ACCURACY, LOSS = find_measure("accuracy"), find_measure("loss")
RATES = {"sgd": (0.1, 0.01, 1.0, 0.3), "adam": (1e-3, 1e-2, 1e-4, 3e-4)}
VALUES = {"sgd": (0.5, 0.4, 0.1, 0.6), "adam": (0.5, 0.7, 0.2, 0.3)}
CHOSEN = {"sgd": 0.3, "adam": 1e-2}


def tuned(*, diverged: tuple[str, ...] = ()) -> pd.DataFrame:
    """Two optimizers at three seeds, each tuned with four candidates of ten epochs."""
    trials = frames.trials({"optimizer": {"sgd": [0.6, 0.61, 0.62], "adam": [0.7, 0.69, 0.71]}})
    trials["nuisance"] = [{"optimizer.lr": CHOSEN[level]} for level in trials["level"]]
    like = trials.iloc[0].to_dict()
    rows = [
        like
        | {
            "trial": f"tuning-{level}-{rate}",
            "role": "tuning",
            "level": level,
            "seed": 3_000_000,
            "nuisance": {"optimizer.lr": rate},
            "validation/accuracy": value,
            "validation/loss": value,
            "status": "diverged" if level in diverged else "finished",
        }
        for level in RATES
        for rate, value in zip(RATES[level], VALUES[level], strict=True)
    ]
    return pd.concat([pd.DataFrame(rows), trials], ignore_index=True)


def table(**changes: Any) -> Table:
    return ablation_table(tuned(**changes), frames.CONTEXT)


def test_every_level_s_candidates_are_counted() -> None:
    found = ledger(tuned(), ACCURACY).set_index("level")
    assert list(found.index) == ["sgd", "adam"]
    assert found["tried"].to_list() == found["finished"].to_list() == [4, 4]
    assert found["epochs"].to_list() == [40, 40]
    assert found["best"].to_list() == [0.6, 0.7]
    assert found["tuned/optimizer.lr"].to_list() == [0.3, 1e-2]
    assert found["at_end"].to_list() == [(), ("optimizer.lr",)]


def test_the_best_is_the_lowest_where_lower_is_better() -> None:
    assert ledger(tuned(), LOSS)["best"].to_list() == [0.1, 0.2]


def test_a_value_at_the_end_of_what_was_tried_is_told() -> None:
    counted, narrow = ledger_notes(ledger(tuned(), ACCURACY))
    assert counted.startswith("Each level was tuned by itself: 4 candidates with one seed")
    assert "optimizer=adam (optimizer.lr). A wider range" in narrow


def test_candidates_that_did_not_finish_are_told() -> None:
    trials = tuned(diverged=("sgd",))
    assert ledger(trials, ACCURACY)["finished"].to_list() == [0, 4]
    assert "so as written: optimizer=sgd." in ledger_notes(ledger(trials, ACCURACY))[-1]


def test_levels_with_unequal_numbers_of_candidates_are_told() -> None:
    trials = tuned()
    fewer = trials[trials["trial"] != "tuning-adam-0.0003"]
    assert ": 3 to 4 candidates" in ledger_notes(ledger(fewer, ACCURACY))[0]


def test_without_tuning_there_is_no_ledger() -> None:
    made = ablation_table(frames.small(), frames.CONTEXT)
    assert made.ledger.empty
    assert not any("tuned" in note for note in made.footnotes)
    assert not any("given before" in render(made, style) for style in FORMATS)


def test_a_tuning_seed_never_enters_the_table() -> None:
    trials = tuned()
    trials.loc[trials["role"] == "tuning", "seed"] = 10
    with pytest.raises(ValueError, match="seeds 10 served the search and the ablation"):
        ablation_table(trials, frames.CONTEXT)
    assert table().frame["completed"].to_list() == [3, 3]


def test_people_see_it_below_the_table() -> None:
    layout = lay_out_ledger(table())
    (group,) = layout.groups
    assert [column.title for column in layout.columns][-1] == "optimizer.lr"
    assert [line.cells[-1] for line in group.lines] == ["0.3", "0.01\N{DAGGER}"]
    for style in ("rich", "md", "tex", "html"):
        text = render(table(), style)
        assert "hat each level was given before it was compared" in text, style
        assert text.index("0.3") < text.index("0.01"), style
    assert render(table(), "tex").count(r"\begin{table*}") == 3


def test_machines_find_it_in_columns() -> None:
    frame = pd.read_csv(io.StringIO(render(table(), "csv")))
    assert frame["tuning_tried"].to_list() == [4, 4]
    assert frame["tuned/optimizer.lr"].to_list() == [0.3, 1e-2]
