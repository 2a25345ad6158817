"""A diagnostic that raises: the training goes on as without it, and it is said why."""

import gc
import weakref
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Literal

import pytest
import torch
from torch import Tensor

from cifar_models.checkpoint import load, save
from cifar_models.component import forget
from cifar_models.diagnostics import Diagnostic, GradientFlow, Moment, Observer, Row, Trained
from cifar_models.diagnostics.expense import Expense
from cifar_models.training import Training
from tests.cifar_models.diagnostics.test_diagnosis import MIXED, begin, bits
from tests.cifar_models.small import measured

Place = Literal["observer", "observe", "rows", "analyse", "value"]
FEW = MIXED.replace({"phases.0.epochs": 1, "phases.1.epochs": 2})
PLACES: tuple[Place, ...] = ("observer", "observe", "rows", "analyse", "value")


class _Watch(Observer):
    def __init__(self, faulty: "_Faulty") -> None:
        self.faulty, self.epoch = faulty, 0
        self.taken = torch.ones(8)
        TAKEN.append(weakref.ref(self.taken))

    def observe(self, moment: Moment) -> None:
        self.epoch = moment.epoch
        if moment.step == 1:
            held = self.taken + moment.loss
            moment.subject.classifier.eval()
            self.faulty.fail("observe", moment.epoch, held)
            moment.subject.classifier.train()

    def rows(self) -> Iterable[Row]:
        yield {"x": 1.0}
        self.faulty.fail("rows", self.epoch)


class _Faulty(Diagnostic):
    at: str = ""
    memory: bool = False

    def fail(self, at: str, epoch: int, _: Tensor | None = None) -> None:
        if at == self.at and epoch == 2:
            torch.rand(3)
            ASKED.append(at)
            raise torch.OutOfMemoryError("9 GiB\nmore") if self.memory else KeyError("gone")

    def observer(self) -> Observer:
        self.fail("observer", 1 + len(TAKEN))
        return _Watch(self)

    def analyse(self, trained: Trained) -> Iterable[Row]:
        yield {"x": torch.ones(()) if self.at == "value" and trained.epoch == 2 else 2.0}
        trained.subject.classifier.eval()
        self.fail("analyse", trained.epoch)
        trained.subject.classifier.train()


ASKED: list[str] = []
TAKEN: list["weakref.ref[Tensor]"] = []


@pytest.fixture
def faulty() -> Iterator[type[_Faulty]]:
    class Faulty(_Faulty):
        name: Literal["faulty"] = "faulty"

    ASKED.clear(), TAKEN.clear()
    yield Faulty
    forget(Faulty.__module__)


@cache
def trained(*looking: Diagnostic) -> Training:
    training = begin(FEW, looking)
    list(training)
    return training


@pytest.mark.parametrize(
    ("at", "memory"), [*((place, False) for place in PLACES), ("observe", True), ("analyse", True)]
)
def test_a_fault_of_a_diagnostic_is_none_of_the_training(
    at: Place, memory: bool, faulty: type[_Faulty]
) -> None:
    bad = faulty(at=at, memory=memory)
    plain, looked, whole = trained(), begin(FEW, [bad, GradientFlow()]), trained(GradientFlow())
    list(looked)
    assert bits(looked.checkpoint().weights) == bits(plain.checkpoint().weights)
    assert measured(looked) == measured(plain)
    assert looked.history[-1].status == "finished"
    seen = looked.diagnosis.observations
    assert seen[bad.key] == {}, "half of it would be compared with a whole"
    assert seen[GradientFlow().key] == whole.diagnosis.observations[GradientFlow().key]
    (why,) = looked.diagnosis.missed.values()
    raised = "OutOfMemoryError: 9 GiB" if memory else "KeyError: 'gone'"
    told = "ValueError: column x holds a Tensor that is no plain" if at == "value" else raised
    assert why.startswith(f"in epoch 2: {told}")
    assert "\n" not in why
    assert len(ASKED) == (at != "value"), "it is asked no more"


def test_what_raised_is_asked_no_more_when_the_training_goes_on(
    tmp_path: Path, faulty: type[_Faulty]
) -> None:
    looking, url = [faulty(at="observe"), GradientFlow()], str(tmp_path / "it.pt")
    stopped, whole = begin(FEW, looking), begin(FEW, looking)
    list(whole)
    next(stopped), next(stopped)
    save(stopped.checkpoint(), url)
    ASKED.clear()
    again = begin(FEW, looking, load(url))
    list(again)
    assert again.diagnosis.missed == whole.diagnosis.missed != {}
    assert again.diagnosis.observations == whole.diagnosis.observations
    assert ASKED == []


def test_memory_that_a_diagnostic_wanted_is_given_back(
    monkeypatch: pytest.MonkeyPatch, faulty: type[_Faulty]
) -> None:
    """Its references are gone by then, without a search for cycles."""
    kept: list[int] = []
    monkeypatch.setattr(
        Expense, "free", lambda _: kept.append(sum(ref() is not None for ref in TAKEN))
    )
    training = begin(FEW, [faulty(at="observe", memory=True)])
    gc.disable()
    try:
        list(training)
    finally:
        gc.enable()
    assert kept == [0], "once, and nothing holds what the diagnostic had"


def test_memory_is_not_given_back_for_other_faults(
    monkeypatch: pytest.MonkeyPatch, faulty: type[_Faulty]
) -> None:
    monkeypatch.setattr(Expense, "free", lambda _: pytest.fail("why?"))
    list(begin(FEW, [faulty(at="observe")]))


def test_a_reason_is_short(faulty: type[_Faulty], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("x" * 5000)

    monkeypatch.setattr(faulty, "fail", fail)
    training = begin(FEW, [faulty()])
    (why,) = training.diagnosis.missed.values()
    assert why.startswith("in epoch 1: RuntimeError: xxx")
    assert len(why) < 350
