"""What every component of every kind owes, whoever adds it: driven by the registries alone."""

import inspect
import json
import math
import pkgutil
from importlib import import_module
from itertools import pairwise
from typing import Any

import annotated_types
import pytest
import torch
import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from torch import Tensor, nn

import cifar_models
from cifar_models.architectures import ImageShape, PlainCNN
from cifar_models.augmentation import HorizontalFlip
from cifar_models.component import Component, json_schema, kinds, registry
from cifar_models.losses import CrossEntropy
from cifar_models.optimizers import SGD
from cifar_models.ranges import IntRange, LogRange, Range
from cifar_models.schedules import Constant

for module in pkgutil.walk_packages(cifar_models.__path__, "cifar_models."):
    if not module.name.endswith("__main__"):
        import_module(module.name)

EVERY = [choice for kind in kinds() for choice in registry(kind).values()]
CLASSES = 10


def of(kind: str) -> list[Any]:
    return [pytest.param(choice, id=name) for name, choice in registry(kind).items()]


def label(choice: type[Any]) -> str:
    return f"{choice.kind}-{choice.model_fields['name'].default}"


every = pytest.mark.parametrize("choice", EVERY, ids=label)
every_part_of_a_step = pytest.mark.parametrize(
    "choice", [choice for choice in EVERY if choice.kind not in ("dataset", "metric")], ids=label
)


def kind_of(choice: type[Any]) -> type[Component]:
    """Return the class that opened the kind: the ancestor right below Component."""
    ancestors = choice.__mro__
    return ancestors[ancestors.index(Component) - 1]


def ranges(field: FieldInfo) -> list[Range | LogRange | IntRange]:
    return [note for note in field.metadata if isinstance(note, (Range, LogRange, IntRange))]


# ---------------------------------------------------------------- every component of every kind


@every
def test_is_registered_under_its_name_and_kind(choice: type[Any]) -> None:
    assert registry(choice.kind)[choice().name] is choice
    assert kind_of(choice).is_kind()


@every
def test_states_what_it_is_and_its_source(choice: type[Any]) -> None:
    text = inspect.cleandoc(choice.__dict__["__doc__"])
    *body, last = text.split("\n\n")
    assert body, "a sentence on what it computes comes first"
    assert last.startswith("Source: ")
    assert len(last) > len("Source: ...")


@every
def test_round_trips_json_and_yaml_and_the_bare_name(choice: type[Any]) -> None:
    kind, value = TypeAdapter(kind_of(choice)), choice()
    assert kind.validate_json(kind.dump_json(value)) == value
    text = yaml.safe_dump(value.model_dump(mode="json"))
    assert kind.validate_python(yaml.safe_load(text)) == value
    assert kind.validate_python(value.name) == value
    assert json.loads(kind.dump_json(value))["name"] == value.name


@every
def test_is_frozen_and_hashable(choice: type[Any]) -> None:
    value = choice()
    for name in choice.model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(value, name, getattr(value, name))
    assert hash(value) == hash(choice())


@every
def test_has_a_json_schema_with_its_own_name(choice: type[Any]) -> None:
    schema = json.loads(json.dumps(json_schema(choice)))
    assert schema["properties"]["name"]["const"] == choice().name
    assert schema["additionalProperties"] is False


@every
def test_refuses_unknown_keys_and_non_finite_numbers(choice: type[Any]) -> None:
    with pytest.raises(ValidationError, match="unknown key 'nmae'"):
        choice.model_validate({"nmae": 1})
    for name, field in choice.model_fields.items():
        if field.annotation is float:
            with pytest.raises(ValidationError):
                choice.model_validate({name: math.inf})


@every
def test_floats_have_a_usual_range(choice: type[Any]) -> None:
    floats = {name: f for name, f in choice.model_fields.items() if f.annotation is float}
    lacking = [name for name, field in floats.items() if not ranges(field)]
    assert not lacking or choice.kind == "dataset", "what a data set is, is not tuned"


