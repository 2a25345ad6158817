import pytest
import torch
from torch import nn

from cifar_models.architectures import Airbench, ImageShape
from cifar_models.checkpoint import load, save
from cifar_models.recipe import Recipe
from cifar_models.training import Training
from tests.cifar_models.small import ONE_PHASE, images, measured, start

CIFAR = ImageShape(3, 32, 32, 10)
SMALL = ONE_PHASE.replace({"model": Airbench(widths=(26, 30, 30)), "optimizer.lr": 0.01})


def test_it_has_the_size_of_the_paper() -> None:
    network = Airbench().build(CIFAR)
    trained = sum(p.numel() for p in network.parameters() if p.requires_grad)
    convolutions = 9 * (24 * 64 + 64 * 64 + 64 * 256 + 3 * 256 * 256)
    assert trained == 24 + convolutions + 64 * 2 + 256 * 4 + 2560  # 1.97 million


def test_it_ends_in_a_scaled_linear_layer() -> None:
    torch.manual_seed(0)
    whole = Airbench(widths=(4, 4, 4)).build(CIFAR).eval()
    inputs = torch.rand(2, 3, 32, 32)
    assert isinstance(whole, nn.Sequential)
    torch.testing.assert_close(whole(inputs), whole[:-1](inputs) / 9)


@pytest.mark.parametrize("dirac", [True, False])
def test_convolutions_begin_as_the_identity(dirac: bool) -> None:
    network = Airbench(dirac=dirac).build(CIFAR)
    maps = torch.rand(2, 64, 7, 7)
    convolution = network.get_submodule("group2.conv1")
    assert torch.equal(convolution(maps)[:, :64], maps) is dirac
    assert not torch.equal(convolution(maps)[:, 64:128], maps)


def test_small_images_are_a_sentence() -> None:
    Airbench().build(ImageShape(3, 9, 9, 10))
    with pytest.raises(ValueError, match="group3 needs a map of at least 2x2, but 1x1 is left"):
        Airbench().build(ImageShape(3, 8, 8, 10))


def whitened(training: Training) -> bool:
    """Tell whether the first layer gives uncorrelated outputs of the training images."""
    first = training.classifier.network.get_submodule("first")
    assert isinstance(first, nn.Conv2d)
    pixels = torch.tensor(images().train.pixels).permute(0, 3, 1, 2)
    inputs = training.classifier.normalised(pixels)
    outputs = nn.functional.conv2d(inputs, first.weight)[:, :12].transpose(0, 1).flatten(1)
    moment = outputs @ outputs.T / outputs.shape[1]
    return bool((moment - moment.diag().diag()).abs().max() < 1e-3)


def test_training_whitens_and_then_leaves_the_first_layer() -> None:
    training = start(SMALL)
    assert whitened(training)
    first = training.classifier.network.get_submodule("first")
    weight, bias = (value.clone() for value in first.state_dict().values())
    list(training)
    assert torch.equal(first.state_dict()["weight"], weight)
    assert not torch.equal(first.state_dict()["bias"], bias)


def test_without_whitening_the_first_layer_learns() -> None:
    training = start(SMALL.replace({"model.whitening": False}))
    assert not whitened(training)
    first = training.classifier.network.get_submodule("first")
    weight = first.state_dict()["weight"].clone()
    list(training)
    assert not torch.equal(first.state_dict()["weight"], weight)


@pytest.mark.parametrize("optimizer", ["lookahead", "muon"])
def test_a_resumed_training_equals_the_undisturbed_one(optimizer: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    recipe: Recipe = SMALL.replace({"optimizer": optimizer, "epochs": 3})
    undisturbed, first = start(recipe), start(recipe)
    list(undisturbed)
    next(first)
    save(first.checkpoint(), str(tmp_path / "checkpoint"))
    resumed = start(recipe, checkpoint=load(str(tmp_path / "checkpoint")))
    list(resumed)
    assert measured(resumed) == measured(undisturbed)
    for name, value in resumed.classifier.state_dict().items():
        assert torch.equal(value, undisturbed.classifier.state_dict()[name]), name
