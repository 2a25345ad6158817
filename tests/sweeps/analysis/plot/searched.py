"""Frames of a search of five trials, made by hand."""

import pandas as pd

METRIC = "validation/accuracy"

SEARCHED = {
    "t1": ({"optimizer": "sgd", "optimizer.sgd.lr": 0.001, "batch_size": "32"}, [0.1, 0.2, 0.5]),
    "t2": ({"optimizer": "sgd", "optimizer.sgd.lr": 0.1, "batch_size": "128"}, [0.3, 0.4, 0.9]),
    "t3": ({"optimizer": "adam", "batch_size": "64"}, [0.2, 0.3, 0.7]),
    "t4": ({"optimizer": "sgd", "optimizer.sgd.lr": 1.0, "batch_size": "64"}, [0.05]),
    "t5": ({"optimizer": "adam", "batch_size": "64"}, [0.06, 0.1]),
}
"""What was suggested, and the validation accuracies; t4 and t5 were stopped."""


def trials() -> pd.DataFrame:
    rows = [
        {
            "trial": trial,
            "role": "search",
            "status": "finished" if len(values) == 3 else "stopped",
            "suggested": suggested,
            METRIC: values[-1],
        }
        for trial, (suggested, values) in SEARCHED.items()
    ]
    other = {"trial": "z", "role": "ablation", "status": "finished", "suggested": {}, METRIC: 0.99}
    return pd.DataFrame([*rows, other])


def curves() -> pd.DataFrame:
    rows = [
        {"trial": trial, "epoch": epoch, METRIC: value}
        for trial, (_, values) in SEARCHED.items()
        for epoch, value in enumerate(values, start=1)
    ]
    others = [{"trial": "z", "epoch": epoch, METRIC: 0.99} for epoch in (1, 2, 3)]
    return pd.DataFrame([*rows, *others])
