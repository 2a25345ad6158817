import pandas as pd
import pytest

from sweeps.analysis import guards
from tests.sweeps.analysis import frames


def altered(column: str, value: str | int, level: str = "tanh", seed: int = 12) -> pd.DataFrame:
    frame = frames.small()
    frame.loc[(frame["level"] == level) & (frame["seed"] == seed), column] = value
    return frame


def test_a_fair_frame_passes_whole() -> None:
    frame = frames.small()
    pd.testing.assert_frame_equal(guards.ablation_cells(frame), frame)


def test_search_and_selection_are_left_out() -> None:
    search = frames.small().assign(role="search", seed=[90, 91, 92] * 3)
    both = pd.concat([search, frames.small()], ignore_index=True)
    assert set(guards.ablation_cells(both)["role"]) == {"ablation"}


@pytest.mark.parametrize("role", ["search", "selection"])
def test_a_seed_that_chose_the_winner_cannot_judge_it(role: str) -> None:
    chosen = frames.small().assign(role=role).head(1)
    with pytest.raises(ValueError, match="seeds 10 served the search and the ablation"):
        guards.ablation_cells(pd.concat([chosen, frames.small()], ignore_index=True))


def test_a_duplicated_cell_is_refused() -> None:
    frame = frames.small()
    twice = pd.concat([frame, frame.iloc[[4]].assign(trial="again")], ignore_index=True)
    with pytest.raises(ValueError, match="more than one trial for activation=leaky_relu seed 11"):
        guards.ablation_cells(twice)


def test_unequal_budgets_are_refused() -> None:
    with pytest.raises(ValueError, match=r"different numbers of epochs \(10, 20\)"):
        guards.ablation_cells(altered("planned_epochs", 20))


def test_unequal_budgets_that_are_meant_are_told() -> None:
    other = altered("planned_epochs", 20).assign(epochs=lambda f: f["planned_epochs"])
    cells = guards.ablation_cells(other, equal_budget=False)
    (note,) = guards.unequal_budgets(cells)
    assert note.startswith("Levels were trained for 10, 20 epochs")
    assert guards.unequal_budgets(frames.small()) == []


def test_a_shortened_trial_that_calls_itself_finished_is_refused() -> None:
    with pytest.raises(ValueError, match="did not train all their epochs: activation=tanh seed 12"):
        guards.ablation_cells(altered("epochs", 4))


def test_a_swapped_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="more than one recipe stand in one level: activation=tan"):
        guards.ablation_cells(altered("variant", "v-other"))


def test_every_factor_needs_one_baseline() -> None:
    with pytest.raises(ValueError, match="exactly one baseline level, found none"):
        guards.ablation_cells(frames.small().assign(baseline=False))
    with pytest.raises(ValueError, match="exactly one baseline level, found relu, tanh"):
        guards.ablation_cells(altered("baseline", True))
    with pytest.raises(ValueError, match="level relu of factor activation is baseline at some"):
        guards.ablation_cells(altered("baseline", False, level="relu"))


def test_an_empty_study_and_a_foreign_frame_are_refused() -> None:
    with pytest.raises(ValueError, match="no ablation trial yet"):
        guards.ablation_cells(frames.small().assign(role="search"))
    with pytest.raises(ValueError, match="lacks the columns status"):
        guards.ablation_cells(frames.small().drop(columns="status"))


def test_outcomes_are_counted_and_absent_rows_are_missing() -> None:
    cells = frames.blank(frames.small(), "tanh", 11, "diverged")
    cells = frames.blank(cells, "tanh", 12, "stopped")
    tanh = cells[cells["level"] == "tanh"]
    assert guards.outcome(tanh, planned=3) == "1 diverged, 1 stopped"
    assert guards.outcome(tanh, planned=5) == "1 diverged, 2 missing, 1 stopped"
    assert guards.outcome(cells[cells["level"] == "relu"], planned=3) == "finished"


