"""A Pareto front as text."""

import pandas as pd

from cifar_models.costs import Flops
from sweeps.analysis.rendering.front import front_lines

FRONT = pd.DataFrame(
    {
        "trial": ["a1", "b2"],
        "validation/accuracy": [0.9, 0.5],
        "parameters": [25298, 510],
        "flops": [6.2e6, 8.85e5],
        "optimizer": ["sgd", "adam"],
        "optimizer.sgd.lr": [0.123456, None],
    }
)


def test_numbers_stand_below_each_other_and_holes_are_left_out() -> None:
    assert front_lines(FRONT, ("accuracy", "parameters", "flops"), (Flops(),)) == [
        "trial  validation accuracy (%)  parameters  FLOPs (million an image)  suggested",
        "a1                       90.00      25,298                       6.2"
        "  optimizer=sgd optimizer.sgd.lr=0.123",
        "b2                       50.00         510                     0.885  optimizer=adam",
    ]


def test_an_empty_front_is_its_head() -> None:
    (line,) = front_lines(FRONT.head(0), ("accuracy", "parameters"), ())
    assert line.startswith("trial  validation accuracy (%)  parameters")
