"""A trial that ended in Optuna's eyes is open again, and nothing else has changed."""

from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import FrozenTrial, TrialState

from sweeps.execution.optuna_source import CONSTRAINT, IDENTITY
from sweeps.execution.reopening import reopen
from sweeps.execution.suggestion_log import open_suggestions


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two searches with trials a (complete), b (fail), c (infeasible), b (fail), d (running)."""
    path = tmp_path / "optuna.jsonl"
    storage = open_suggestions(path)
    for name in ("small", "other"):
        study = optuna.create_study(storage=storage, study_name=name, direction="maximize")
        study.set_user_attr("kept", 1)
        study.enqueue_trial({"lr": 0.5})
        for identity in "abcbd":
            trial = study.ask()
            trial.suggest_float("lr", 0.0, 1.0)
            trial.suggest_categorical("norm", ["batch", "none"])
            trial.set_user_attr(IDENTITY, identity)
            if identity == "d":
                continue
            trial.report(0.1, 1)
            if identity == "c":
                trial.set_constraint(CONSTRAINT, 1.0)
            if identity == "b":
                trial.set_user_attr("reason", "Oops")
            state = {"b": TrialState.FAIL, "c": TrialState.PRUNED}.get(identity)
            study.tell(trial, 0.7 if state is None else None, state)
    return path


def trials(path: Path, study: str = "small") -> list[FrozenTrial]:
    storage = open_suggestions(path, reading=True)
    return optuna.load_study(study_name=study, storage=storage).get_trials()


def said(trial: FrozenTrial) -> tuple[object, ...]:
    return (
        trial.number, trial.state, trial.values, trial.params, trial.distributions,
        trial.intermediate_values, trial.user_attrs, trial.constraints, trial.datetime_start,
    )  # fmt: skip


def test_a_trial_is_as_it_was_when_it_had_been_suggested(file: Path) -> None:
    before = trials(file)
    reopen(file, "small", ["b", "c"])
    after = trials(file)
    assert [trial.user_attrs[IDENTITY] for trial in after] == list("abcbd")
    for old, new in zip(before, after, strict=True):
        if old.number in (0, 4):
            assert said(new) == said(old)
            continue
        assert (new.number, new.state) == (old.number, TrialState.RUNNING)
        assert (new.params, new.distributions) == (old.params, old.distributions)
        assert (new.values, new.intermediate_values, new.constraints) == (None, {}, {})
        assert "reason" not in new.user_attrs


def test_other_searches_are_as_they_were(file: Path) -> None:
    before = trials(file, "other")
    reopen(file, "small", ["b"])
    assert list(map(said, trials(file, "other"))) == list(map(said, before))
    storage = open_suggestions(file, reading=True)
    assert optuna.load_study(study_name="other", storage=storage).user_attrs == {"kept": 1}


def test_what_was_given_is_still_known_to_be(file: Path) -> None:
    reopen(file, "small", ["a"])
    assert trials(file)[0].system_attrs["fixed_params"] == {"lr": 0.5}


def test_it_can_be_suggested_and_told_anew(file: Path) -> None:
    storage = reopen(file, "small", ["b"])
    study = optuna.load_study(study_name="small", storage=storage)
    frozen = study.get_trials()[1]
    trial = optuna.Trial(study, frozen._trial_id)
    assert trial.suggest_float("lr", 0.0, 1.0) == frozen.params["lr"]
    trial.report(0.2, 1)
    study.tell(trial, 0.9)
    assert (trials(file)[1].state, trials(file)[1].value) == (TrialState.COMPLETE, 0.9)
    assert trials(file)[1].distributions == {
        "lr": FloatDistribution(0.0, 1.0),
        "norm": CategoricalDistribution(("batch", "none")),
    }


def test_killed_before_the_end_it_has_changed_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = file.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            reopen(file, "small", ["b"])
    assert file.read_bytes() == before
    reopen(file, "small", ["b"])  # over what that one left
    assert [trial.state for trial in trials(file)].count(TrialState.RUNNING) == 3
    assert len(trials(file, "other")) == 5
    assert [path.name for path in file.parent.iterdir()] == [file.name]
