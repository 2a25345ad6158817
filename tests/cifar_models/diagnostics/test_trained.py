"""What is looked at in a trained network, against closed forms and other computations."""

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from pydantic import ValidationError
from torch import Tensor, nn
from torchmetrics.functional.classification import (
    multiclass_calibration_error,
    multiclass_confusion_matrix,
)

from cifar_models.classifier import evaluate, images_of
from cifar_models.datasets import as_tensor
from cifar_models.diagnostics import (
    ActivationStatistics,
    Calibration,
    ConfusionMatrix,
    FeatureMaps,
    FirstKernels,
    HardestImages,
    Histograms,
    Sharpness,
    TrainAndValidation,
    Trained,
)
from cifar_models.diagnostics.sharpness import Hessian
from tests.cifar_models.diagnostics.looking import (
    CURVATURES,
    bowl,
    columns,
    end,
    moment,
    picture,
    subject,
)
from tests.cifar_models.small import ONE_PHASE, images, start

IMAGES = 20


@cache
def trained() -> Trained:
    training = start(ONE_PHASE)
    list(training)
    return end(training.diagnosis.subject, epoch=2, **training.history[-1].metrics)


@pytest.fixture
def logits() -> Tensor:
    """The network's answers to the validation images, by its own forward pass."""
    seen = trained().subject
    assert seen.validation is not None
    seen.classifier.eval()
    with torch.inference_mode():
        pixels = as_tensor(seen.validation.pixels)
        found: Tensor = seen.classifier(images_of(pixels, seen.numerics))
    seen.classifier.train()
    return found


@pytest.fixture
def labels() -> Tensor:
    parts = images()
    assert parts.validation is not None
    return as_tensor(parts.validation.labels)


# ---------------------------------------------------------------------- curvature


def test_the_largest_eigenvalue_of_a_quadratic_is_its_largest_curvature() -> None:
    (row,) = Sharpness().analyse(end(bowl([1.0, 2.0, 2.0])))
    assert row["eigenvalue"] == pytest.approx(CURVATURES.max().item(), rel=1e-3)
    assert row["loss"] == pytest.approx(0.5 * (3 * 1 + 1 * 4 + 0.5 * 4))


def test_it_is_that_of_the_whole_hessian_of_a_network() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.AvgPool2d(16), nn.Flatten(), nn.Linear(12, 3), nn.Tanh(), nn.Linear(3, 10)
    )
    seen = subject(network, nn.CrossEntropyLoss(), number=15)
    seen.classifier.mean.fill_(128), seen.classifier.std.fill_(64)
    hessian = Hessian(seen, 15)
    size = sum(w.numel() for w in seen.trainable.values())
    dense = torch.stack([hessian.product(unit) for unit in torch.eye(size)])
    assert torch.allclose(dense, dense.T, atol=1e-5)

    names = list(seen.trainable)
    pixels = images_of(as_tensor(seen.train.pixels), seen.numerics)

    def loss(flat: Tensor) -> Tensor:
        parts = torch.split(flat, [w.numel() for w in seen.trainable.values()])
        named = {n: p.view_as(seen.trainable[n]) for n, p in zip(names, parts, strict=True)}
        answers = torch.func.functional_call(seen.classifier, named, (pixels,))
        return F.cross_entropy(answers, as_tensor(seen.train.labels))

    flat = torch.cat([w.detach().flatten() for w in seen.trainable.values()])
    expected = torch.autograd.functional.hessian(loss, flat)
    assert torch.allclose(dense, expected, atol=1e-5)
    (row,) = Sharpness(images=15).analyse(end(seen))
    assert row["eigenvalue"] == pytest.approx(np.linalg.eigvalsh(expected.numpy())[-1], rel=2e-3)


def test_sharpness_comes_every_few_epochs_and_at_the_end() -> None:
    seen, diagnostic = bowl(), Sharpness(every_epochs=2)
    assert not list(diagnostic.analyse(end(seen, epoch=1, last=False)))
    assert list(diagnostic.analyse(end(seen, epoch=2, last=False)))
    assert list(diagnostic.analyse(end(seen, epoch=3)))


# ---------------------------------------------------------------------- pictures


def test_kernels_are_the_weights_of_the_first_convolution() -> None:
    weight = trained().subject.classifier.network.get_parameter("layer1.conv.weight").detach()
    found = columns(FirstKernels().analyse(trained()))
    assert found["magnitude"] == pytest.approx([k.norm().item() for k in weight])
    for kernel, values in zip(weight, found["values"], strict=True):
        assert np.array_equal(picture(values, 3, 3, 3), kernel.double().numpy())
    early = columns(FirstKernels().analyse(end(trained().subject, last=False)))
    assert early["values"] == [None] * 4


def test_a_network_without_a_convolution_has_no_kernels() -> None:
    assert not list(FirstKernels().analyse(end(bowl())))


