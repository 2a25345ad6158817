"""What diagnostics saw of two levels, by hand."""

from typing import Any

import pandas as pd

LEVELS = (("none", False), ("batch", True))


def of_levels(rows: list[dict[str, Any]], factor: str = "norm", **by_level: Any) -> pd.DataFrame:
    """Return the same rows for both levels; columns given by level are multiplied by it."""
    told = []
    for place, (level, baseline) in enumerate(LEVELS):
        for row in rows:
            cell = {
                "factor": factor,
                "level": level,
                "baseline": baseline,
                "seed": 0,
                "trial": level,
            }
            scaled = {name: row[name] * times[place] for name, times in by_level.items()}
            told.append(cell | {"epoch": 1} | row | scaled)
    return pd.DataFrame(told)


def flow() -> pd.DataFrame:
    """Gradients that fall to a tenth from layer to layer; none has a hundredth of batch."""
    rows = [
        {
            "epoch": epoch,
            "layer": f"l{depth}",
            "depth": depth,
            "mean_absolute": 10.0**-depth / epoch,
        }
        for epoch in range(1, 6)
        for depth in range(1, 4)
    ]
    return of_levels(rows, mean_absolute=(0.01, 1.0))


def landscape() -> pd.DataFrame:
    """Losses between 1 and 2 at two steps; of none five times as high."""
    rows = [
        {"step": step, "step_size": size, "loss": 1.0 + size}
        for step in (0, 20)
        for size in (0.0, 0.5, 1.0)
    ]
    return of_levels(rows, loss=(5.0, 1.0))


def rates() -> pd.DataFrame:
    """A crossed study: the loss is the rate, twice that without norm."""
    told = []
    for norm, times in (("none", 2.0), ("batch", 1.0)):
        for rate in (0.1, 0.01):
            told.append(
                {
                    "factor": "learning rate x norm", "level": f"{rate} x {norm}",
                    "baseline": norm == "batch" and rate == 0.1, "seed": 0, "trial": "t",
                    "epoch": 1, "step": 1, "loss": times * rate, "norm": 1.0, "distance": rate,
                }
            )  # fmt: skip
    return pd.DataFrame(told)


def named(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose classes are categories, as those of a study are."""
    classes = pd.CategoricalDtype(["cat", "dog"])
    return frame.astype({"true": classes, "predicted": classes})


def all_frames() -> dict[str, pd.DataFrame]:
    """Return a frame of each diagnostic."""
    picture = {"height": 2, "width": 2, "values": [0.0, 1.0, 2.0, 3.0]}
    colours = {"channels": 3, "height": 2, "width": 2, "values": list(range(12))}
    counted = {"low": -1.0, "high": 1.0, "counts": [1, 2, 1], "sd": 0.5}
    ratios = {"layer": "l", "depth": 1, "gradient": 0.1, "update": 0.01}
    shares = {"layer": "l", "depth": 1, "mean": 0.0, "sd": 1.0, "zeros": 0.5, "dead": 0.25}
    shown = {"image": 0, "split": "train"}
    wrong = {"split": "train", "true": "dog", "predicted": "cat", "confidence": 0.9, "loss": 3.0}
    return {
        "gradient_flow": flow(),
        "relative_gradient": of_levels([ratios]),
        "histograms": of_levels(
            [
                {"epoch": e, "layer": "l", "depth": 1, "quantity": q, **counted}
                for e in (0, 1)
                for q in ("weight", "gradient")
            ]
        ),
        "first_kernels": of_levels(
            [{"layer": "l", "kernel": k, "magnitude": 1.0 + k} | colours for k in (0, 1)]
        ),
        "feature_maps": of_levels(
            [
                {**shown, "layer": layer, "depth": depth, "channel": c, **picture}
                for layer, depth in (("image", 0), ("act", 1))
                for c in range(3)
            ]
        ),
        "activation_statistics": of_levels([shares]),
        "loss_landscape": landscape(),
        "gradient_predictiveness": of_levels(
            [{"step": 0, "step_size": s, "distance": s, "norm": 1.0} for s in (0.1, 0.2)]
        ),
        "beta_smoothness": of_levels([{"step": 0, "step_size": s, "beta": s} for s in (0.1, 9.0)]),
        "successive_gradients": rates(),
        "sharpness": of_levels([{"eigenvalue": 4.0, "loss": 1.0}]),
        "train_and_validation": of_levels(
            [
                {"split": s, "measure": m, "value": 0.5}
                for s in ("train", "validation")
                for m in ("loss", "accuracy")
            ]
        ),
        "confusion_matrix": named(of_levels(
            [
                {"split": "train", "true": "cat", "predicted": "cat", "images": 1},
                {"split": "train", "true": "cat", "predicted": "dog", "images": 3},
            ]
        )),
        "hardest_images": named(of_levels([{**wrong, "image": 5, **colours}])),
        "calibration": of_levels(
            [
                {"split": "train", "low": 0.4, "high": 0.6, "images": 3, "confidence": 0.5,
                 "accuracy": 0.6},
                {"split": "train", "low": 0.8, "high": 1.0, "images": 1, "confidence": 0.9,
                 "accuracy": 0.4},
            ]
        ),
    }  # fmt: skip
