from collections.abc import Iterator
from typing import ClassVar, Literal

import pytest
from torch import Tensor

from cifar_models.component import forget
from cifar_models.metrics import Metric
from sweeps.analysis.measure import find_measure
from sweeps.analysis.rendering import FORMATS, render
from sweeps.analysis.table import ablation_table
from tests.sweeps.analysis import frames


@pytest.fixture
def mine() -> Iterator[type[Metric]]:
    class Mine(Metric):
        """Fraction of wrong answers.

        Source: this test.
        """

        name: Literal["mine"] = "mine"
        higher_is_better: ClassVar[bool] = False
        percent: ClassVar[bool] = True
        title: ClassVar[str] = "my error"

        def measure(self, logits: Tensor, targets: Tensor, num_classes: int) -> float:
            return 1 - (logits.argmax(1) == targets).double().mean().item()

    yield Mine
    forget(Mine.__module__)


def test_what_is_built_in() -> None:
    accuracy, f1, loss = map(find_measure, ("accuracy", "macro_f1", "loss"))
    assert (accuracy.title, accuracy.text(0.12345), accuracy.unit) == ("accuracy", "12.35", "%")
    assert (f1.title, f1.difference_unit, f1.higher_is_better) == ("macro F1", "points", True)
    assert (loss.text(0.12345), loss.unit, loss.higher_is_better) == ("0.1235", "", False)
    assert not any(measure.assumed for measure in (accuracy, f1, loss))


@pytest.mark.usefixtures("mine")
def test_a_class_says_how_its_metric_is_shown() -> None:
    measure = find_measure("mine")
    assert (measure.title, measure.text(0.5), measure.unit) == ("my error", "50.00", "%")
    assert not measure.higher_is_better
    assert not measure.assumed


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("loaded", [True, False])
def test_a_table_of_a_metric_of_ones_own(
    name: str, loaded: bool, request: pytest.FixtureRequest
) -> None:
    """Also by name, where the file that defines the class is not loaded."""
    if loaded:
        request.getfixturevalue("mine")
    trials = frames.small()
    table = ablation_table(
        trials.assign(**{"validation/mine": trials["validation/accuracy"]}), frames.CONTEXT, "mine"
    )
    assert table.split == "validation"
    assert table.frame["rank"].to_list() == ([1, 3, 1] if loaded else [2, 1, 2])
    text = render(table, name)
    assert "mine" in text if name == "csv" else ("76.00" if loaded else "0.7600") in text
    assert ("taken to be better" in "".join(table.footnotes)) != loaded
