import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cifar_models.whitening import whiten, whitening_filters


def images(count: int = 700) -> Tensor:
    """Return smooth images, whose neighbouring pixels and channels go together."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(count, 3, 12, 12, generator=generator)
    return F.avg_pool2d(noise, 3, 1, 1) + 0.3 * noise.mean(1, keepdim=True)


def test_filtered_patches_are_uncorrelated_and_of_unit_variance() -> None:
    outputs = F.conv2d(images(), whitening_filters(images(), 2, eps=0.0))
    rows = outputs.transpose(0, 1).flatten(1).double()
    moment = rows @ rows.T / rows.shape[1]
    torch.testing.assert_close(moment, torch.eye(12).double(), atol=1e-4, rtol=0)


def test_eps_keeps_rare_patterns_small() -> None:
    outputs = F.conv2d(images(), whitening_filters(images(), 2, eps=0.1))
    moment = outputs.square().mean((0, 2, 3))
    assert moment.diff().max() < 0, "largest variance first"
    assert moment[-1] < 0.6


def test_images_without_any_contrast_give_finite_filters() -> None:
    assert torch.isfinite(whitening_filters(torch.zeros(4, 3, 8, 8), 2, eps=5e-4)).all()


def test_equal_images_give_equal_filters_and_signs_are_chosen() -> None:
    filters = whitening_filters(images(), 2, 5e-4)
    assert torch.equal(filters, whitening_filters(images(), 2, 5e-4))
    rows = filters.flatten(1)
    assert (rows.gather(1, rows.abs().argmax(1, keepdim=True)) > 0).all()


def test_a_layer_gets_the_filters_and_their_negatives() -> None:
    layer = nn.Conv2d(3, 24, 2)
    whiten(layer, images())
    filters = whitening_filters(images(), 2, 5e-4)
    assert torch.equal(layer.weight, torch.cat([filters, -filters]))
