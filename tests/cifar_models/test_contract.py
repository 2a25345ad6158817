"""What every component of every kind owes, whoever adds it: driven by the registries alone."""

import inspect
import json
import math
from typing import Any

import annotated_types
import pytest
import torch
import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from torch import Tensor

from cifar_models.architectures import ImageShape, PlainCNN
from cifar_models.augmentation import HorizontalFlip
from cifar_models.component import Component, json_schema, registry
from cifar_models.losses import CrossEntropy
from cifar_models.optimizers import SGD
from cifar_models.ranges import IntRange, LogRange, Range
from cifar_models.schedules import Constant
from tests.cifar_models.components import CLASSES, EVERY


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
    optimizer = parts["optimizer"].build(model, 50)
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
