"""Diagnostics beside a training: they cost nothing when off, and never change it."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from types import FrameType
from typing import Any, Literal

import pytest
import torch

from cifar_models import diagnostics
from cifar_models.checkpoint import load, save
from cifar_models.component import forget, registry
from cifar_models.diagnostics import (
    AlongGradient,
    Diagnosis,
    Diagnostic,
    GradientFlow,
    LossLandscape,
    Moment,
    Observer,
    Row,
    Sharpness,
    Trained,
)
from cifar_models.diagnostics.expense import Expense
from cifar_models.numerics import Numerics
from cifar_models.recipe import Recipe
from cifar_models.training import Training, train
from tests.cifar_models.components import of
from tests.cifar_models.small import RECIPE, images, measured

MIXED = RECIPE.replace({"mixing": "mixup", "averaging": "ema", "penalties": ["l2"]})
"""Batch norm, dropout, mixing, penalties, averaged weights, two optimizers with state."""
SMALL: dict[str, Any] = {"sharpness": {"images": 10}, "activation_statistics": {"images": 10}}


def begin(
    recipe: Recipe, diagnostics: Iterable[Diagnostic] = (), checkpoint: Any = None
) -> Training:
    parts = images()
    return train(
        recipe, 0, parts.train, parts.validation, Numerics(), 10, checkpoint, tuple(diagnostics)
    )


def every() -> list[Diagnostic]:
    found: list[Any] = []
    for name, choice in registry("diagnostic").items():
        often = {"every_steps": 2} if issubclass(choice, AlongGradient) else {}
        found.append(choice.model_validate({**SMALL.get(name, {}), **often}))
    return found


def bits(value: Any) -> bytes:
    buffer = BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def test_weights_and_optimizer_are_equal_bit_for_bit_with_every_diagnostic() -> None:
    plain, looked = begin(MIXED), begin(MIXED, every())
    for _ in range(4):
        next(plain), next(looked)
    one, other = plain.checkpoint(), looked.checkpoint()
    assert bits(one.weights) == bits(other.weights)
    assert bits(one.averaged) == bits(other.averaged)
    assert bits(one.optimizer) == bits(other.optimizer)
    assert measured(plain) == measured(looked)
    list(plain), list(looked)
    assert bits(plain.checkpoint().weights) == bits(looked.checkpoint().weights)
    assert measured(plain) == measured(looked)
    assert all(looked.diagnosis.observations[d.key]["epoch"] for d in every()), "each has looked"


@pytest.mark.parametrize("choice", of("diagnostic"))
def test_each_draws_nothing_from_the_training_and_gives_plain_rows(choice: type[Any]) -> None:
    diagnostic = choice.model_validate(SMALL.get(choice().name, {}))
    training = begin(RECIPE.replace({"phases.0.epochs": 1, "phases.1.epochs": 1}), [diagnostic])
    before = torch.get_rng_state()
    list(training)
    assert torch.equal(torch.get_rng_state(), before)
    found = training.diagnosis.observations[diagnostic.key]
    assert len(set(map(len, found.values()))) == 1
    assert set(found["epoch"]) <= {0, 1, 2}
    plain = (int, float, str, list, type(None))
    assert all(type(value) in plain for column in found.values() for value in column)


def calls(training: Training) -> set[str]:
    """Train an epoch; return what of diagnostics' code was called."""
    called: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(diagnostics.__path__[0]):
            called.add(frame.f_code.co_qualname)

    sys.setprofile(note)
    try:
        next(training)
    finally:
        sys.setprofile(None)
    return called


def test_without_diagnostics_nothing_looks() -> None:
    training = begin(RECIPE)
    assert calls(training) == set()
    assert {"Diagnosis.at", "Diagnosis.conclude"} < calls(begin(RECIPE, [GradientFlow()]))
    assert training.diagnosis.observations == {}
    assert training.diagnosis.expense.seconds == 0
    modules = [training.classifier, *training.classifier.modules()]
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    assert not any(getattr(module, hook) for module in modules for hook in hooks)
    assert not any(weight._backward_hooks for weight in training.classifier.parameters())


def test_what_was_seen_survives_a_stop(tmp_path: Any) -> None:
    diagnostics = every()
    whole, stopped = begin(MIXED, diagnostics), begin(MIXED, diagnostics)
    list(whole)
    next(stopped), next(stopped), next(stopped)
    url = str(tmp_path / "it.pt")
    save(stopped.checkpoint(), url)
    again = begin(MIXED, diagnostics, load(url))
    list(again)
    assert again.diagnosis.observations == whole.diagnosis.observations


