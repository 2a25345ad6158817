"""What every component owes to its kind, driven by the registries alone."""

from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cifar_models.architectures import ImageShape
from tests.cifar_models.components import CLASSES, of


def passed(model: nn.Module, images: Tensor, **autocast: Any) -> Tensor:
    """Return the logits of a forward pass, after a backward pass that reached every weight."""
    with torch.autocast("cpu", **autocast):
        logits: Tensor = model(images)
        loss = nn.functional.cross_entropy(logits, torch.zeros(len(images), dtype=torch.long))
    loss.backward()  # type: ignore[no-untyped-call]
    learnt = [(name, weight) for name, weight in model.named_parameters() if weight.requires_grad]
    for name, weight in learnt:
        assert weight.grad is not None, f"{name} is not used"
        assert torch.isfinite(weight.grad).all(), name
    return logits


@pytest.mark.parametrize("choice", of("architecture"))
@pytest.mark.parametrize("layout", ["contiguous", "channels_last", "bf16"])
def test_architecture_passes_two_images(choice: type[Any], layout: str) -> None:
    torch.manual_seed(0)
    model, images = choice().build(ImageShape(3, 32, 32, CLASSES)), torch.rand(2, 3, 32, 32)
    if layout != "contiguous":
        model = model.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    logits = passed(model, images, enabled=layout == "bf16", dtype=torch.bfloat16)
    assert logits.shape == (2, CLASSES)
    assert logits.dtype == (torch.bfloat16 if layout == "bf16" else torch.float32)


@pytest.mark.parametrize("choice", of("architecture"))
@pytest.mark.parametrize("shape", [ImageShape(1, 28, 28, 7), ImageShape(3, 64, 48, 100)])
def test_architecture_takes_other_images(choice: type[Any], shape: ImageShape) -> None:
    images = torch.rand(2, shape.channels, shape.height, shape.width)
    assert passed(choice().build(shape), images, enabled=False).shape == (2, shape.num_classes)


@pytest.mark.parametrize("choice", of("architecture"))
def test_architecture_builds_on_the_meta_device(choice: type[Any]) -> None:
    shape = ImageShape(3, 32, 32, CLASSES)
    with torch.device("meta"):
        model = choice().build(shape)
        assert model(torch.empty(2, 3, 32, 32)).shape == (2, CLASSES)
    real = choice().build(shape)
    assert [(n, p.shape) for n, p in model.named_parameters()] == [
        (n, p.shape) for n, p in real.named_parameters()
    ]


@pytest.mark.parametrize("choice", of("activation"))
def test_activation_keeps_shape_and_orders_of_magnitude(choice: type[Any]) -> None:
    inputs = torch.linspace(-20, 20, 101).view(1, 101, 1, 1)
    outputs = choice().build()(inputs)
    assert outputs.shape == inputs.shape
    assert torch.isfinite(outputs).all()
    assert outputs[0, -1] > outputs[0, 0], "an activation grows from one end to the other"


@pytest.mark.parametrize("choice", of("norm"))
def test_norm_keeps_the_shape(choice: type[Any]) -> None:
    images = torch.rand(2, 8, 5, 6)
    assert choice().build(8)(images).shape == images.shape


@pytest.mark.parametrize("choice", of("loss"))
def test_loss_prefers_the_truth(choice: type[Any]) -> None:
    loss, labels = choice().build(CLASSES), torch.arange(4)
    right = nn.functional.one_hot(labels, CLASSES).float()
    wrong = nn.functional.one_hot(labels + 1, CLASSES).float()
    assert loss(right, labels) < loss(wrong, labels)


@pytest.mark.parametrize("choice", of("optimizer"))
def test_optimizer_descends_and_its_rate_can_be_changed(choice: type[Any]) -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Conv2d(2, 1, 1))
    frozen = network.get_parameter("2.weight").requires_grad_(False)
    images, untouched = torch.rand(8, 1, 5, 5), frozen.clone()
    optimizer = choice().build(network, 20)
    assert all(group["lr"] > 0 for group in optimizer.param_groups)
    held = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    assert len(held) == len(set(held)) == 5
    start = network(images).square().mean().item()
    for _ in range(20):
        for group in optimizer.param_groups:
            group["lr"] = 0.01
        optimizer.zero_grad()
        loss = network(images).square().mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < start
    assert torch.equal(frozen, untouched)