@every
def test_usual_ranges_lie_inside_the_bounds_and_hold_the_default(choice: type[Any]) -> None:
    for name, field in choice.model_fields.items():
        for usual in ranges(field):
            for end in (usual.low, usual.high):
                value = choice.model_validate({name: end})
                assert getattr(value, name) == end
            off = field.default == 0 and isinstance(usual, LogRange)
            assert off or usual.low <= field.default <= usual.high, name


@every
def test_numbers_are_bounded(choice: type[Any]) -> None:
    """A number without bounds lets a typing error through to the training."""
    bounds = (annotated_types.Gt, annotated_types.Ge, annotated_types.Interval)
    for name, field in choice.model_fields.items():
        if field.annotation in (int, float):
            assert any(isinstance(note, bounds) for note in field.metadata), name


# ---------------------------------------------------------------- one step of training


def one_step(choice: Component) -> tuple[Tensor, list[Tensor]]:
    """Return the loss and the gradients of one step in which the component takes part."""
    parts: dict[str, Any] = {
        "architecture": PlainCNN(channels=(4,)),
        "augmentation": HorizontalFlip(),
        "loss": CrossEntropy(),
        "optimizer": SGD(),
        "schedule": Constant(),
    }
    if choice.kind in parts:
        parts[choice.kind] = choice
    elif choice.kind in PlainCNN.model_fields:  # a part of networks: activation, norm
        parts["architecture"] = PlainCNN.model_validate({"channels": (4,), choice.kind: choice})
    torch.manual_seed(0)
    augmentation, loss = parts["augmentation"], parts["loss"].build(CLASSES)
    images = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8)
    augment = augmentation.build(32, 32, torch.full((3,), 120, dtype=torch.uint8))
    images = augment(images, torch.rand(4, augmentation.numbers))
    model = parts["architecture"].build(ImageShape(3, 32, 32, CLASSES))
    optimizer = parts["optimizer"].build(model.parameters())
    factor = parts["schedule"].build(total_steps=50, steps_per_epoch=5)(0)
    for group in optimizer.param_groups:
        group["lr"] *= factor
    before = [weight.detach().clone() for weight in model.parameters()]
    value = loss(model(images.float() / 128 - 1), torch.arange(4))
    value.backward()
    optimizer.step()
    after = [weight.detach() for weight in model.parameters()]
    assert all(torch.isfinite(weight).all() for weight in after)
    assert any(not torch.equal(old, new) for old, new in zip(before, after, strict=True))
    return value.detach(), after


@every_part_of_a_step
def test_trains_one_step_and_again_the_same(choice: type[Any]) -> None:
    loss, weights = one_step(choice())
    again, same_weights = one_step(choice())
    assert loss.ndim == 0
    assert math.isfinite(loss.item())
    assert loss == again
    assert all(torch.equal(a, b) for a, b in zip(weights, same_weights, strict=True))


# ---------------------------------------------------------------- what each kind promises


def passed(model: nn.Module, images: Tensor, **autocast: Any) -> Tensor:
    """Return the logits of a forward pass, after a backward pass that reached every weight."""
    with torch.autocast("cpu", **autocast):
        logits: Tensor = model(images)
        loss = nn.functional.cross_entropy(logits, torch.zeros(len(images), dtype=torch.long))
    loss.backward()  # type: ignore[no-untyped-call]
    for name, weight in model.named_parameters():
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
    assert choice().lr > 0
    weights = nn.Parameter(torch.tensor([3.0, -2.0]))
    optimizer = choice.model_validate({"lr": 0.01}).build([weights])
    assert [group["lr"] for group in optimizer.param_groups] == [0.01]
    start = weights.square().sum().item()
    for _ in range(20):
        optimizer.zero_grad()
        weights.square().sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert weights.square().sum().item() < start


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


@pytest.mark.parametrize("choice", of("metric"))
def test_metric_prefers_the_truth(choice: type[Any]) -> None:
    targets = torch.arange(40) % CLASSES
    right = nn.functional.one_hot(targets, CLASSES).float()
    wrong = nn.functional.one_hot((targets + 1) % CLASSES, CLASSES).float()
    better, worse = (choice().measure(logits, targets, CLASSES) for logits in (right, wrong))
    assert isinstance(better, float)
    assert (better > worse) is choice.higher_is_better
