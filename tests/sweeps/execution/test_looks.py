"""Who gets further seeds follows from what is recorded; nothing is trained here."""

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from search_spaces import Study, factor
from sweeps.execution.images import ImageStore
from sweeps.execution.looks import Look, looks, refuse_another_rule
from sweeps.execution.options import Options
from sweeps.execution.plan import Cell, Planner
from sweeps.execution.ray_session import Resources
from sweeps.execution.runner import StudyRun
from sweeps.record.journal import Journal
from sweeps.record.places import resolve_places
from tests.sweeps.execution.specs import study
from tests.sweeps.record.small import record

NOISE = (0.004, -0.003, 0.001, -0.002, 0.003, -0.003)
TURNS = {"relu": 0, "tanh": 1, "mish": 2}
LEVELS = factor("activation", "model.activation", "relu", "tanh", "mish")


@pytest.fixture(scope="module")
def planner() -> Planner:
    return Planner(ImageStore(None), Resources(1, 0.0, 2))


@pytest.fixture
def journal(tmp_path: Path) -> Any:
    journal = Journal(tmp_path)
    yield journal
    journal.close()


def sequential(**changes: Any) -> Study:
    return study(factors=(LEVELS,), seeds="auto:4,6", **changes)


def train(look: Look, journal: Journal, *, best: str = "tanh", failing: str = "") -> None:
    """Record trials; one level is far better than the others, which differ by noise alone."""
    for cell in look.cells:
        if journal[cell.spec.id].status == "finished":
            continue
        noise = NOISE[(cell.spec.seed + TURNS[cell.level]) % len(NOISE)]
        accuracy = 0.5 + noise + (0.3 if cell.level == best else 0.0)
        fails = cell.level == failing and cell.spec.seed == 1
        record(journal, cell.spec, accuracy, end="failed" if fails else "finished")


def asked(look: Look) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for cell in look.cells:
        found.setdefault(cell.level, []).append(cell.spec.seed)
    return found


def through(study: Study, planner: Planner, journal: Journal, **how: str) -> list[Look]:
    found = []
    for look in looks(study, study.arms(), planner, journal.trials):
        train(look, journal, **how)
        found.append(look)
    return found


def test_a_level_that_is_told_apart_gets_no_more_seeds(planner: Planner, journal: Journal) -> None:
    first, second = through(sequential(), planner, journal)
    assert asked(first) == {level: [0, 1, 2, 3] for level in ("relu", "tanh", "mish")}
    assert asked(second) == {"relu": [4, 5], "mish": [4, 5]}
    assert (first.title, second.title) == ("ablation, look 1 of 2", "ablation, look 2 of 2")


def test_a_loss_is_compared_as_well(planner: Planner, journal: Journal) -> None:
    found = through(sequential(metric="loss"), planner, journal)
    assert [len(look.cells) for look in found] == [12, 6]  # small.metrics: all losses are equal


def test_equal_levels_end_where_a_margin_is_stated(planner: Planner, journal: Journal) -> None:
    (only,) = through(sequential(margin=20.0), planner, journal)
    assert len(only.cells) == 12


def test_a_margin_is_in_printed_units(planner: Planner, journal: Journal) -> None:
    assert len(through(sequential(margin=0.2), planner, journal)) == 2  # points of accuracy


def test_a_level_without_a_seed_ends_and_goes_on_when_it_was_retried(
    planner: Planner, journal: Journal
) -> None:
    (first,) = through(sequential(), planner, journal, failing="mish")
    lost = next(cell for cell in first.cells if cell.level == "mish" and cell.spec.seed == 1)
    journal.append("forgotten", lost.spec.id)
    found = through(sequential(), planner, journal)
    assert [len(look.cells) for look in found] == [12, 4]


def test_a_fixed_number_of_seeds_is_one_look(planner: Planner, journal: Journal) -> None:
    (only,) = through(study(seeds=(0, 7)), planner, journal)
    assert only.title == "ablation"
    assert asked(only) == {"relu": [0, 7], "tanh": [0, 7]}


def kept(study: Study, cells: list[Cell]) -> dict[str, Any]:
    return {
        "study": study.model_dump(mode="json"),
        "cells": [cell.to_json() for cell in cells],
    }


def begun(now: Study, before: Study, planner: Planner) -> None:
    """Run a study of which another version has begun."""
    first = next(looks(before, before.arms(), planner, {}))
    cells = planner.ablation(now.arms(), now.seed_list)
    refuse_another_rule(now, cells, kept(before, first.cells))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seeds": "auto:4,8"}, "seeds"),
        ({"seeds": 6}, "seeds"),
        ({"metric": "macro_f1"}, "metric"),
        ({"margin": 1.0}, "margin"),
        ({"selection": "best", "seeds": 6}, "selection"),
        ({"factors": (factor("activation", "model.activation", "relu", "mish"),)}, "levels"),
    ],
)
def test_what_was_looked_at_is_not_decided_by_another_rule(
    changes: dict[str, Any], said: str, planner: Planner
) -> None:
    now = sequential().replace(**changes)
    with pytest.raises(
        ValueError, match=f"has begun with other .*{said}.*another name, and seeds.*from 4 on"
    ):
        begun(now, sequential(), planner)
    if now.looks or said == "seeds":
        with pytest.raises(ValueError, match=said):
            begun(sequential(), now, planner)


def test_before_a_search_what_begins_as_before_is_refused_too(planner: Planner) -> None:
    before = study(factors=(LEVELS,), seeds=5)
    begun_cells = kept(before, next(looks(before, before.arms(), planner, {})).cells)
    with pytest.raises(ValueError, match=r"begun with other seeds: .*go on with .*from 5 on"):
        refuse_another_rule(sequential(), None, begun_cells)
    refuse_another_rule(sequential(), None, begun_cells | {"cells": []})
    longer = sequential().replace(base=sequential().base.with_epochs(5))
    refuse_another_rule(longer, None, begun_cells)
    refuse_another_rule(before, None, begun_cells)


def test_a_run_refuses_it_before_anything_is_spent(planner: Planner, tmp_path: Path) -> None:
    before = study(factors=(LEVELS,), seeds=5)
    places = resolve_places(str(tmp_path))
    now = StudyRun(sequential(), (), places, Options(), Console())
    now.kept = kept(before, planner.ablation(before.arms(), before.seed_list))
    with pytest.raises(ValueError, match="begun with other seeds"):
        next(now._phases())  # there is no journal yet, nor anything else


def test_the_same_rule_and_other_trials_and_fixed_seeds_are_nobodys_business(
    planner: Planner,
) -> None:
    begun(sequential(), sequential(), planner)
    longer = sequential().replace(base=sequential().base.with_epochs(5), seeds="auto:3,5")
    begun(longer, sequential(), planner)
    begun(study(seeds=9), study(seeds=2), planner)
    refuse_another_rule(sequential(), [], None)
