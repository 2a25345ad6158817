import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cifar_models.classifier import Classifier, evaluate, images_of
from cifar_models.component import registry
from cifar_models.datasets import Images
from cifar_models.numerics import Numerics


def random_images(count: int, seed: int = 0) -> Images:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return Images(pixels, rng.integers(0, 4, count))


class FirstPixel(nn.Module):
    """Logits from the first pixel: what an image says does not depend on its batch."""

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.cat([inputs[:, :, 0, 0], inputs[:, :1, 1, 1]], dim=1)


def test_normalised_images_have_mean_zero_and_deviation_one() -> None:
    data = random_images(500)
    classifier = Classifier(nn.Identity(), *data.statistics)
    normal = classifier(torch.from_numpy(data.pixels).permute(0, 3, 1, 2))
    assert normal.dtype == torch.float32
    assert normal.mean((0, 2, 3)).abs().max() < 1e-3
    assert normal.std((0, 2, 3)) == pytest.approx([1, 1, 1], abs=1e-3)
    assert {"mean", "std"} <= classifier.state_dict().keys(), "raw images need nothing else"


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_mixed_images_are_floats_and_stay_as_they_were(layout: torch.memory_format) -> None:
    data = random_images(2)
    classifier = Classifier(nn.Identity(), *data.statistics)
    pixels = torch.from_numpy(data.pixels).permute(0, 3, 1, 2).contiguous(memory_format=layout)
    floats = pixels.float()
    assert torch.equal(classifier(floats), classifier(pixels))
    assert torch.equal(floats, pixels.float())


def test_layouts() -> None:
    data = random_images(2)
    pixels = torch.from_numpy(data.pixels)
    last, first = (images_of(pixels, Numerics(channels_last=choice)) for choice in (True, False))
    assert torch.equal(last, first)
    assert last.is_contiguous(memory_format=torch.channels_last)
    assert first.is_contiguous()
    classifier = Classifier(nn.Identity(), *data.statistics)
    normal = [classifier.normalised(images) for images in (last, first)]
    assert torch.equal(*normal), "to the last bit"
    assert normal[0].is_contiguous(memory_format=torch.channels_last)
    assert normal[1].is_contiguous()


def test_evaluation_measures_every_metric_over_all_images_at_once() -> None:
    data = random_images(2300)  # more than two batches
    classifier = Classifier(FirstPixel(), *data.statistics)
    measured = evaluate(classifier, data, nn.CrossEntropyLoss(), Numerics())
    assert measured.keys() == {"loss", *registry("metric")}
    with torch.no_grad():
        logits = classifier(torch.from_numpy(data.pixels).permute(0, 3, 1, 2))
    labels = torch.from_numpy(data.labels)
    assert measured["accuracy"] == pytest.approx((logits.argmax(1) == labels).float().mean().item())
    assert measured["loss"] == pytest.approx(nn.CrossEntropyLoss()(logits, labels).item())


def test_evaluation_changes_no_weights_and_leaves_training_mode() -> None:
    data = random_images(40)
    network = nn.Sequential(nn.BatchNorm2d(3), FirstPixel())
    classifier = Classifier(network, *data.statistics).train()
    before = {name: value.clone() for name, value in classifier.state_dict().items()}
    evaluate(classifier, data, nn.CrossEntropyLoss(), Numerics())
    assert all(torch.equal(before[name], value) for name, value in classifier.state_dict().items())
    assert classifier.training
