import io

import pandas as pd

from sweeps.analysis.rendering.tidy import tidy
from sweeps.analysis.table import ablation_table
from tests.sweeps.analysis import frames


def test_numbers_come_back_to_the_last_bit() -> None:
    trials = frames.blank(frames.small(), "tanh", 12, "diverged")
    table = ablation_table(trials, frames.CONTEXT)
    back = pd.read_csv(io.StringIO(tidy(table)))
    verdicts = dict.fromkeys(["resolved", "equal", "best"], "boolean")
    back = back[table.frame.columns].astype(verdicts)
    pd.testing.assert_frame_equal(back, table.frame, check_dtype=False, check_exact=True)


def test_each_row_says_what_it_is_about() -> None:
    back = pd.read_csv(io.StringIO(tidy(ablation_table(frames.small(), frames.CONTEXT))))
    first = back.iloc[0]
    assert list(first[["study", "measure", "split"]]) == ["activations", "accuracy", "test"]
    assert not first["interim"]
