"""What reports are made of, by hand: an ablation of three levels, and a search before it."""

from collections.abc import Sequence

import pandas as pd

from sweeps.analysis.report.material import Material, Searched
from sweeps.analysis.table import ablation_table
from tests.sweeps.analysis import frames
from tests.sweeps.analysis.plot import searched

RECIPES = {
    "v-activation-relu": {
        "lr": "0.1",
        "activation": "relu",
        "seed": "10",
        "numerics.device": "cpu",
    },
    "v-activation-tanh": {
        "lr": "0.1",
        "activation": "tanh",
        "seed": "11",
        "numerics.device": "cpu",
    },
    "v-activation-leaky_relu": {
        **{"lr": "0.1", "activation": "leaky_relu", "slope": "0.01"},
        **{"seed": "10", "numerics.device": "cpu"},
    },
}


def material(trials: pd.DataFrame | None = None, *, search: bool = True) -> Material:
    """Return what a report of finished trials is made of."""
    proven = frames.small() if trials is None else trials
    curves = frames.curves(proven).assign(seconds=2.0)
    found = searched.trials().iloc[:-1].assign(seed=1_000_000, epochs=3, seconds=4.0)
    return Material(
        table=ablation_table(proven, frames.CONTEXT),
        question="Which <activation> suits the network?",
        trials=pd.concat([proven, found], ignore_index=True) if search else proven,
        curves=pd.concat([curves, searched.curves()[lambda c: c["trial"] != "z"]]),
        searched=Searched("5 trials by hand.", (1, 2), True) if search else None,
        recipes=RECIPES,
        commands=(("Again", "sweeps run --study activations"),),
    )


def levels(**values: Sequence[float]) -> pd.DataFrame:
    """Return trials of one factor ``a``; the first level is the baseline."""
    return frames.trials({"a": values})