@pytest.mark.parametrize("choice", of("optimizer"))
def test_optimizer_goes_on_from_its_state_bit_for_bit(choice: type[Any]) -> None:
    def steps(split: int) -> list[Tensor]:
        torch.manual_seed(0)
        network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Conv2d(2, 1, 3))
        optimizer = choice().build(network, 12)
        for step in range(12):
            if step == split:
                buffer = BytesIO()
                torch.save(optimizer.state_dict(), buffer)
                optimizer = choice().build(network, 12)
                optimizer.load_state_dict(torch.load(BytesIO(buffer.getvalue())))
            for group in optimizer.param_groups:
                group["lr"] = 0.01 * (1 + step)
            optimizer.zero_grad()
            images = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(step))
            network(images).square().mean().backward()
            optimizer.step()
        return [value.detach().clone() for value in network.state_dict().values()]

    undisturbed = steps(-1)
    assert all(torch.isfinite(value).all() for value in undisturbed)
    for split in (0, 4, 7):
        assert all(torch.equal(a, b) for a, b in zip(undisturbed, steps(split), strict=True))


@pytest.mark.parametrize("choice", of("schedule"))
@pytest.mark.parametrize("warmup_epochs", [0.0, 1.5])
def test_schedule_is_a_pure_factor(choice: type[Any], warmup_epochs: float) -> None:
    schedule = choice.model_validate({"warmup_epochs": warmup_epochs})
    factor = schedule.build(total_steps=40, steps_per_epoch=4)
    forward = [factor(step) for step in range(40)]
    assert [factor(step) for step in reversed(range(40))] == forward[::-1]
    assert forward[0] > 0, "a first step at rate zero would be lost"
    assert all(0 <= value <= 1 for value in forward)
    if warmup_epochs:
        assert all(earlier < later for earlier, later in pairwise(forward[:6]))
    schedule.build(total_steps=40, steps_per_epoch=1)(39)


@pytest.mark.parametrize("choice", of("augmentation"))
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_augmentation_is_pure_and_per_image(choice: type[Any], layout: torch.memory_format) -> None:
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (64, 3, 24, 32), generator=generator, dtype=torch.uint8)
    images = images.contiguous(memory_format=layout)
    untouched = images.clone()
    augment = choice().build(24, 32, torch.full((3,), 99, dtype=torch.uint8))
    draws = torch.rand(64, choice.numbers, generator=generator)
    changed = augment(images, draws)
    assert (changed.shape, changed.dtype) == (images.shape, torch.uint8)
    assert changed.is_contiguous(memory_format=layout)
    assert torch.equal(images, untouched)
    assert not torch.equal(changed, images)
    assert torch.equal(augment(images, draws), changed)
    order = torch.randperm(64, generator=generator)
    assert torch.equal(augment(images[order], draws[order]), changed[order])
    assert torch.equal(augment(images[:1], draws[:1]), changed[:1])


@pytest.mark.parametrize("choice", of("mixing"))
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_mixing_follows_seed_and_epoch(choice: type[Any], layout: torch.memory_format) -> None:
    images = torch.randint(0, 256, (8, 3, 24, 32), dtype=torch.uint8)
    images = images.contiguous(memory_format=layout)
    untouched, labels = images.clone(), torch.arange(8)
    criterion, logits = nn.functional.cross_entropy, torch.randn(8, CLASSES)
    drawn = [list(choice().mixtures(3, epoch, (6, 8, 24, 32), "cpu")) for epoch in (2, 2)]
    assert len(drawn[0]) == 6
    for one, again in zip(*drawn, strict=True):
        mixed = one.images(images)
        assert mixed.shape == images.shape
        assert mixed.is_contiguous(memory_format=layout)
        assert torch.equal(mixed, again.images(images))
        assert torch.equal(images, untouched)
        loss = one.loss(criterion, logits, labels)
        assert torch.isfinite(loss)
        assert torch.equal(loss, again.loss(criterion, logits, labels))
    assert mixed.float().min() >= 0
    assert mixed.float().max() <= 255


@pytest.mark.parametrize("choice", of("test_time"))
def test_views_answer_each_image_by_itself(choice: type[Any]) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 9, CLASSES))
    images = torch.rand(4, 3, 8, 9)
    logits = choice().logits(network, images)
    assert logits.shape == (4, CLASSES)
    torch.testing.assert_close(choice().logits(network, images[2:3]), logits[2:3])
    constant = torch.full((1, 3, 8, 9), 0.3)
    torch.testing.assert_close(choice().logits(network, constant), network(constant))


@pytest.mark.parametrize("choice", of("metric"))
def test_metric_prefers_the_truth(choice: type[Any]) -> None:
    targets = torch.arange(40) % CLASSES
    right = 10 * nn.functional.one_hot(targets, CLASSES).float()
    wrong = 10 * nn.functional.one_hot((targets + 1) % CLASSES, CLASSES).float()
    better, worse = (choice().measure(logits, targets, CLASSES) for logits in (right, wrong))
    assert isinstance(better, float)
    assert (better > worse) is choice.higher_is_better
