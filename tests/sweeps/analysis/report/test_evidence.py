import copy
import json

import pandas as pd
import pytest

from sweeps.analysis.report.evidence import broken, evidence, strays
from sweeps.analysis.table import ablation_table
from tests.sweeps.analysis import frames


def made(trials: pd.DataFrame) -> dict[str, object]:
    return json.loads(json.dumps(evidence(ablation_table(trials, frames.CONTEXT), trials)))


def test_every_row_has_its_trials_runs_and_numbers() -> None:
    found = made(frames.small())
    relu, *_ = found["cells"]  # type: ignore
    assert (relu["factor"], relu["level"]) == ("activation", "relu")
    assert relu["seeds"] == [10, 11, 12]
    assert relu["trials"] == [f"activation-relu-{n}" for n in range(3)]
    assert relu["runs"] == [f"run-activation-relu-{n}" for n in range(3)]
    assert relu["numbers"]["test_mean"] == pytest.approx(0.72)
    assert relu["numbers"]["difference"] is None


def test_the_same_record_gives_the_same_evidence_in_any_order() -> None:
    trials = frames.small()
    shuffled = pd.concat([trials.iloc[[0]], trials.iloc[:0:-1]])
    first, second = made(trials), made(shuffled)
    assert broken(first, first) == []
    values = [[cell["values"] for cell in made["cells"]] for made in (first, second)]  # type: ignore
    assert sorted(values[0]) == sorted(values[1])


def test_a_changed_value_is_named_by_its_cell_and_by_each_number() -> None:
    trials = frames.small()
    kept = made(trials)
    trials.loc[trials["trial"] == "activation-tanh-1", "test/accuracy"] += 0.03
    said = broken(kept, made(trials))
    assert "activation=tanh: the values of its runs have changed since the table was made" in said
    assert any(s.startswith("activation=tanh, test_mean: the table says 0.72") for s in said)
    assert "activation=relu, rank: the table says 2, its runs give 3" in said
    assert not any(s.startswith("activation=leaky_relu, test_mean") for s in said)


def test_a_last_digit_of_another_library_is_no_change() -> None:
    kept = made(frames.small())
    now = copy.deepcopy(kept)
    now["cells"][1]["numbers"]["p"] *= 1 + 1e-12  # type: ignore
    assert broken(kept, now) == []
    now["cells"][1]["numbers"]["p"] *= 1 + 1e-6  # type: ignore
    (said,) = broken(kept, now)
    assert said.startswith("activation=leaky_relu, p: ")


def test_another_trial_in_a_cell_is_named() -> None:
    trials = frames.small()
    kept = made(trials)
    trials.loc[trials["trial"] == "activation-tanh-1", "trial"] = "other"
    (said,) = broken(kept, made(trials))
    assert said == (
        "activation=tanh: made from other trials than the record has now "
        "(1 gone, activation-tanh-1 first; 1 new, other first)"
    )


def test_levels_that_came_or_went_are_named() -> None:
    trials = frames.small()
    fewer = trials[trials["level"] != "tanh"]
    assert "activation=tanh: the record has no such level" in broken(made(trials), made(fewer))
    assert "activation=tanh: on record, but not in the table" in broken(made(fewer), made(trials))


def test_another_format_is_not_read() -> None:
    found = made(frames.small())
    (said,) = broken(found | {"format": 0}, found)
    assert "make it anew" in said


def test_a_trial_in_a_cell_of_another_recipe_or_seed_is_named() -> None:
    trials = frames.small().assign(
        signature=lambda frame: frame["variant"],
        trained_seed=lambda frame: frame["seed"].astype(str),
    )
    assert strays(trials) == []
    assert strays(frames.small()) == []
    swapped = trials.copy()
    swapped.loc[[0, 3], "signature"] = ["v-activation-leaky_relu", "v-activation-relu"]
    assert len(strays(swapped)) == 2
    assert (
        "activation=relu seed 10: its trial activation-relu-0 was trained with"
        in strays(swapped)[0]
    )
    crossed = trials.copy()
    crossed.loc[[0, 1], "trained_seed"] = ["11", "10"]
    assert "trained with seed 11, not 10" in strays(crossed)[0]
    missing = trials.assign(signature=None, trained_seed=None)
    assert strays(missing) == []
