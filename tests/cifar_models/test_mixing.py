import math
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from cifar_models.checkpoint import load, save
from cifar_models.mixing import Blend, CutMix, Mixing, Mixup, NoMixing, Pairs, Patch, patch
from cifar_models.recipe import Recipe
from tests.cifar_models.small import ONE_PHASE, RECIPE, measured, start
from tests.cifar_models.waits import Waits

SHAPE = (400, 16, 20, 24)
MIXED = [Mixup(), CutMix(), CutMix(probability=1.0)]


def pairs(
    mixing: Mixing, seed: int = 0, epoch: int = 1, shape: tuple[int, int, int, int] = SHAPE
) -> list[Pairs]:
    """Return the batches of an epoch that are mixed."""
    mixtures = mixing.mixtures(seed, epoch, shape, "cpu")
    return [mixture for mixture in mixtures if isinstance(mixture, Pairs)]


def batch(size: int = 16, layout: torch.memory_format = torch.channels_last) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    images = torch.randint(0, 256, (size, 3, 20, 24), generator=generator, dtype=torch.uint8)
    return images.contiguous(memory_format=layout)


# ---------------------------------------------------------------------- one batch


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_mixup_is_the_weighted_mean_of_pairs(layout: torch.memory_format) -> None:
    images, partners = batch(layout=layout), torch.randperm(16)
    mixed = Blend(0.3, partners).images(images)
    assert mixed.is_contiguous(memory_format=layout)
    for place, partner in enumerate(partners.tolist()):
        expected = 0.3 * images[place].float() + 0.7 * images[partner].float()
        torch.testing.assert_close(mixed[place], expected)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_cutmix_takes_a_rectangle_from_the_partner(layout: torch.memory_format) -> None:
    images, partners = batch(layout=layout), torch.randperm(16)
    untouched = images.clone()
    mixed = Patch(0.5, partners, slice(3, 9), slice(20, 24)).images(images)
    assert mixed.is_contiguous(memory_format=layout)
    assert mixed.dtype == torch.uint8
    inside = torch.zeros(20, 24, dtype=torch.bool)
    inside[3:9, 20:24] = True
    assert torch.equal(mixed, torch.where(inside, images[partners], images))
    assert torch.equal(images, untouched)


def test_the_loss_is_shared_between_both_labels() -> None:
    logits, labels = torch.randn(4, 10), torch.tensor([1, 2, 3, 4])
    pair = Blend(0.3, torch.tensor([1, 0, 3, 2]))
    expected = 0.3 * F.cross_entropy(logits, labels) + 0.7 * F.cross_entropy(
        logits, torch.tensor([2, 1, 4, 3])
    )
    torch.testing.assert_close(pair.loss(F.cross_entropy, logits, labels), expected)
    soft = 0.3 * F.one_hot(labels, 10) + 0.7 * F.one_hot(labels[pair.partners], 10)
    torch.testing.assert_close(expected, F.cross_entropy(logits, soft))


@pytest.mark.parametrize(
    ("side", "centre", "rows", "columns"),
    [
        (0.5, (0.5, 0.5), slice(5, 15), slice(6, 18)),
        (0.5, (0.0, 0.99), slice(0, 5), slice(17, 24)),
        (0.39, (0.5, 0.5), slice(7, 13), slice(8, 16)),  # 7 rows: as in the paper's code, 6
        (1.0, (0.5, 0.5), slice(0, 20), slice(0, 24)),
        (0.0, (0.5, 0.5), slice(10, 10), slice(12, 12)),
    ],
)
def test_a_patch_is_cut_off_at_the_edges_and_shares_by_its_area(
    side: float, centre: tuple[float, float], rows: slice, columns: slice
) -> None:
    cut = patch(torch.arange(2), side, centre, (20, 24))
    assert (cut.rows, cut.columns) == (rows, columns)
    area = (rows.stop - rows.start) * (columns.stop - columns.start)
    assert cut.share == pytest.approx(1 - area / 480)


