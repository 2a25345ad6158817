import json
import pickle
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
import torch
from pydantic import Field, ValidationError
from torch import nn

from cifar_models.activations import Activation, LeakyReLU, ReLU
from cifar_models.component import (
    Frozen,
    forget,
    json_schema,
    kinds,
    nearest,
    registry,
    sentence,
)
from cifar_models.optimizers import SGD, Adam, Optimizer


class Holder(Frozen):
    optimizer: Optimizer = SGD()
    activations: tuple[Activation, ...] = ()
    maybe: Activation | None = None


@pytest.fixture(autouse=True)
def no_leftovers() -> Iterator[None]:
    """Every choice that a test defines leaves the registries after it."""
    before = {kind: registry(kind) for kind in kinds()}
    yield
    forget(__name__)
    assert {kind: registry(kind) for kind in kinds()} == before


def define_square(default: float = 1.0) -> type[Activation]:
    class Square(Activation):
        name: Literal["square"] = "square"
        gain: Annotated[float, Field(gt=0)] = default

        def build(self) -> nn.Module:
            return nn.Identity()

    return Square


def complaint(data: object) -> str:
    with pytest.raises(ValidationError) as caught:
        Holder.model_validate(data)
    return sentence(caught.value)


class TestChoosing:
    @pytest.mark.parametrize(
        "value", ["adam", {"name": "adam"}, {"name": "adam", "lr": 1e-3}, Adam()]
    )
    def test_a_name_a_mapping_and_an_instance_are_the_same(self, value: object) -> None:
        assert Holder.model_validate({"optimizer": value}).optimizer == Adam()

    def test_nests_in_tuples_and_optionals(self) -> None:
        holder = Holder.model_validate({"activations": ["relu", "leaky_relu"], "maybe": "relu"})
        assert holder.activations == (ReLU(), LeakyReLU())
        assert holder.maybe == ReLU()
        assert Holder().maybe is None

    def test_survives_json_and_pickle(self) -> None:
        holder = Holder.model_validate(
            {"optimizer": {"name": "sgd", "momentum": 0.5}, "activations": ["relu"]}
        )
        assert Holder.model_validate_json(holder.model_dump_json()) == holder
        assert pickle.loads(pickle.dumps(holder)) == holder
        assert holder.model_dump()["optimizer"]["momentum"] == 0.5

    def test_strings_are_numbers_where_yaml_left_them(self) -> None:
        data = {"optimizer": {"name": "sgd", "lr": "1e-3"}}
        assert Holder.model_validate(data).optimizer == SGD(lr=1e-3)


class TestComplaints:
    def test_unknown_name(self) -> None:
        told = complaint({"optimizer": "adan"})
        assert told.startswith("optimizer: unknown optimizer 'adan': did you mean 'adam'? known: ")
        assert "rmsprop" in told

    def test_unknown_key_names_the_path(self) -> None:
        told = complaint({"optimizer": {"name": "sgd", "momentun": 0.9}})
        assert told.startswith("optimizer: unknown key 'momentun': did you mean 'momentum'?")

    def test_unknown_key_of_the_model_itself(self) -> None:
        assert complaint({"optimiser": "sgd"}).startswith(
            "unknown key 'optimiser': did you mean 'optimizer'?"
        )

    def test_out_of_bounds_names_path_and_value(self) -> None:
        told = complaint({"optimizer": {"name": "sgd", "lr": -1}})
        assert told == "optimizer.lr: Input should be greater than 0, got -1"

    def test_place_in_a_tuple(self) -> None:
        assert complaint({"activations": ["relu", "rleu"]}).startswith(
            "activations.1: unknown activation 'rleu': did you mean 'relu'?"
        )

    def test_several_at_once(self) -> None:
        told = complaint({"optimizer": "adan", "maybe": "rleu"})
        assert "optimizer: " in told
        assert "maybe" in told

    @pytest.mark.parametrize("value", [3, None, [], {}, {"lr": 0.1}, {"name": 3}])
    def test_neither_name_nor_mapping(self, value: object) -> None:
        assert "optimizer wants a name, or a mapping with one" in complaint({"optimizer": value})

    @pytest.mark.parametrize("lr", [float("nan"), float("inf"), "fast"])
    def test_no_number(self, lr: object) -> None:
        assert complaint({"optimizer": {"name": "sgd", "lr": lr}}).startswith("optimizer.lr: Input")

    def test_choice_of_another_kind(self) -> None:
        assert "optimizer wants a name" in complaint({"optimizer": ReLU()})

    def test_unknown_kind(self) -> None:
        with pytest.raises(ValueError, match="unknown kind 'optimiser': did you mean 'optimizer'"):
            registry("optimiser")

    def test_nearest_says_nothing_about_a_far_word(self) -> None:
        assert nearest("zzz", ["b", "a"]) == "known: a, b"


