"""The searcher is told the truth, and goes on where a killed driver left it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from cifar_models.architectures import PlainCNN
from cifar_models.costs import EpochsToAccuracy
from cifar_models.optimizers import SGD, AdamW
from cifar_models.recipe import Recipe, plain
from search_spaces import LogRange, Search, choice, tuned
from search_spaces.space import sample
from search_spaces.study import SEARCH_SEED, Study
from sweeps.execution.cohorts import CohortTrials
from sweeps.execution.optuna_source import (
    OptunaTrials,
    open_optuna_study,
    optuna_study_name,
    searched,
)
from sweeps.execution.suggestions import open_suggestions
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal
from tests.sweeps.execution.specs import BASE, spec, study

RATES = choice(*[0.001 * (i + 1) for i in range(40)])


def searching(**changes: object) -> Study:
    search = Search(space={"optimizer.lr": RATES}, trials=6, sampler="random")
    return study(search=search.model_copy(update=changes))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path)
    yield journal
    journal.close()


def source(journal: Journal, asked: Study | None = None) -> OptunaTrials:
    asked = asked or searching()
    storage = open_suggestions(str(journal._path.parent / "optuna.jsonl"))
    database = open_optuna_study(asked, spec(BASE, SEARCH_SEED), storage)
    return OptunaTrials(asked, database, make_spec, journal, "unused", slots=2)


def make_spec(recipe: Recipe) -> TrialSpec:
    if isinstance(recipe.model, PlainCNN) and recipe.model.padding == "valid":
        raise ValueError("does not fit")
    return spec(recipe, SEARCH_SEED)


def train(
    journal: Journal, trial: TrialSpec, values: list[float], status: str, **metrics: float
) -> None:
    journal.append("trial", trial.id, spec=trial.to_json())
    for epoch, value in enumerate(values, start=1):
        last = epoch == len(values)
        journal.append(
            "result", trial.id, epoch=epoch, status=status if last else "running",
            metrics={"validation/accuracy": value} | metrics, study="small",
        )  # fmt: skip
    if not values:
        journal.append("outcome", trial.id, status=status, reason="because")


def run(searcher: OptunaTrials, journal: Journal, values: list[float], status: str) -> str:
    trial = searcher.next_spec()
    assert trial is not None
    train(journal, trial, values, status)
    searcher.ended(trial.id)
    return trial.id


def told(searcher: OptunaTrials) -> list[optuna.trial.FrozenTrial]:
    return searcher.optuna.get_trials(deepcopy=False)


def test_every_outcome_is_told_as_it_is(journal: Journal) -> None:
    searcher = source(journal)
    run(searcher, journal, [0.3, 0.5], "finished")
    run(searcher, journal, [0.1], "stopped")
    run(searcher, journal, [0.2], "diverged")
    run(searcher, journal, [], "out_of_memory")
    run(searcher, journal, [], "failed")
    finished, stopped, diverged, memory, failed = told(searcher)
    assert (finished.state, finished.value) == (TrialState.COMPLETE, 0.5)
    assert finished.intermediate_values == {1: 0.3, 2: 0.5}
    assert (stopped.state, stopped.intermediate_values) == (TrialState.PRUNED, {1: 0.1})
    assert not stopped.constraints
    for infeasible in (diverged, memory):
        assert infeasible.state is TrialState.PRUNED
        assert max(infeasible.constraints.values()) > 0
    assert failed.state is TrialState.FAIL
    assert failed.user_attrs["reason"] == "because"


def test_what_took_too_long_is_infeasible(journal: Journal) -> None:
    searcher = source(journal)
    run(searcher, journal, [0.4], "timed_out")
    (late,) = told(searcher)
    assert (late.state, late.intermediate_values) == (TrialState.PRUNED, {1: 0.4})
    assert max(late.constraints.values()) > 0


def test_the_selection_rule_gives_the_value(journal: Journal) -> None:
    best = searching().replace(selection="best")
    searcher = source(journal, best)
    run(searcher, journal, [0.7, 0.5], "finished")
    assert told(searcher)[0].value == 0.7


def test_a_finished_trial_without_the_metric_is_a_failure(journal: Journal) -> None:
    searcher = source(journal)
    trial = searcher.next_spec()
    assert trial is not None
    journal.append(
        "result", trial.id, epoch=1, status="finished", metrics={"train/loss": 1.0}, study="small"
    )
    searcher.ended(trial.id)
    assert told(searcher)[0].state is TrialState.FAIL


def test_an_impossible_configuration_is_told_at_once_and_never_trained(journal: Journal) -> None:
    valid = BASE.model.model_copy(update={"padding": "valid"})
    asked = searching(space={"model": choice(valid=valid)}, trials=2)
    searcher = source(journal, asked)
    assert searcher.next_spec() is None
    assert [t.state for t in told(searcher)] == [TrialState.PRUNED] * 2
    assert all(max(t.constraints.values()) > 0 for t in told(searcher))
    assert "does not fit" in told(searcher)[0].user_attrs["reason"]


def test_equal_suggestions_are_trained_once_and_told_alike(journal: Journal) -> None:
    asked = searching(space={"optimizer.lr": choice(0.01, 0.02)}, trials=12)
    searcher = source(journal, asked)
    trained = [run(searcher, journal, [0.4], "finished"), run(searcher, journal, [0.6], "finished")]
    assert searcher.next_spec() is None
    assert len(set(trained)) == 2
    assert {t.value for t in told(searcher)} == {0.4, 0.6}
    assert len(told(searcher)) == 12


def test_a_suggestion_that_is_being_trained_is_not_handed_out_twice(journal: Journal) -> None:
    asked = searching(space={"optimizer.lr": choice(0.01)}, trials=3)
    searcher = source(journal, asked)
    first = searcher.next_spec()
    assert first is not None
    assert searcher.next_spec() is None
    assert [t.state for t in told(searcher)] == [TrialState.RUNNING] * 3
    train(journal, first, [0.4], "finished")
    searcher.ended(first.id)
    assert [t.value for t in told(searcher)] == [0.4] * 3


def test_a_new_driver_adopts_what_was_left_running(journal: Journal) -> None:
    killed = source(journal)
    done, open_ = killed.next_spec(), killed.next_spec()
    assert done is not None
    assert open_ is not None
    train(journal, done, [0.4, 0.6], "finished")  # recorded, but Optuna was not told
    heir = source(journal)
    adopted = heir.next_spec()
    assert adopted is not None
    assert adopted.id == open_.id
    assert told(heir)[0].value == 0.6
    train(journal, adopted, [0.5], "finished")
    heir.ended(adopted.id)
    while (trial := heir.next_spec()) is not None:
        train(journal, trial, [0.1], "finished")
        heir.ended(trial.id)
    assert len(told(heir)) == 6
    assert all(t.state is TrialState.COMPLETE for t in told(heir))
    assert set(searched(heir.optuna)) >= {done.id, open_.id}


def test_a_restart_does_not_draw_the_same_points_again(journal: Journal) -> None:
    first = source(journal)
    before = [first.next_spec() for _ in range(3)]
    for trial in before:
        assert trial is not None
        train(journal, trial, [0.1], "finished")
        first.ended(trial.id)
    second = source(journal)
    after = list(iter(second.next_spec, None))
    assert {t.id for t in before if t} != {t.id for t in after if t}


def test_more_trials_extend_a_search_and_another_question_does_not_mix(journal: Journal) -> None:
    baseline = spec(BASE, SEARCH_SEED)
    name = optuna_study_name(searching(), baseline)
    assert optuna_study_name(searching(trials=64), baseline) == name
    assert optuna_study_name(searching(grace_period=2), baseline) != name
    assert optuna_study_name(searching(), spec(BASE.replace({"batch_size": 10}))) != name
    searcher = source(journal)
    while (trial := searcher.next_spec()) is not None:
        train(journal, trial, [0.1], "finished")
        searcher.ended(trial.id)
    more = source(journal, searching(trials=8))
    assert more.next_spec() is not None


def test_tpe_keeps_away_from_what_cannot_be_trained(journal: Journal) -> None:
    space = {"optimizer.lr": choice(**{f"r{i}": 0.001 * (i + 1) for i in range(30)}),
             "batch_size": choice(10, 20)}  # fmt: skip
    asked = searching(space=space, trials=60, sampler="tpe")
    searcher = source(journal, asked)
    drawn = []
    while (trial := searcher.next_spec()) is not None:
        large = trial.recipe.batch_size == 20
        drawn.append(large)
        train(journal, trial, [] if large else [0.5], "out_of_memory" if large else "finished")
        searcher.ended(trial.id)
    assert sum(drawn[-10:]) < 5, drawn


def test_cohorts_begin_where_they_would_have_begun_without_a_kill(journal: Journal) -> None:
    """Also when the last suggestion of the cohort was told at once, as impossible."""
    fits, valid = BASE.model, BASE.model.model_copy(update={"padding": "valid"})
    asked = searching(
        space={"model": choice(fits=fits, valid=valid), "optimizer.lr": RATES}, trials=40
    )
    killed = cohorts(journal, asked)
    while killed.next_spec() and told(killed)[-1].state is not TrialState.PRUNED:
        for _ in range(len(killed._waiting)):
            killed.next_spec()
        for trial in killed.members.values():
            train(journal, trial, [0.5], "finished")
    assert killed._asked < 40, "no cohort ended with an impossible suggestion"
    heir = cohorts(journal, asked)
    assert heir.next_spec() is not None
    assert set(heir.members) == set(killed.members)
    assert heir._asked == killed._asked


def cohorts(journal: Journal, asked: Study) -> CohortTrials:
    storage = open_suggestions(str(journal._path.parent / "optuna.jsonl"))
    database = open_optuna_study(asked, spec(BASE, SEARCH_SEED), storage, 8)
    return CohortTrials(asked, database, make_spec, journal, "unused", slots=2)


def train_all(searcher: OptunaTrials, journal: Journal) -> list[TrialSpec]:
    """Train what is handed out; the value is the learning rate, whose best is thus known."""
    trained = []
    while (trial := searcher.next_spec()) is not None:
        train(journal, trial, [0.0, trial.recipe.value("optimizer.lr")], "finished")
        searcher.ended(trial.id)
        trained.append(trial)
    return trained


def rates(trained: list[TrialSpec]) -> list[float]:
    return [trial.recipe.value("optimizer.lr") for trial in trained]


CONDITIONAL = choice(
    tuned(SGD(), lr=LogRange(0.01, 0.1)), tuned(AdamW(), lr=LogRange(0.001, 0.01), beta1=RATES)
)
POINTS = ({"optimizer": AdamW(lr=0.005, beta1=0.002)}, {"optimizer.lr": 0.02})


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_the_base_recipe_and_given_points_come_first_also_on_branches(
    journal: Journal, sampler: str
) -> None:
    asked = searching(space={"optimizer": CONDITIONAL}, points=plain(POINTS), sampler=sampler)
    searcher = source(journal, asked)
    trained = train_all(searcher, journal)
    assert len(told(searcher)) == 6
    assert trained[0].recipe == BASE
    assert rates(trained)[1:3] == [0.005, 0.02]
    assert told(searcher)[1].params == {
        "optimizer": "adamw", "optimizer.adamw.lr": 0.005, "optimizer.adamw.beta1": "0.002",
    }  # fmt: skip


@pytest.mark.parametrize("driver", [OptunaTrials, CohortTrials])
def test_what_a_search_begins_with_is_tried_once_however_often_it_is_killed(
    journal: Journal, driver: type[OptunaTrials]
) -> None:
    asked = searching(space={"optimizer": CONDITIONAL}, points=plain(POINTS), trials=10)
    storage = open_suggestions(str(journal._path.parent / "optuna.jsonl"))
    database = open_optuna_study(asked, spec(BASE, SEARCH_SEED), storage, 8)

    def begin() -> OptunaTrials:
        return driver(asked, database, make_spec, journal, "unused", slots=2)

    killed = begin()
    first, second = killed.next_spec(), killed.next_spec()
    assert first is not None
    assert second is not None
    third = {"optimizer": "sgd", "optimizer.sgd.lr": 0.02}
    database.enqueue_trial(third, skip_if_exists=True)  # killed here
    assert [trial.id for trial in train_all(begin(), journal)][:2] == [first.id, second.id]
    train_all(begin(), journal)
    given = [t for t in database.get_trials() if "fixed_params" in t.system_attrs]
    assert [t.params.get("optimizer.sgd.lr") for t in given] == [0.05, None, 0.02]
    assert len(database.get_trials()) == 10
    assert all(trial.state is TrialState.COMPLETE for trial in database.get_trials())


def test_points_that_are_given_later_come_next(journal: Journal) -> None:
    train_all(source(journal, searching(space={"optimizer": CONDITIONAL}, trials=3)), journal)
    more = searching(space={"optimizer": CONDITIONAL}, trials=5, points=plain(POINTS))
    assert rates(train_all(source(journal, more), journal)) == [0.005, 0.02]


def test_a_grid_is_exhausted_and_nothing_else_is_tried(journal: Journal) -> None:
    optimizers = choice(tuned(SGD(), lr=choice(0.05, 0.5)), AdamW())
    space = {"optimizer": optimizers, "batch_size": choice(10, 20)}
    asked = searching(space=space, sampler="grid", trials=6)
    searcher = source(journal, asked)
    trained = train_all(searcher, journal)
    assert len({trial.id for trial in trained}) == len(told(searcher)) == 6
    assert trained[0].recipe == BASE
    assert train_all(source(journal, asked), journal) == []


@pytest.mark.parametrize("sampler", ["tpe", "random", "nsga2", "grid"])
@pytest.mark.parametrize("driver", [OptunaTrials, CohortTrials])
def test_a_search_that_ended_goes_on_when_it_gets_more_trials(
    journal: Journal, sampler: str, driver: type[OptunaTrials]
) -> None:
    changes = {"sampler": sampler, "scheduler": "none"}
    storage = open_suggestions(str(journal._path.parent / "optuna.jsonl"))
    for trials in (10, 24):
        asked = searching(trials=trials, **changes)
        database = open_optuna_study(asked, spec(BASE, SEARCH_SEED), storage, 8)
        train_all(driver(asked, database, make_spec, journal, "unused", slots=2), journal)
        assert [t.state for t in database.get_trials()] == [TrialState.COMPLETE] * trials
    assert len(optuna.get_all_study_names(storage)) == 1


@pytest.mark.parametrize("sampler", ["tpe", "random", "nsga2"])
def test_several_objectives_are_told_as_the_record_has_them(journal: Journal, sampler: str) -> None:
    search: dict[str, Any] = {"objectives": ("accuracy", "epochs_to_accuracy_0.03", "seconds"),
                              "scheduler": "none", "sampler": sampler, "trials": 30}  # fmt: skip
    asked = study(
        search=Search(space={"optimizer.lr": RATES}, **search),
        costs=(EpochsToAccuracy(accuracy=0.03),),
    )
    searcher = source(journal, asked)
    assert [d.name for d in searcher.optuna.directions] == ["MAXIMIZE", "MINIMIZE", "MINIMIZE"]
    assert searcher.optuna.metric_names == list(searcher.search.objectives)
    run(searcher, journal, [], "out_of_memory")
    run(searcher, journal, [0.1], "diverged")
    while (trial := searcher.next_spec()) is not None:
        value = trial.recipe.value("optimizer.lr")
        train(journal, trial, [value / 2, value], "finished", seconds=1.5)
        searcher.ended(trial.id)
    states = [t.state for t in told(searcher)]
    assert states[:2] == [TrialState.PRUNED] * 2
    for trial in told(searcher)[2:]:
        value = spec_of(trial).recipe.value("optimizer.lr")
        if value < 0.03:  # never as accurate as asked for
            assert trial.state is TrialState.PRUNED
            assert max(trial.constraints.values()) > 0
        else:
            epochs = 1 if value / 2 >= 0.03 else 2
            assert trial.values == [value, epochs, 3.0]
    assert TrialState.COMPLETE in states


def spec_of(trial: optuna.trial.FrozenTrial) -> TrialSpec:
    return make_spec(BASE.replace(sample({"optimizer.lr": RATES}, optuna.trial.FixedTrial(
        trial.params))))  # fmt: skip


def test_what_makes_values_incomparable_is_in_the_name_and_nothing_else() -> None:
    baseline, space = spec(BASE, SEARCH_SEED), {"optimizer.lr": LogRange(0.01, 0.1)}
    plain_ = searching(space=space, scheduler="none")
    name = optuna_study_name(plain_, baseline)
    for same in ({"points": ({"optimizer.lr": 0.02},)}, {"baseline_first": False}, {"cohort": 4}):
        assert optuna_study_name(searching(space=space, scheduler="none", **same), baseline) == name
    others: list[dict[str, Any]] = [
        {"sampler": "nsga2"}, {"scheduler": "halving"},
        {"objectives": ("accuracy", "seconds")}, {"objectives": ("accuracy", "parameters")},
    ]  # fmt: skip
    for other in others:
        changed = searching(**{"space": space, "scheduler": "none"} | other)
        assert optuna_study_name(changed, baseline) != name
    cohorts_ = optuna_study_name(plain_, baseline, 8)
    assert cohorts_ != optuna_study_name(plain_, baseline, 4) != name
    given = searching(space=space, scheduler="none", points=({"optimizer.lr": 0.02},))
    assert optuna_study_name(given, baseline, 8) != cohorts_