def test_feature_maps_are_what_a_forward_hook_sees() -> None:
    seen = trained().subject
    caught: dict[str, Tensor] = {}
    network = seen.classifier.network
    for path in ("layer1.act", "layer2.act"):
        network.get_submodule(path).register_forward_hook(
            lambda _m, _i, out, path=path: caught.__setitem__(path, out)
        )
    found = columns(FeatureMaps(images=2, channels=3).analyse(trained()))
    assert seen.validation is not None
    shown = images_of(as_tensor(seen.validation.pixels[:2]), seen.numerics)
    with torch.inference_mode():
        seen.classifier.eval()(shown)
    seen.classifier.train()
    for path in caught:
        network.get_submodule(path)._forward_hooks.clear()
    names = ("layer", "image", "channel", "height", "width", "values")
    rows = list(zip(*(found[name] for name in names), strict=True))
    assert dict.fromkeys(found["layer"]) == dict.fromkeys(["image", "layer1.act", "layer2.act"])
    assert list(dict.fromkeys(found["depth"])) == [0, 1, 2]
    assert len(rows) == 2 * 3 * 3
    for layer, image, channel, height, width, values in rows:
        expected = shown / 255 if layer == "image" else caught[layer]
        assert torch.equal(torch.tensor(values).view(height, width), expected[image, channel])


def test_feature_maps_are_of_the_chosen_images() -> None:
    every = columns(FeatureMaps(images=4).analyse(trained()))
    chosen = columns(FeatureMaps(images=(3, 1, 3)).analyse(trained()))
    assert list(dict.fromkeys(chosen["image"])) == [1, 3]
    for image in (1, 3):
        found, expected = values_of(chosen, image), values_of(every, image)
        assert len(found) == len(expected)
        for some, others in zip(found, expected, strict=True):
            assert some == pytest.approx(others)


def values_of(found: dict[str, list[Any]], image: int) -> list[list[float]]:
    pairs = zip(found["image"], found["values"], strict=True)
    return [values for of, values in pairs if of == image]


def test_equal_choices_of_images_are_one_setting() -> None:
    assert FeatureMaps(images=(14, 3, 14)).key == FeatureMaps(images=(3, 14)).key


@pytest.mark.parametrize("images", [0, 251, (), (-1,), tuple(range(251))])
def test_a_senseless_choice_of_images_is_refused(images: Any) -> None:
    with pytest.raises(ValidationError, match="images"):
        FeatureMaps(images=images)


def test_an_image_that_is_not_there_is_told_after_the_first_epoch() -> None:
    validation = trained().subject.validation
    assert validation is not None
    count = len(validation)
    early = end(trained().subject, last=False)
    assert not list(FeatureMaps(images=(count - 1,)).analyse(early))
    with pytest.raises(ValueError, match=f"image {count} is chosen, the last is {count - 1}"):
        list(FeatureMaps(images=(count,)).analyse(early))


def test_no_hook_stays_in_the_network() -> None:
    list(FeatureMaps().analyse(trained()))
    list(ActivationStatistics().analyse(trained()))
    modules = trained().subject.classifier.modules()
    assert not any(module._forward_hooks for module in modules)


def test_layers_are_chosen_evenly_by_depth() -> None:
    found = columns(FeatureMaps(layers=1).analyse(trained()))
    assert set(found["depth"]) == {0, 1}


# ---------------------------------------------------------------------- activations


class Half(nn.Module):
    """Of four units one is always dead, one alive for one image, two for all."""

    def __init__(self) -> None:
        super().__init__()
        self.act = nn.ReLU()

    def forward(self, inputs: Tensor) -> Tensor:
        signs = -torch.ones(len(inputs), 4)
        signs[:, 2:] = 2.0
        signs[3, 1] = 1.0
        return self.act(signs)


def test_dead_units_are_zero_for_every_image() -> None:
    found = columns(
        ActivationStatistics(images=IMAGES).analyse(end(subject(Half(), nn.Identity())))
    )
    outputs = np.zeros((IMAGES, 4))
    outputs[:, 2:], outputs[3, 1] = 2.0, 1.0
    assert found["layer"] == ["act"]
    assert found["dead"] == [0.25]
    assert found["zeros"] == [pytest.approx((outputs == 0).mean())]
    assert found["mean"] == [pytest.approx(outputs.mean())]
    assert found["sd"] == [pytest.approx(outputs.std())]


