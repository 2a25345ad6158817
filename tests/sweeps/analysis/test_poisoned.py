"""A study that somebody spoilt: no poison reaches a mean unseen."""

from collections.abc import Callable

import pandas as pd
import pytest

from sweeps.analysis.table import ablation_table
from tests.sweeps.analysis import frames


def cell(frame: pd.DataFrame, level: str, seed: int) -> "pd.Series[bool]":
    return (frame["level"] == level) & (frame["seed"] == seed)


def stopped_early(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[cell(frame, "tanh", 12), "epochs"] = 4
    return frame


def seed_twice(frame: pd.DataFrame) -> pd.DataFrame:
    again = frame[cell(frame, "tanh", 12)].assign(trial="again")
    return pd.concat([frame, again], ignore_index=True)


def seed_copied(frame: pd.DataFrame) -> pd.DataFrame:
    """One seed's run stands for another's, too."""
    copied = frame[cell(frame, "tanh", 11)].assign(seed=12)
    return pd.concat([frame[~cell(frame, "tanh", 12)], copied], ignore_index=True)


def recipes_swapped(frame: pd.DataFrame) -> pd.DataFrame:
    """A run of each of two levels stands in the other's cell."""
    one, other = cell(frame, "tanh", 12), cell(frame, "relu", 12)
    columns = ["trial", "variant", "test/accuracy", "validation/accuracy"]
    values = frame.loc[one, columns].to_numpy(), frame.loc[other, columns].to_numpy()
    frame.loc[one, columns], frame.loc[other, columns] = values[1], values[0]
    return frame


def winner_judged_on_its_own_noise(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, frame.head(1).assign(role="selection")], ignore_index=True)


@pytest.mark.parametrize(
    ("poison", "sentence"),
    [
        (stopped_early, "did not train all their epochs: activation=tanh seed 12"),
        (seed_twice, "more than one trial for activation=tanh seed 12"),
        (seed_copied, "trial activation-tanh-1 stands for more than one training"),
        (recipes_swapped, "more than one recipe stand in one level: activation=relu, activation="),
        (winner_judged_on_its_own_noise, "seeds 10 served the search and the ablation"),
    ],
)
def test_a_poisoned_study_has_no_table(
    poison: Callable[[pd.DataFrame], pd.DataFrame], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        ablation_table(poison(frames.small()), frames.CONTEXT)


def test_copied_numbers_under_a_name_of_their_own_are_told() -> None:
    frame = frames.small()
    numbers = [name for name in frame if "/" in str(name)]
    frame.loc[cell(frame, "tanh", 12), numbers] = frame.loc[
        cell(frame, "tanh", 11), numbers
    ].to_numpy()
    notes = ablation_table(frame, frames.CONTEXT).footnotes
    assert any("activation=tanh seed 11, activation=tanh seed 12" in note for note in notes)


@pytest.mark.parametrize("status", ["stopped", "diverged"])
def test_an_arm_that_did_not_end_well_is_an_outcome_and_no_mean(status: str) -> None:
    frame = frames.small()
    for seed in (10, 11, 12):
        frame = frames.blank(frame, "tanh", seed, status)
    table = ablation_table(frame, frames.CONTEXT)
    tanh = table.frame.set_index("level").loc["tanh"]
    assert pd.isna(tanh[["test_mean", "difference", "p", "p_holm", "rank", "best"]]).all()
    assert tanh["status"] == f"3 {status}"
    told = [note for note in table.footnotes if note.startswith("Diverged: activation=tanh 3 of 3")]
    assert len(told) == (status == "diverged")
