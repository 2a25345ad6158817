"""Which figures there are of which diagnostic."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd
from matplotlib.figure import Figure

from sweeps.analysis.plot.diagnostics.answers import (
    calibration,
    calibration_words,
    confusion_matrices,
    confusion_words,
)
from sweeps.analysis.plot.diagnostics.bands import (
    Banded,
    band_figure,
    by_rate,
    over_rates,
    rate_words,
    step_size_words,
    top_words,
    width_words,
)
from sweeps.analysis.plot.diagnostics.distributions import histogram_words, histograms
from sweeps.analysis.plot.diagnostics.epochs import (
    both_splits,
    both_words,
    sharpness,
    sharpness_words,
)
from sweeps.analysis.plot.diagnostics.layers import layer_curves, layer_words
from sweeps.analysis.plot.diagnostics.pictures import (
    feature_maps,
    first_kernels,
    hardest_images,
    hardest_words,
    kernel_words,
    magnitude_words,
    magnitudes,
    map_words,
)

Frame = pd.DataFrame


@dataclass(frozen=True)
class Drawing:
    """A figure of a diagnostic: its title, and how figure and words come of a factor's frame."""

    title: str
    draw: Callable[[Frame], Figure]
    words: Callable[[Frame], str]


def _banded(title: str, *shown: Banded) -> Drawing:
    """Draw numbers along the gradient; words name those after the first."""

    def words(frame: Frame) -> str:
        told = [(top_words if each.top else width_words)(frame, each.column) for each in shown]
        of = [
            f"Of the {each.title}: {words}" for each, words in zip(shown[1:], told[1:], strict=True)
        ]
        return " ".join([told[0], *of, step_size_words(frame)])

    return Drawing(title, lambda f: band_figure(by_rate(f), list(shown)), words)


def _successive(title: str, *shown: Banded) -> Drawing:
    return Drawing(
        title,
        lambda f: band_figure({"": over_rates(f)}, list(shown)),
        partial(rate_words, columns={b.column: b.title for b in shown}),
    )


def _layered(title: str, columns: dict[str, str], *, log: bool = True) -> Drawing:
    first = next(iter(columns))
    return Drawing(
        title, lambda f: layer_curves(f, columns, log=log), partial(layer_words, column=first)
    )


DRAWINGS: dict[str, tuple[Drawing, ...]] = {
    "gradient_flow": (_layered("Gradient flow", {"mean_absolute": "mean |gradient|"}),),
    "relative_gradient": (
        _layered(
            "Relative gradients and updates",
            {"gradient": "||gradient|| / ||weight||", "update": "||update|| / ||weight||"},
        ),
    ),
    "histograms": (Drawing("Weights and gradients", histograms, histogram_words),),
    "first_kernels": (
        Drawing("Kernels of the first layer", first_kernels, kernel_words),
        Drawing("Magnitude of the first layer's kernels", magnitudes, magnitude_words),
    ),
    "feature_maps": (Drawing("Feature maps", feature_maps, map_words),),
    "activation_statistics": (
        _layered("Dead units and spread", {"dead": "dead units", "sd": "deviation"}, log=False),
    ),
    "loss_landscape": (
        _banded("Loss landscape along the gradient", Banded("loss", "loss over step sizes")),
    ),
    "gradient_predictiveness": (
        _banded(
            "Gradient predictiveness",
            Banded("distance", "change of the gradient"),
            Banded("norm", "norm of the gradient", top=True),
        ),
    ),
    "beta_smoothness": (
        _banded(
            "Effective beta-smoothness", Banded("beta", "change of gradient / distance", top=True)
        ),
    ),
    "successive_gradients": (
        _successive(
            "From step to step",
            Banded("loss", "loss"),
            Banded("distance", "change of the last layer's gradient"),
        ),
    ),
    "sharpness": (Drawing("Sharpness", sharpness, sharpness_words),),
    "train_and_validation": (Drawing("Training and validation", both_splits, both_words),),
    "confusion_matrix": (Drawing("Confusion", confusion_matrices, confusion_words),),
    "hardest_images": (Drawing("Hardest images", hardest_images, hardest_words),),
    "calibration": (Drawing("Calibration", calibration, calibration_words),),
}


def drawn(observations: Mapping[str, Frame]) -> Iterator[tuple[str, str, str, Drawing, Frame]]:
    """Yield each drawing of each factor.

    That is its name for files, the diagnostic, the factor, the drawing and the factor's frame.
    """
    for diagnostic, frame in observations.items():
        for factor in frame["factor"].unique():
            mine = frame[frame["factor"] == factor]
            for number, drawing in enumerate(DRAWINGS.get(diagnostic, ()), start=1):
                name = f"{diagnostic}-{number}" if number > 1 else diagnostic
                yield f"{name}-{_file_name(str(factor))}", diagnostic, str(factor), drawing, mine


def _file_name(factor: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in factor)
