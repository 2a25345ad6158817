"""A trial that ended in Optuna's eyes is open again, and nothing else has changed."""

import operator
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import event
from sqlalchemy.engine import Engine

from sweeps.execution.optuna_source import CONSTRAINT, IDENTITY
from sweeps.execution.reopening import reopen, settle
from sweeps.execution.suggestions import claim, open_suggestions
from sweeps.record.places import resolve_places


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    """A database that waits for no disk."""

    def hurry(connection: Any, _: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "connect", hurry)
    yield f"sqlite:///{tmp_path}/optuna.db"
    event.remove(Engine, "connect", hurry)


@pytest.fixture(params=["file", "database"])
def place(tmp_path: Path, database: str, request: pytest.FixtureRequest) -> str:
    return searched({"file": f"{tmp_path}/optuna.jsonl", "database": database}[request.param])


def searched(place: str) -> str:
    """Make two searches: trials a (complete), b (fail), c (infeasible), b (fail), d (running)."""
    storage = open_suggestions(place)
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
    return place


def trials(place: str, study: str = "small") -> list[FrozenTrial]:
    storage = open_suggestions(place, reading=True)
    return optuna.load_study(study_name=study, storage=storage).get_trials()


def said(trial: FrozenTrial) -> tuple[object, ...]:
    return (
        trial.number, trial.state, trial.values, trial.params, trial.distributions,
        trial.intermediate_values, trial.user_attrs, trial.constraints, trial.datetime_start,
    )  # fmt: skip


def test_a_trial_is_as_it_was_when_it_had_been_suggested(place: str) -> None:
    before = trials(place)
    reopen(place, "small", ["b", "c"])
    after = trials(place)
    assert [trial.user_attrs[IDENTITY] for trial in after] == list("abcbd")
    for old, new in zip(before, after, strict=True):
        if old.number in (0, 4):
            assert said(new) == said(old)
            continue
        assert (new.number, new.state) == (old.number, TrialState.RUNNING)
        assert (new.params, new.distributions) == (old.params, old.distributions)
        assert (new.values, new.intermediate_values, new.constraints) == (None, {}, {})
        assert "reason" not in new.user_attrs


def test_other_searches_are_as_they_were(place: str) -> None:
    before = trials(place, "other")
    reopen(place, "small", ["b"])
    assert list(map(said, trials(place, "other"))) == list(map(said, before))
    storage = open_suggestions(place, reading=True)
    assert optuna.load_study(study_name="other", storage=storage).user_attrs == {"kept": 1}


def test_what_was_given_is_still_known_to_be(place: str) -> None:
    reopen(place, "small", ["a"])
    assert trials(place)[0].system_attrs["fixed_params"] == {"lr": 0.5}


def test_it_can_be_suggested_and_told_anew(place: str) -> None:
    storage = reopen(place, "small", ["b"])
    study = optuna.load_study(study_name="small", storage=storage)
    frozen = study.get_trials()[1]
    trial = optuna.Trial(study, frozen._trial_id)
    assert trial.suggest_float("lr", 0.0, 1.0) == frozen.params["lr"]
    trial.report(0.2, 1)
    study.tell(trial, 0.9)
    assert (trials(place)[1].state, trials(place)[1].value) == (TrialState.COMPLETE, 0.9)
    assert trials(place)[1].distributions == {
        "lr": FloatDistribution(0.0, 1.0),
        "norm": CategoricalDistribution(("batch", "none")),
    }


def test_killed_before_the_end_it_has_changed_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "optuna.jsonl"
    searched(str(file))
    before = file.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            reopen(str(file), "small", ["b"])
    assert file.read_bytes() == before
    reopen(str(file), "small", ["b"])  # over what that one left
    assert [trial.state for trial in trials(str(file))].count(TrialState.RUNNING) == 3
    assert len(trials(str(file), "other")) == 5
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize(
    ("step", "again"),
    [("Study.add_trial", 1), ("Study.set_user_attr", 1), ("delete_study", 3), ("copy_study", 3)],
)
def test_killed_in_a_database_the_next_driver_takes_one_step_or_the_other(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch, step: str, again: int
) -> None:
    place = searched(database)
    before = list(map(said, trials(place)))
    with monkeypatch.context() as patch:
        killed_after(patch, step)
        with pytest.raises(KeyboardInterrupt):
            reopen(place, "small", ["b"])
    storage = open_suggestions(place)
    settle(storage, "small", resolve_places(str(tmp_path), optuna_uri=place))
    assert set(optuna.get_all_study_names(storage)) == {"small", "other"}
    after = trials(place)
    assert [trial.state for trial in after].count(TrialState.RUNNING) == again
    if again == 1:
        assert list(map(said, after)) == before
    assert [trial.user_attrs[IDENTITY] for trial in after] == list("abcbd")


def killed_after(patch: pytest.MonkeyPatch, step: str) -> None:
    """Let a step of Optuna be the last that is taken."""
    real = operator.attrgetter(step)(optuna)

    def last(*words: Any, **options: Any) -> None:
        real(*words, **options)
        raise KeyboardInterrupt

    patch.setattr(f"optuna.{step}", last)


def test_it_can_be_opened_twice_in_a_database(database: str) -> None:
    place = searched(database)
    reopen(place, "small", ["b"])
    reopen(place, "small", ["a"])
    assert [trial.state for trial in trials(place)].count(TrialState.RUNNING) == 4


def test_what_another_driver_writes_is_let_alone(tmp_path: Path, database: str) -> None:
    place = searched(database)
    mine, others = (resolve_places(f"{tmp_path}/{n}", optuna_uri=place) for n in ("a", "b"))
    for each in (mine, others):
        each.state.mkdir()
    storage = open_suggestions(place)
    for name in ("small", "small.anew", "others.anew"):
        claim(optuna.create_study(storage=storage, study_name=name, load_if_exists=True), others)
    with pytest.raises(ValueError, match="belongs to the state folder"):
        settle(storage, "small", mine)
    settle(storage, "new", mine)
    assert {"small", "small.anew", "others.anew"} <= set(optuna.get_all_study_names(storage))