class TestRegistering:
    def test_a_later_class_counts_in_older_models(self) -> None:
        assert "unknown activation 'square'" in complaint({"activations": ["square"]})
        square = define_square()
        assert registry("activation")["square"] is square
        data = {"activations": [{"name": "square", "gain": 2}]}
        holder = Holder.model_validate(data)
        assert holder.activations == (square.model_validate({"gain": 2}),)
        assert "square" in json.dumps(json_schema(Holder))

    def test_forgetting_its_module_takes_it_out(self) -> None:
        define_square()
        forget("some.other.module")
        assert "square" in registry("activation")
        forget(__name__)
        assert "unknown activation 'square'" in complaint({"activations": ["square"]})

    def test_defining_it_again_replaces_it(self) -> None:
        define_square(1.0)
        new = define_square(2.0)
        assert registry("activation")["square"] is new

    def test_two_of_one_name_are_an_error(self) -> None:
        with pytest.raises(ValueError, match=r"two activation components are named 'relu': .*ReLU"):

            class Other(Activation):
                name: Literal["relu"] = "relu"

        assert registry("activation")["relu"] is ReLU

    def test_a_base_without_a_literal_name_is_no_choice(self) -> None:
        before = registry("activation")

        class Smooth(Activation):
            softness: float = 1.0

        assert registry("activation") == before
        assert Smooth.is_kind()
        assert not ReLU.is_kind()

    def test_the_registry_that_is_given_away_is_a_copy(self) -> None:
        registry("activation").clear()
        assert "relu" in registry("activation")

    def test_an_abstract_kind_cannot_be_made(self) -> None:
        with pytest.raises(TypeError, match="abstract"):
            Activation(name="relu")  # type: ignore[abstract]

    def test_a_kind_may_hold_its_own_kind(self) -> None:
        class Around(Optimizer):
            name: Literal["around"] = "around"
            inner: Optimizer = SGD()

            def build(self, network: nn.Module, total_steps: int) -> torch.optim.Optimizer:
                return self.inner.build(network, total_steps)

        data: dict[str, Any] = {
            "optimizer": {"name": "around", "inner": {"name": "around", "inner": "adam"}}
        }
        holder = Holder.model_validate(data)
        assert holder.model_dump()["optimizer"]["inner"]["inner"]["name"] == "adam"
        assert Holder.model_validate_json(holder.model_dump_json()) == holder
        data["optimizer"]["inner"]["inner"] = "adan"
        assert complaint(data).startswith("optimizer.inner.inner: unknown optimizer 'adan'")
        assert json_schema(Holder)["$defs"]["optimizer"]


class TestSchema:
    def test_each_kind_is_one_definition_with_all_its_choices(self) -> None:
        schema = json_schema(Holder)
        assert schema["properties"]["activations"]["items"] == {"$ref": "#/$defs/activation"}
        names, *choices = schema["$defs"]["activation"]["anyOf"]
        assert names["enum"] == sorted(registry("activation"))
        assert {choice["properties"]["name"]["const"] for choice in choices} == set(names["enum"])
        assert "x-kind" not in json.dumps(schema)


def test_a_component_without_its_build_is_a_sentence() -> None:
    class Unfinished(Activation):
        name: Literal["unfinished"] = "unfinished"

    assert "Unfinished lacks build" in complaint({"maybe": "unfinished"})