def test_pending_counts_unfinished_business_and_absent_rows_only() -> None:
    cells = frames.blank(frames.small(), "tanh", 11, "diverged")
    assert guards.pending(cells) == 0
    assert guards.pending(frames.blank(cells, "tanh", 12, "running")) == 1
    assert guards.pending(cells[cells["trial"] != "activation-tanh-0"]) == 1


@pytest.mark.parametrize("column", ["torch", "device"])
def test_a_second_environment_is_a_footnote(column: str) -> None:
    assert guards.mixed_environments(frames.small()) == []
    note, *timed = guards.mixed_environments(altered(column, "other"))
    assert "(8 trials), other (1 trials)" in note
    said = ["Times, speed and memory are those of the trials on cpu alone."]
    assert timed == (said if column == "device" else [])


def test_times_are_of_the_device_that_most_trials_ran_on() -> None:
    cells = altered("device", "other")
    timed = guards.timed_on_one_device(cells, ("seconds", "latency"))
    elsewhere = cells["device"] == "other"
    assert timed.loc[elsewhere, "seconds"].isna().all()
    assert (timed.loc[~elsewhere, "seconds"] == cells.loc[~elsewhere, "seconds"]).all()
    assert (timed["test/accuracy"] == cells["test/accuracy"]).all()
    assert guards.timed_on_one_device(frames.small(), ("seconds",)).equals(frames.small())


def test_one_trial_at_two_seeds_is_refused() -> None:
    with pytest.raises(ValueError, match="trial activation-tanh-0 stands for more than one train"):
        guards.ablation_cells(altered("trial", "activation-tanh-0"))


def test_a_cell_swapped_with_another_levels_is_refused() -> None:
    with pytest.raises(ValueError, match="activation-relu-2 stands for more than one training"):
        guards.ablation_cells(altered("trial", "activation-relu-2"))


def test_factors_must_share_the_trials_of_their_baseline() -> None:
    levels = {"relu": [0.70, 0.72, 0.74], "elu": [0.73, 0.74, 0.78]}
    both = frames.trials({"activation": levels, "norm": levels})
    both.loc[both["baseline"], "variant"] = "v-base"
    with pytest.raises(ValueError, match="recipe v-base seed 10 has more than one trial"):
        guards.ablation_cells(both)


def test_a_network_of_another_size_is_no_trial_of_the_level() -> None:
    with pytest.raises(ValueError, match="more than one size stand in one level: activation=tanh"):
        guards.ablation_cells(altered("parameters", 7))


@pytest.mark.parametrize("column", ["data", "split", "precision"])
def test_unequal_conditions_are_refused_unless_asked_for(column: str) -> None:
    frame = frames.small().assign(**{column: "one"})
    frame.loc[frame["level"] == "tanh", column] = "other"
    with pytest.raises(ValueError, match=f"trials of activation differ in their .*{column}"):
        guards.ablation_cells(frame)
    cells = guards.ablation_cells(frame, asked=frozenset([column]))
    (note,) = guards.footnotes(cells)
    assert f"{column}, as the study asks" in note
    frame.loc[frame["seed"] == 12, column] = "third"
    with pytest.raises(ValueError, match=f"more than one .*{column} stand in one level"):
        guards.ablation_cells(frame, asked=frozenset([column]))


def test_a_study_asks_for_what_its_levels_change() -> None:
    assert guards.asked_for(["model.norm", "optimizer.lr"]) == set()
    assert guards.asked_for(["split.train", "precision"]) == {"split", "precision"}
    assert guards.asked_for(["dataset"]) == {"data"}


def test_equal_losses_of_two_seeds_are_told() -> None:
    assert guards.suspicious_copies(frames.small()) == []
    frame = frames.small()
    losses = ["train/loss", "validation/loss", "test/loss"]
    frame.loc[4, losses] = frame.loc[3, losses]
    (note,) = guards.suspicious_copies(frame)
    assert note.endswith("activation=leaky_relu seed 10, activation=leaky_relu seed 11.")
    without = frame.assign(**dict.fromkeys(losses, float("nan")))
    assert guards.suspicious_copies(without) == []
