from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import nn
from torch.optim import lr_scheduler

from cifar_models.schedules import (
    Constant,
    Cosine,
    CosineRestarts,
    Exponential,
    Linear,
    MultiStep,
    OneCycle,
    Schedule,
    Step,
    Triangle,
)

STEPS = 60


def torchs(make: Callable[[torch.optim.Optimizer], Any], steps: int = STEPS) -> list[float]:
    """Return the rates that a scheduler of torch gives to a base rate of 1."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=1.0)
    scheduler = make(optimizer)
    rates = [optimizer.param_groups[0]["lr"]]
    for _ in range(steps - 1):
        optimizer.step()
        scheduler.step()
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def ours(schedule: Schedule, steps: int = STEPS, steps_per_epoch: int = 6) -> list[float]:
    factor = schedule.build(steps, steps_per_epoch)
    return [factor(step) for step in range(steps)]


def test_constant() -> None:
    assert ours(Constant()) == [1.0] * STEPS


def test_step_falls_at_the_start_of_every_nth_epoch() -> None:
    rates = ours(Step(gamma=0.5, every_epochs=2), steps_per_epoch=6)
    assert rates == pytest.approx(torchs(lambda o: lr_scheduler.StepLR(o, 12, 0.5)))
    assert rates[11:13] == [1.0, 0.5]


def test_multi_step_falls_at_the_start_of_its_epochs() -> None:
    rates = ours(MultiStep(gamma=0.2, milestones=(5, 2)), steps_per_epoch=6)
    assert rates == pytest.approx(torchs(lambda o: lr_scheduler.MultiStepLR(o, [12, 30], 0.2)))
    assert rates[11:13] == [1.0, 0.2]


def test_exponential_is_torchs_and_would_reach_its_floor_after_the_end() -> None:
    gamma = 0.05 ** (1 / STEPS)
    expected = torchs(lambda o: lr_scheduler.ExponentialLR(o, gamma))
    assert ours(Exponential(floor=0.05)) == pytest.approx(expected)
    assert expected[-1] * gamma == pytest.approx(0.05)


@pytest.mark.parametrize("growth", [1, 2])
def test_cosine_restarts_are_torchs(growth: int) -> None:
    schedule = CosineRestarts(first_epochs=2, growth=growth, floor=0.1)
    expected = torchs(
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 12, growth, eta_min=0.1)
    )
    assert ours(schedule) == pytest.approx(expected)
    assert ours(schedule)[12] == 1.0


@pytest.mark.parametrize("floor", [0.0, 0.1])
def test_cosine_is_torchs(floor: float) -> None:
    expected = torchs(lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS, eta_min=floor))
    assert ours(Cosine(floor=floor)) == pytest.approx(expected)


@pytest.mark.parametrize("floor", [0.0, 0.1])
def test_linear_is_torchs(floor: float) -> None:
    expected = torchs(lambda o: lr_scheduler.LinearLR(o, 1.0, floor, STEPS))
    assert ours(Linear(floor=floor)) == pytest.approx(expected)


def test_triangle_rises_to_the_peak_and_falls_to_its_end() -> None:
    expected = np.interp(range(100), [0, 20, 100], [0.3, 1.0, 0.05])
    assert ours(Triangle(start=0.3, peak=0.2, end=0.05), 100) == pytest.approx(list(expected))
    assert ours(Triangle(), 1) == [0.2]


@pytest.mark.parametrize("annealing", ["cosine", "linear"])
@pytest.mark.parametrize("steps", [2, 3, 10, 60])
@pytest.mark.parametrize("fraction", [0.2, 0.3, 0.6])
def test_one_cycle_is_torchs(
    annealing: Literal["cosine", "linear"], steps: int, fraction: float
) -> None:
    expected = torchs(
        lambda optimizer: lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=1.0,
            total_steps=steps,
            pct_start=fraction,
            anneal_strategy="cos" if annealing == "cosine" else "linear",
            cycle_momentum=False,
            div_factor=10,
            final_div_factor=100,
        ),
        steps,
    )
    schedule = OneCycle(
        warmup_fraction=fraction, initial_divisor=10, final_divisor=100, annealing=annealing
    )
    assert ours(schedule, steps) == pytest.approx(expected)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_one_cycle_of_a_few_steps(steps: int) -> None:
    assert all(0 < rate <= 1 for rate in ours(OneCycle(), steps))


def test_one_cycle_ends_where_it_says() -> None:
    rates = ours(OneCycle(initial_divisor=10, final_divisor=100))
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(1.0)
    assert rates[-1] == pytest.approx(1e-3)


def test_warm_up_rises_above_zero_to_the_base_and_leaves_the_rest_to_the_curve() -> None:
    rates = ours(Cosine(warmup_epochs=1.5), steps_per_epoch=6)
    assert rates[:9] == pytest.approx([(step + 1) / 9 for step in range(9)])
    assert rates[9:] == ours(Cosine(), STEPS - 9)


@pytest.mark.parametrize("epochs", [10, 11])
def test_warm_up_as_long_as_the_phase_is_a_sentence(epochs: float) -> None:
    with pytest.raises(ValueError, match=r"warm-up of 1\d epochs fills the whole phase of 10"):
        Constant(warmup_epochs=epochs).build(STEPS, 6)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Constant(warmup_epochs=-1),
        lambda: Step(gamma=0),
        lambda: Step(every_epochs=0),
        lambda: Cosine(floor=1.1),
        lambda: OneCycle(warmup_fraction=1),
        lambda: OneCycle(initial_divisor=0.5),
    ],
)
def test_refuses_impossible_numbers(wrong: Callable[[], Schedule]) -> None:
    with pytest.raises(ValidationError):
        wrong()


@pytest.mark.parametrize(
    ("schedule", "factor", "expected"),
    [
        (Step(every_epochs=25), 0.2, Step(every_epochs=5)),
        (Step(every_epochs=25), 0.01, Step(every_epochs=1)),
        (MultiStep(milestones=(100, 150)), 0.1, MultiStep(milestones=(10, 15))),
        (CosineRestarts(first_epochs=5), 2.0, CosineRestarts(first_epochs=10)),
        (Cosine(warmup_epochs=2, floor=0.1), 0.25, Cosine(warmup_epochs=0.5, floor=0.1)),
        (Step(every_epochs=4, warmup_epochs=2), 0.5, Step(every_epochs=2, warmup_epochs=1)),
    ],
)
def test_what_is_told_in_epochs_goes_along_with_the_phase(
    schedule: Schedule, factor: float, expected: Schedule
) -> None:
    assert schedule.stretched(factor) == expected
