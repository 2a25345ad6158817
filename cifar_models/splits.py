"""Which images train, validate and test: one cut, by count or fraction, from a seed of its own.

The usual protocols: ``Split(validation=5000)`` is 45,000/5,000/10,000 of CIFAR,
``Split(validation=2500)`` is 47,500/2,500/10,000, ``Split(validation=5000, test=5000)`` is the
``10:1:1`` of the pooled 60,000, ``Split(validation=0)`` trains on everything.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from cifar_models.component import Frozen
from cifar_models.datasets.dataset import ImageData, Images

Indices = NDArray[np.int64]


def _amount(value: int | float) -> int | float:
    if value < 0 or (isinstance(value, float) and value >= 1):
        raise ValueError(f"give a count (an integer) or a fraction below 1, not {value}")
    return value or 0  # 0 and 0.0 are one recipe


Amount = Annotated[int | float, AfterValidator(_amount)]


class Split(Frozen):
    """How a data set is cut; the same for all variants and, by default, all seeds of a study."""

    validation: Amount = 0.1
    """Validation images: a count, or a fraction of the images that are no test images; 0 none."""
    test: Amount | None = None
    """None: the official test images. Else so many (or that fraction) of all images, pooled."""
    train: Annotated[int, Field(ge=1)] | None = None
    """Train on so many only of the images that remain; None: on all of them."""
    stratified: bool = True
    """Keep the proportions of the classes in every part."""
    seed: Annotated[int, Field(ge=0)] | Literal["trial"] = 0
    """Seed of the cut, apart from the seed of the training; ``"trial"``: that of the training, so
    that the cut varies with it."""

    def of(self, seed: int) -> Self:
        """Return the split of a training with this seed."""
        return self.model_copy(update={"seed": seed}) if self.seed == "trial" else self


@dataclass(frozen=True)
class Partition:
    """The images of one experiment; the parts share no image."""

    train: Images
    validation: Images | None
    test: Images


def partition(data: ImageData, split: Split) -> Partition:
    """Cut a data set into parts of exactly the sizes asked for, without a copy where none is cut.

    A split that varies with the seed of the training is given as that training's (`Split.of`).

    Raises:
        ValueError: A part would be empty, or the parts ask for more images than there are.
    """
    assert isinstance(split.seed, int), "Split.of says which"
    rng = np.random.Generator(np.random.PCG64(split.seed))
    strata = len(data.classes) if split.stratified else 1
    rest, test = data.train, data.test
    if split.test is not None:
        pool = Images(
            np.concatenate([data.train.pixels, data.test.pixels]),
            np.concatenate([data.train.labels, data.test.labels]),
        )
        test, rest = _cut(pool, _size("test", split.test, len(pool)), strata, rng)
    wanted = _size("validation", split.validation, len(rest)) if split.validation else 0
    validation = None
    if wanted:
        validation, rest = _cut(rest, wanted, strata, rng)
    if split.train is not None and split.train > len(rest):
        raise ValueError(
            f"split.train asks for {split.train} images, but only {len(rest)} remain beside "
            "validation and test; lower one of the three"
        )
    if split.train is not None and split.train < len(rest):
        rest, _ = _cut(rest, split.train, strata, rng)
    return Partition(rest, validation, test)


def _size(part: str, wanted: int | float, available: int) -> int:
    """Return a part's size in images, refusing what leaves nothing to it or to the rest."""
    count = wanted if isinstance(wanted, int) else round(wanted * available)
    if not 0 < count < available:
        raise ValueError(
            f"split.{part} = {wanted} means {count} of {available} images; it must be at least 1 "
            f"and leave at least 1"
        )
    return count


def _cut(
    images: Images, count: int, strata: int, rng: np.random.Generator
) -> tuple[Images, Images]:
    """Return ``count`` images and the others, both in their old order."""
    stratum = images.labels if strata > 1 else np.zeros_like(images.labels)
    members = [np.flatnonzero(stratum == label) for label in range(strata)]
    quotas = largest_remainders(np.array([len(m) for m in members]), count)
    chosen = np.zeros(len(images), dtype=bool)
    for indices, quota in zip(members, quotas, strict=True):
        chosen[rng.permutation(indices)[:quota]] = True
    return _take(images, chosen), _take(images, ~chosen)


def largest_remainders(sizes: Indices, count: int) -> Indices:
    """Share out ``count`` in proportion to ``sizes``, exactly; ties go to the first.

    Source: the method of Hamilton (largest remainders).
    """
    shares, remainders = np.divmod(sizes * count, sizes.sum())
    most = np.argsort(-remainders, kind="stable")[: count - shares.sum()]
    shares[most] += 1
    return shares


def _take(images: Images, chosen: NDArray[np.bool_]) -> Images:
    return Images(images.pixels[chosen], images.labels[chosen])
