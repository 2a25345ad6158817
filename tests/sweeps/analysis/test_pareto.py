"""The Pareto front of a search."""

import pandas as pd
import pytest

from sweeps.analysis.pareto import front, non_dominated


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        ([[1.0, 1.0]], [True]),
        ([[1.0, 2.0], [2.0, 1.0], [1.0, 1.0]], [True, True, False]),
        ([[1.0, 1.0], [1.0, 1.0]], [True, True]),
        ([[1.0, 1.0], [1.0, 2.0]], [False, True]),
        ([[3.0, 0.0, 0.0], [2.0, 0.0, 1.0], [2.0, 0.0, 0.5]], [True, True, False]),
    ],
)
def test_what_another_row_beats_is_not_on_the_front(
    values: list[list[float]], expected: list[bool]
) -> None:
    assert non_dominated(values) == expected


def trial(name: str, accuracy: float, parameters: float, **changes: object) -> dict[str, object]:
    return {
        "trial": name, "role": "search", "status": "finished", "validation/accuracy": accuracy,
        "parameters": parameters, "suggested": {"model": name},
    } | changes  # fmt: skip


OBJECTIVES = {"validation/accuracy": True, "parameters": False}


def test_the_front_is_of_the_finished_trials_of_the_search_and_begins_with_the_best() -> None:
    trials = pd.DataFrame(
        [
            trial("small", 0.5, 10),
            trial("large", 0.9, 1000, suggested={"model": "large", "model.large.width": 64}),
            trial("worse", 0.8, 2000),
            trial("stopped", 0.99, 10, status="stopped"),
            trial("hole", 0.99, float("nan")),
            trial("again", 0.99, 10, role="ablation", suggested={}),
        ]
    )
    found = front(trials, OBJECTIVES, "validation/accuracy")
    assert front(trials, OBJECTIVES, "parameters")["trial"].tolist() == ["small", "large"]
    assert found["trial"].tolist() == ["large", "small"]
    assert found["model"].tolist() == ["large", "small"]
    assert found["model.large.width"].tolist()[0] == 64
    assert list(found)[:3] == ["trial", "validation/accuracy", "parameters"]


def test_a_search_without_a_finished_trial_has_no_front() -> None:
    trials = pd.DataFrame([trial("stopped", 0.9, 10, status="stopped")])
    assert front(trials, OBJECTIVES, "parameters").empty