@pytest.mark.parametrize("mixing", MIXED, ids=str)
def test_no_batch_waits_for_the_device(mixing: Mixing) -> None:
    images, logits, labels = batch(), torch.randn(16, 10), torch.zeros(16, dtype=torch.long)
    drawn = pairs(mixing)
    with Waits() as waits:
        for pair in drawn[:5]:
            pair.images(images)
            pair.loss(F.cross_entropy, logits, labels)
    assert waits.seen == []


# ---------------------------------------------------------------------- the draws of an epoch


def beta_moments(alpha: float) -> tuple[float, float]:
    return 0.5, 1 / (4 * (2 * alpha + 1))


@pytest.mark.parametrize("alpha", [0.2, 1.0, 2.0])
def test_the_share_of_mixup_follows_a_beta_distribution(alpha: float) -> None:
    drawn = [p.share for epoch in range(1, 6) for p in pairs(Mixup(alpha=alpha), epoch=epoch)]
    shares = torch.tensor(drawn)
    assert len(shares) == 2000
    mean, variance = beta_moments(alpha)
    assert shares.mean().item() == pytest.approx(mean, abs=4 * math.sqrt(variance / 2000))
    assert shares.var().item() == pytest.approx(variance, rel=0.15)


@pytest.mark.parametrize("mixing", MIXED, ids=str)
def test_partners_are_a_permutation_of_each_batch(mixing: Mixing) -> None:
    partners = torch.stack([pair.partners for pair in pairs(mixing)])
    assert torch.equal(partners.sort(1).values, torch.arange(16).expand(len(partners), -1))
    assert len(partners.unique(dim=0)) == len(partners)


def test_kinds_of_mixing_share_their_partners() -> None:
    both = zip(pairs(Mixup()), pairs(CutMix(probability=1.0)), strict=True)
    assert all(torch.equal(one.partners, other.partners) for one, other in both)


@pytest.mark.parametrize(("probability", "mixed"), [(0.0, 0), (0.5, 200), (1.0, 400)])
def test_cutmix_mixes_a_batch_with_its_probability(probability: float, mixed: int) -> None:
    mixtures = list(CutMix(probability=probability).mixtures(0, 1, SHAPE, "cpu"))
    assert len(mixtures) == 400
    counted = len(pairs(CutMix(probability=probability)))
    assert counted == pytest.approx(mixed, abs=40 if 0 < probability < 1 else 0)