def test_a_training_that_was_not_looked_at_cannot_go_on_with_it() -> None:
    plain = begin(RECIPE)
    next(plain)
    with pytest.raises(ValueError, match="a training without gradient_flow; train anew"):
        begin(RECIPE, [GradientFlow()], plain.checkpoint())
    looked = begin(RECIPE, [GradientFlow()])
    next(looked)
    assert next(begin(RECIPE, [], looked.checkpoint())).epoch == 2


def test_a_training_that_has_not_begun_can_be_looked_at() -> None:
    assert next(begin(RECIPE, [GradientFlow()], begin(RECIPE).checkpoint())).epoch == 1


def test_the_same_diagnostic_with_other_settings_is_another() -> None:
    assert Sharpness().key == Sharpness().key != Sharpness(images=7).key
    assert Sharpness().key.startswith("sharpness-")


def test_weights_that_diverged_are_not_analysed() -> None:
    wild = RECIPE.replace({"phases.0.optimizer": {"name": "sgd", "lr": 1e20}})
    training = begin(wild, [GradientFlow(), Sharpness(images=10)])
    list(training)
    assert training.history[-1].status == "diverged"
    flow, sharp = (
        training.diagnosis.observations[d.key] for d in training.diagnosis.diagnostics.values()
    )
    epochs = len(training.history)
    assert max(flow["epoch"]) == epochs
    assert epochs not in sharp.get("epoch", [])


class _Sleepy(Observer):
    def observe(self, moment: Moment) -> None:
        time.sleep(0.05)

    def rows(self) -> Iterable[Row]:
        return ()


@pytest.fixture
def sleepy() -> Iterator[type[Diagnostic]]:
    class Sleepy(Diagnostic):
        name: Literal["sleepy"] = "sleepy"

        def observer(self) -> Observer:
            return _Sleepy()

        def analyse(self, trained: Trained) -> Iterable[Row]:
            return ()

    yield Sleepy
    forget(Sleepy.__module__)


def test_the_time_of_an_epoch_is_without_what_looking_took(sleepy: type[Diagnostic]) -> None:
    training = begin(RECIPE, [sleepy()])
    began = time.perf_counter()
    metrics = next(training).metrics
    without = time.perf_counter() - began - 3 * 0.05
    assert metrics["seconds"] <= without
    assert metrics["images_per_second"] >= 90 / without


def test_a_diagnosis_of_nothing_keeps_nothing() -> None:
    diagnosis = Diagnosis((), begin(RECIPE).diagnosis.subject)
    diagnosis.conclude(1, "running", {})
    assert diagnosis.observations == {}


def test_steps_that_fp16_skips_are_not_looked_at() -> None:
    training = begin(RECIPE, [GradientFlow()])
    step = training.optimisation.step
    seen: list[Any] = []

    def spoiled(loss: Any, look: Any = None) -> None:
        def scaled(_: Callable[[], float]) -> None:
            weight = training.classifier.network.get_parameter("head.weight")
            assert weight.grad is not None
            if not seen:
                weight.grad.fill_(float("inf"))
            look(lambda: 2.0)
            weight.grad.nan_to_num_(0.0, 0.0, 0.0)
            seen.append(weight)

        step(loss, scaled)

    training.optimisation.step = spoiled  # type: ignore[method-assign]
    next(training)
    assert len(seen) > 1
    found = training.diagnosis.observations[GradientFlow().key]["mean_absolute"]
    assert all(0 < value < float("inf") for value in found)


def test_the_scale_is_waited_for_when_something_is_due_and_then_as_looking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    training = begin(RECIPE, [LossLandscape(every_steps=3)])
    step, begun = training.optimisation.step, Expense.begin
    steps, asked, spent = list[int](), list[int](), list[float]()

    def spied(loss: Any, look: Any = None) -> None:
        def scale() -> float:
            asked.append(len(steps))
            time.sleep(0.05)
            return 1.0

        step(loss, lambda _: look(scale))
        steps.append(len(steps))

    def begin_anew(expense: Expense) -> None:
        spent.append(expense.seconds)
        begun(expense)

    training.optimisation.step = spied  # type: ignore[method-assign]
    monkeypatch.setattr(Expense, "begin", begin_anew)
    next(training)
    assert asked == steps[::3] != steps
    assert spent[0] > 0.05 * len(asked)
