"""Small ``trials`` and ``curves`` frames, made by hand."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from sweeps.analysis.captions import TableContext

CONTEXT = TableContext(
    study="activations",
    question="Which activation suits the network?",
    selection_rule="Each trial is measured at its last epoch",
    split="Split 10:1:1 of the pooled 60,000 images",
    varied="Seeds vary initialisation, order and augmentation; the split is fixed",
)

Levels = Mapping[str, Sequence[float]]


def trials(factors: Mapping[str, Levels], first_seed: int = 10) -> pd.DataFrame:
    """Make finished ablation trials of test accuracies; the first level is the baseline."""
    rows = []
    for factor, levels in factors.items():
        for index, (level, values) in enumerate(levels.items()):
            for offset, value in enumerate(values):
                rows.append(
                    {
                        "trial": f"{factor}-{level}-{offset}",
                        "role": "ablation",
                        "variant": f"v-{factor}-{level}",
                        "factor": factor,
                        "level": level,
                        "baseline": index == 0,
                        "seed": first_seed + offset,
                        "status": "finished",
                        "epochs": 10,
                        "planned_epochs": 10,
                        "validation/accuracy": value + 0.01,
                        "validation/macro_f1": value - 0.01,
                        "validation/loss": 1 - value,
                        "train/loss": 0.5 + offset / 1000,
                        "selected_epoch": 10,
                        "test/accuracy": value,
                        "test/macro_f1": value - 0.02,
                        "test/loss": 1.1 - value,
                        "parameters": 62006,
                        "seconds": 30.0 + offset,
                        "torch": "2.15.0",
                        "device": "cpu",
                        "run_id": f"run-{factor}-{level}-{offset}",
                    }
                )
    return pd.DataFrame(rows)


def small() -> pd.DataFrame:
    """Three levels of one factor at three seeds, with numbers that one can check by hand."""
    return trials(
        {
            "activation": {
                "relu": [0.70, 0.72, 0.74],
                "leaky_relu": [0.73, 0.74, 0.78],
                "tanh": [0.70, 0.73, 0.73],
            }
        }
    )


def blank(frame: pd.DataFrame, level: str, seed: int, status: str) -> pd.DataFrame:
    """Let the cell of a level and seed end in another status, without test evaluation."""
    frame = frame.copy()
    cell = (frame["level"] == level) & (frame["seed"] == seed)
    frame.loc[cell, "status"] = status
    frame.loc[cell, ["epochs"]] = 3
    frame.loc[cell, ["test/accuracy", "test/macro_f1", "test/loss"]] = np.nan
    return frame


def curves(frame: pd.DataFrame, epochs: int = 10) -> pd.DataFrame:
    """Make a curve that rises to each trial's validation accuracy."""
    epoch = np.arange(1, epochs + 1)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "trial": row["trial"],
                    "epoch": epoch,
                    "validation/accuracy": row["validation/accuracy"] * (1 - 0.6**epoch),
                    "train/loss": 2.0 * 0.8**epoch,
                }
            )
            for row in frame.drop_duplicates("trial").to_dict("records")
        ],
        ignore_index=True,
    )