def papers_shares(alpha: float, count: int) -> NDArray[np.float64]:
    """Return what the published code leaves of images of 20x24 pixels, in its own words."""
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(count):
        cut = np.sqrt(1 - rng.beta(alpha, alpha))
        cut_h, cut_w = int(20 * cut), int(24 * cut)
        cy, cx = rng.integers(20), rng.integers(24)
        top, bottom = np.clip([cy - cut_h // 2, cy + cut_h // 2], 0, 20)
        left, right = np.clip([cx - cut_w // 2, cx + cut_w // 2], 0, 24)
        shares.append(1 - (bottom - top) * (right - left) / 480)
    return np.array(shares)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 2.0])
def test_patches_are_as_large_as_those_of_the_published_code(alpha: float) -> None:
    cutmix = CutMix(alpha=alpha, probability=1.0)
    cuts = [cut for epoch in range(1, 6) for cut in pairs(cutmix, epoch=epoch)]
    shares, expected = np.array([cut.share for cut in cuts]), papers_shares(alpha, 20_000)
    assert shares.mean() == pytest.approx(expected.mean(), abs=4 * expected.std() / 2000**0.5)
    assert shares.std() == pytest.approx(expected.std(), rel=0.1)


def test_patches_lie_everywhere() -> None:
    covered = torch.zeros(20, 24)
    for cut in pairs(CutMix(probability=1.0), shape=(2000, 2, 20, 24)):
        assert isinstance(cut, Patch)
        covered[cut.rows, cut.columns] += 1
    assert covered.min() > 200
    assert covered.max() < 1200


@pytest.mark.parametrize("mixing", MIXED, ids=str)
def test_draws_follow_seed_and_epoch_and_leave_the_global_generator_alone(mixing: Mixing) -> None:
    before = torch.get_rng_state()
    drawn = [[p.share for p in pairs(mixing, *key)] for key in ((0, 1), (0, 1), (1, 1), (0, 2))]
    assert torch.equal(torch.get_rng_state(), before)
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
    assert drawn[0] != drawn[3]


# ---------------------------------------------------------------------- in a training


def mixed_with(mixing: Mixing, recipe: Recipe = ONE_PHASE) -> Recipe:
    return recipe.replace({"mixing": mixing})


def test_no_mixing_changes_nothing() -> None:
    images, labels, logits = batch(), torch.arange(4), torch.randn(4, 10)
    mixtures = list(NoMixing().mixtures(0, 1, SHAPE, "cpu"))
    assert len(mixtures) == 400
    assert all(mixture.images(images) is images for mixture in mixtures)
    loss = mixtures[0].loss(F.cross_entropy, logits, labels)
    assert torch.equal(loss, F.cross_entropy(logits, labels))
    assert mixed_with(NoMixing()) == ONE_PHASE


def test_a_training_steps_on_the_loss_of_mixed_images_and_labels() -> None:
    recipe = ONE_PHASE.replace({"batch_size": 100, "optimizer.lr": 0.01})  # a step an epoch
    training, plain = start(mixed_with(Mixup(), recipe)), start(recipe)
    (first,) = pairs(Mixup(), shape=training.batches.shape)
    ((images, labels),) = plain.batches.epoch(0, 1)
    logits = plain.classifier(first.share * images + (1 - first.share) * images[first.partners])
    expected = first.share * F.cross_entropy(logits, labels)
    expected += (1 - first.share) * F.cross_entropy(logits, labels[first.partners])
    plain.optimisation.begin(1)
    plain.optimisation.step(expected)
    assert next(training).metrics["train/loss"] == pytest.approx(expected.item())
    for one, other in zip(
        training.classifier.parameters(), plain.classifier.parameters(), strict=True
    ):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("mixing", MIXED, ids=str)
def test_other_draws_stay_as_they_are(mixing: Mixing) -> None:
    """Order, augmentation and dropout are those of the training that mixes nothing."""
    seen: list[list[Tensor]] = []
    for recipe in (RECIPE, mixed_with(mixing, RECIPE)):
        training = start(recipe)
        seen.append([torch.cat([i.flatten(), y]) for i, y in training.batches.epoch(0, 1)])
    assert all(torch.equal(one, other) for one, other in zip(*seen, strict=True))


@pytest.mark.parametrize("mixing", MIXED, ids=str)
def test_a_stopped_and_resumed_training_equals_the_undisturbed_one(
    mixing: Mixing, tmp_path: Path
) -> None:
    recipe = mixed_with(mixing, RECIPE)
    undisturbed, first = start(recipe), start(recipe)
    list(undisturbed)
    next(first), next(first), next(first)
    save(first.checkpoint(), str(tmp_path / "checkpoint"))
    resumed = start(recipe, checkpoint=load(str(tmp_path / "checkpoint")))
    list(resumed)
    assert measured(resumed) == measured(undisturbed)
    weights = zip(resumed.classifier.parameters(), undisturbed.classifier.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in weights)
    plain = start(RECIPE)
    list(plain)
    assert measured(plain) != measured(undisturbed)


def test_it_learns_from_mixed_images() -> None:
    recipe = ONE_PHASE.replace({"epochs": 12, "model.channels": [8, 16], "mixing": "cutmix"})
    losses = [result.metrics["train/loss"] for result in start(recipe)]
    assert losses[-1] < 0.9 * losses[0]
