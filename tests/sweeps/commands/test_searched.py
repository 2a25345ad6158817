"""What is said of a search when it has ended, from what MLflow has."""

from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from search_spaces import LogRange, Search, Study
from search_spaces.study import SEARCH_SEED
from sweeps.commands.searched import FRONT, print_search
from sweeps.execution.plan import Cell
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal
from sweeps.record.results import load
from tests.sweeps.record.recorded import STUDY, finish, mirror
from tests.sweeps.record.recorded import cells as ablation
from tests.sweeps.record.small import open_runs, record, spec


def searched(state: Path, **search: Any) -> str:
    """Record a search of six trials, the fifth of them stopped, and return what is said of it."""
    plan = Search(space={"optimizer.lr": LogRange(0.01, 1.0)}, **search)
    study = STUDY.replace(search=plan, costs=("peak_memory",))
    journal = Journal(state)
    cells = [trial(study, 0.1 * number) for number in range(1, 7)]
    for number, cell in enumerate(cells, start=1):
        if number == 5:
            record(journal, cell.spec, 0.1, end="stopped")
        else:
            record(journal, cell.spec, 0.01 * number, 0.2, 0.02 * number)
    proven = ablation()[:3]
    for cell in proven:
        finish(journal, cell, (0.1, 0.2, 0.3))
    runs = open_runs(state)
    mirror(runs, journal, study, [*cells, *proven])
    journal.close()
    folder = state / "studies" / "small"
    folder.mkdir(parents=True)
    told = StringIO()
    results = load(study.name, runs.uri)
    print_search(study, results, folder, runs, Console(file=told, width=80))
    return told.getvalue()


def trial(study: Study, rate: float) -> Cell:
    recipe = study.base.replace({"optimizer.lr": rate})
    of = TrialSpec(recipe, SEARCH_SEED, spec().numerics, spec().data)
    return Cell(of, "search", suggested={"optimizer.lr": rate})


def test_ranks_are_compared_over_trials_that_ran_to_their_end(state: Path) -> None:
    told = searched(state, reduction_factor=2)
    assert "(Kendall's tau): 1.00 after epoch 1 (n = 5), undecided after epoch 2 (n = 5)" in told
    assert "Only trials that were not stopped are in it" in told
    assert not (state / "studies" / "small" / FRONT).exists()


def test_a_front_is_printed_and_written_with_what_was_suggested(state: Path) -> None:
    objectives = ("accuracy", "loss", "parameters", "peak_memory")
    told = searched(state, scheduler="none", objectives=objectives, top_k=2)
    head, columns, first, *rest = told.strip().splitlines()
    assert head == (
        "Pareto front: 1 of 5 finished trials of the search; selected: the best 1 by accuracy"
    )
    assert " ".join(columns.split()) == (
        "trial validation accuracy (%) validation loss parameters peak memory (MiB) suggested"
    )
    assert first.endswith(
        " 12.00           0.7000       1,234                300  optimizer.lr=0.6"
    )
    assert rest[0].startswith("Peak memory: of the GPU's allocator")
    assert "No trial was stopped" in rest[-1]
    written = pd.read_csv(state / "studies" / "small" / FRONT)
    assert written["optimizer.lr"].tolist() == pytest.approx([0.6])
    assert written["validation/accuracy"].tolist() == pytest.approx([0.12])


def test_a_study_without_a_search_has_nothing_to_say(state: Path) -> None:
    told = StringIO()
    results: Any = None
    runs: Any = None
    print_search(STUDY, results, state, runs, Console(file=told))
    assert told.getvalue() == ""
