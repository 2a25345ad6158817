"""Does a bundle train to what it says: `sweeps verify DIR`."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

import torch
from scipy import stats

from cifar_models.classifier import evaluate
from cifar_models.numerics import require
from cifar_models.provenance import read_recipe
from cifar_models.recipe import read_text
from cifar_models.source_file import SourceFile, load_source
from cifar_models.splits import partition
from cifar_models.training import train
from sweeps.export.bundle import RECIPE, Expected, read_bundle
from sweeps.record.environment import processor

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """Where one more training would be expected: a prediction interval."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Verdict:
    """A metric that was trained for again.

    Attributes:
        seed: of the training.
        metric: its name.
        expected: what the bundle says.
        found: what it is now; NaN where the training did not give it.
        interval: that it must be in, None where it must be equal.
    """

    seed: int
    metric: str
    expected: float
    found: float
    interval: Interval | None

    @property
    def holds(self) -> bool:
        """Whether it is as expected."""
        if self.interval is None:
            return self.found == self.expected
        return self.found in self.interval

    def __str__(self) -> str:
        """Return it as a line."""
        told = f"seed {self.seed}  {self.metric:<30} {self.found:.6g}"
        if self.interval is None:
            return told + (" exactly" if self.holds else f", expected {self.expected!r} exactly")
        within = f"[{self.interval.low:.6g}, {self.interval.high:.6g}]"
        return f"{told} {'within' if self.holds else 'OUTSIDE'} {within}"


def verify(folder: Path, seeds: int, data_dir: Path | None) -> Iterator[Verdict]:
    """Train a bundle's first seeds again, and yield what became of each metric.

    On the processor and torch version of the bundle, on the CPU, each must be equal. Elsewhere it
    must be in the prediction interval of one more training, from the spread of the bundle's seeds,
    so wide that 95 % of honest bundles have all of their numbers inside (Bonferroni).

    Args:
        folder: The bundle.
        seeds: How many to train.
        data_dir: Where data sets lie.

    Raises:
        ValueError: There is no bundle, its device or data are not here, or it has one seed only and
            this is another machine.
    """
    expected = read_bundle(folder)
    if expected.components is not None:
        own = folder / expected.components
        load_source(SourceFile(own.name, read_text(own)))
    exact = same_machine(expected)
    if not exact and len(expected.seeds) < 2:
        raise ValueError(
            f"{folder} has one seed, which gives no interval, and numbers are equal only on its "
            f"own machine: {expected.device} with torch {expected.torch}"
        )
    chosen = dict(list(expected.seeds.items())[:seeds])
    judged = sum(map(len, chosen.values()))
    for seed, metrics in chosen.items():
        found = trained(folder, expected, seed, data_dir)
        for name, value in metrics.items():
            known = [given[name] for given in expected.seeds.values() if name in given]
            interval = None if exact else prediction(known, judged)
            yield Verdict(seed, name, value, found.get(name, math.nan), interval)


def same_machine(expected: Expected) -> bool:
    """Whether numbers must be equal here: the same CPU and version of torch."""
    here = expected.numerics.device == "cpu" and processor() == expected.device
    return here and torch.__version__.split("+")[0] == expected.torch.split("+")[0]


def prediction(values: list[float], judged: int = 1) -> Interval:
    """Return where one more value of the same normal distribution lies, with 95 % probability.

    Everywhere for fewer than two values.

    Args:
        values: of trainings that differ in their seed.
        judged: how many numbers are, which shall all be inside with that probability.

    Source: Hahn and Meeker 1991, Statistical Intervals, sections 4.7 and 4.8.
    """
    if len(values) < 2:
        return Interval(-math.inf, math.inf)
    reach = stats.t.ppf(1 - (1 - LEVEL) / (2 * judged), len(values) - 1)
    half = float(reach) * stdev(values) * math.sqrt(1 + 1 / len(values))
    return Interval(fmean(values) - half, fmean(values) + half)


def trained(folder: Path, expected: Expected, seed: int, data_dir: Path | None) -> dict[str, float]:
    """Train one seed, and return its metrics at the epoch that counts, on test images too.

    Raises:
        ValueError: The data are not those of the bundle, or its device is not here.
    """
    require(expected.numerics.device)
    recipe, _ = read_recipe(folder / RECIPE)
    data = recipe.dataset.build(data_dir)
    if data.fingerprint != expected.data:
        raise ValueError(
            f"the data are not those of the bundle: fingerprint {data.fingerprint}, there "
            f"{expected.data}"
        )
    parts = partition(data, recipe.split.of(seed))
    training = train(
        recipe, seed, parts.train, parts.validation, expected.numerics, len(data.classes)
    )
    for _ in training:
        pass
    if training.history[-1].status == "diverged":
        return {}
    epoch, weights = training.checkpoint().selected(expected.selection)
    training.classifier.load_state_dict(weights)
    measured = evaluate(training.classifier, parts.test, training.loss, training.numerics)
    on_test = {f"test/{name}": value for name, value in measured.items()}
    return dict(training.history[epoch - 1].metrics) | on_test