def test_statistics_join_the_parts_of_the_images(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = columns(ActivationStatistics().analyse(trained()))
    monkeypatch.setattr("cifar_models.diagnostics.trained.AT_ONCE", 7)
    parts = columns(ActivationStatistics().analyse(trained()))
    assert parts["dead"] == whole["dead"]
    assert parts["sd"] == pytest.approx(whole["sd"])


# ---------------------------------------------------------------------- what it gets wrong


def test_the_confusion_matrix_is_torchmetrics(logits: Tensor, labels: Tensor) -> None:
    found = columns(ConfusionMatrix().analyse(trained()))
    matrix = torch.zeros(10, 10, dtype=torch.long)
    matrix[found["true"], found["predicted"]] = torch.tensor(found["images"])
    assert torch.equal(matrix, multiclass_confusion_matrix(logits, labels, 10))
    assert set(found["split"]) == {"validation"}


def test_the_hardest_images_are_those_of_the_highest_loss(logits: Tensor, labels: Tensor) -> None:
    found = columns(HardestImages(images=5).analyse(trained()))
    losses = F.cross_entropy(logits, labels, reduction="none")
    assert found["loss"] == pytest.approx(losses.sort(descending=True).values[:5].tolist())
    place = found["image"][0]
    assert losses[place] == losses.max()
    assert found["true"][0] == labels[place]
    assert found["predicted"][0] == logits[place].argmax()
    validation = trained().subject.validation
    assert validation is not None
    assert np.array_equal(picture(found["values"][0], 32, 32, 3), validation.pixels[place])


def test_calibration_gives_the_calibration_error(logits: Tensor, labels: Tensor) -> None:
    found = columns(Calibration().analyse(trained()))
    gaps = np.abs(np.subtract(found["confidence"], found["accuracy"]))
    error = np.average(gaps, weights=found["images"])
    assert error == pytest.approx(multiclass_calibration_error(logits, labels, 10).item())
    for low, high, confidence in zip(found["low"], found["high"], found["confidence"], strict=True):
        assert low < confidence <= high


def test_without_validation_images_training_images_are_looked_at() -> None:
    seen = subject(nn.Sequential(nn.Flatten(), nn.Linear(3072, 10)), nn.CrossEntropyLoss())
    for diagnostic in (ConfusionMatrix(), HardestImages(), Calibration()):
        found = columns(diagnostic.analyse(end(seen)))
        assert set(found["split"]) == {"train"}


@pytest.mark.parametrize("diagnostic", [ConfusionMatrix(), HardestImages(), Calibration()])
def test_before_the_end_they_say_nothing(diagnostic: ConfusionMatrix) -> None:
    assert not list(diagnostic.analyse(end(trained().subject, last=False)))


# ---------------------------------------------------------------------- both splits


def test_train_and_validation_are_both_as_in_evaluation() -> None:
    seen = trained().subject
    found = columns(TrainAndValidation(images=30).analyse(trained()))
    train = evaluate(
        seen.classifier, type(seen.train)(seen.train.pixels[:30], seen.train.labels[:30]),
        seen.loss, seen.numerics,
    )  # fmt: skip
    metrics = trained().metrics
    assert list(zip(found["split"], found["measure"], found["value"], strict=True)) == [
        ("train", "loss", train["loss"]),
        ("train", "accuracy", train["accuracy"]),
        ("validation", "loss", metrics["validation/loss"]),
        ("validation", "accuracy", metrics["validation/accuracy"]),
    ]


def test_weights_have_histograms_at_the_end_of_an_epoch() -> None:
    found = columns(Histograms(bins=10).analyse(trained()))
    weight = trained().subject.layers["head"].detach().numpy()
    assert found["layer"] == ["layer1.conv", "layer2.conv", "head"]
    assert found["counts"][2] == np.histogram(weight, 10)[0].tolist()


class _Watched(torch.autograd.Function):
    """Leaves its input as it is, and notes whether TF32 is allowed, also on the way back."""

    @staticmethod
    def forward(_: Any, inputs: Tensor) -> Tensor:
        ALLOWED.append((torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32))
        return inputs.clone()

    @staticmethod
    def backward(_: Any, *gradients: Tensor) -> Tensor:
        back: Tensor = _Watched.apply(gradients[0])
        return back


ALLOWED: list[tuple[bool, bool]] = []


class _Watching(nn.Linear):
    def forward(self, inputs: Tensor) -> Tensor:
        watched: Tensor = _Watched.apply(super().forward(inputs.flatten(1)))
        return watched


def test_what_is_said_to_be_fp32_allows_no_tf32_and_gives_it_back() -> None:
    seen = subject(_Watching(3072, 10), nn.CrossEntropyLoss(), number=4)
    now = moment(seen, pictures=torch.rand(4, 3, 32, 32))
    matmul = torch.backends.cuda.matmul
    before = torch.backends.cudnn.allow_tf32, matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = matmul.allow_tf32 = True
    try:
        for look in (
            lambda: now.loss_at(0.0),
            lambda: now.gradient_at(0.1),
            lambda: list(Sharpness(images=4).analyse(end(seen))),
        ):
            ALLOWED.clear()
            look()
            assert set(ALLOWED) == {(False, False)}
            assert torch.backends.cudnn.allow_tf32
            assert matmul.allow_tf32
    finally:
        torch.backends.cudnn.allow_tf32, matmul.allow_tf32 = before
