"""The three studies: an ablation, a search in cohorts, and an asynchronous search."""

from dataclasses import dataclass
from pathlib import Path

_TEXT = '''
import os
from typing import ClassVar, Literal

from torch import Tensor

from cifar_models.architectures import PlainCNN
from cifar_models.datasets import Shapes
from cifar_models.metrics import Metric
from cifar_models.optimizers import SGD
from cifar_models.recipe import Phase, Recipe
from search_spaces import LogRange, Search, Study, choice, factor


class Witnessed(Metric):
    """The share of the first class, which leaves a line for each measurement.

    Source: this file.
    """

    name: Literal["witnessed"] = "witnessed"
    higher_is_better: ClassVar[bool] = True

    def measure(self, logits: Tensor, targets: Tensor, num_classes: int) -> float:
        with open("{evaluations}", "a") as file:
            file.write(f"{{len(targets)}}\\n")
        return float((targets == 0).double().mean())


BASE = Recipe(
    dataset=Shapes(train_size=2000, test_size={test}),
    split={{"validation": {validation}}},
    model=PlainCNN(channels=(8, 16)),
    phases=(Phase(epochs=4, optimizer=SGD(lr=0.05)),),
    batch_size=20,
)
ACTIVATION = factor("activation", "model.activation", "relu", "tanh", "elu")
SEARCH = Search(
    space={{
        "optimizer.lr": LogRange(1e-3, 1.0),
        "model.activation": choice("relu", "tanh"),
    }},
    trials=12,
    reduction_factor=2,
)

STUDY = Study(
    name="certified", question="Is it the same?", base=BASE,
    {rest}
)
'''  # fmt: skip
VALIDATION, TEST = 200, 100
"""Images: so that the lines of `Witnessed` tell an epoch from a last evaluation."""


@dataclass(frozen=True)
class Certified:
    """A study, and whether nothing but what it asks may decide its outcome."""

    name: str
    rest: str
    """What it asks beside its name and base."""
    options: tuple[str, ...] = ()
    same_as_undisturbed: bool = True

    def write(self, folder: Path) -> None:
        """Write the study's file into a new folder."""
        folder.mkdir()
        text = _TEXT.format(
            evaluations=folder / "evaluations", validation=VALIDATION, test=TEST, rest=self.rest
        )
        (folder / "certified.py").write_text(text, encoding="utf-8")


ABLATION = Certified("ablation", "factors=(ACTIVATION,), seeds=4")
CERTIFIED = (
    ABLATION,
    Certified("search in cohorts", "search=SEARCH, seeds=2", ("--deterministic",)),
    Certified("asynchronous search", "search=SEARCH, seeds=2", same_as_undisturbed=False),
)
