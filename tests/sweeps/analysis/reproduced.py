"""A study of activations beside invented printed numbers."""

from typing import Any

import pandas as pd

from search_spaces.claims import Claim, Ordering
from search_spaces.factors import factor
from search_spaces.loading import built_in
from search_spaces.published import Published
from search_spaces.study import Study
from sweeps.analysis.reproduction import Budget, Reproduction, reproduction
from tests.sweeps.analysis.frames import small

IMAGES = {"train": 50_000, "validation": 5_000, "test": 5_000}
PRINTED = {
    "relu": {"accuracy": 0.75, "seconds": 100.0},
    "tanh": {"accuracy": 0.70, "train_accuracy": 0.9},
    "sigmoid": {"accuracy": 0.5},
}
CLAIM = Ordering(factor="activation", levels=("leaky_relu", "relu", "tanh"))


def study(*claims: Claim) -> Study:
    """Return report b's study of activations with the levels of the small frame."""
    activations = factor("activation", "model.activation", "relu", "leaky_relu", "tanh")
    return built_in()["b_activation"].replace(
        factors=(activations,), claims=claims or (CLAIM,), note="Ours to choose."
    )


def compared(
    trials: pd.DataFrame | None = None,
    budget: Budget = "full",
    printed: dict[str, dict[str, float]] | None = None,
    **changes: Any,
) -> Reproduction:
    """Put a frame, by default the small one, beside the printed numbers."""
    published = Published(
        id="b_activation", kind="study", where="table 1", note="Printed twice.",
        printed=PRINTED if printed is None else printed,
    )  # fmt: skip
    full = study()
    run = full.replace(**changes) if changes else full
    return reproduction(run, published, budget, small() if trials is None else trials, IMAGES, full)
