import pytest
import torch
from torchmetrics.functional.classification import (
    multiclass_accuracy,
    multiclass_calibration_error,
    multiclass_f1_score,
)

from cifar_models.metrics import Accuracy, CalibrationError, MacroF1


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("count", "classes", "seen"), [(500, 10, 10), (20, 10, 10), (30, 100, 7)])
def test_equals_torchmetrics(seed: int, count: int, classes: int, seen: int) -> None:
    """Also where classes are never seen, never predicted, or neither."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(count, classes, generator=generator)
    targets = torch.randint(0, seen, (count,), generator=generator)
    logits[: count // 2] += 5 * torch.nn.functional.one_hot(targets[: count // 2], classes)
    assert MacroF1().measure(logits, targets, classes) == pytest.approx(
        multiclass_f1_score(logits, targets, classes, average="macro").item(), rel=1e-5
    )
    assert Accuracy().measure(logits, targets, classes) == pytest.approx(
        multiclass_accuracy(logits, targets, classes, average="micro").item(), rel=1e-6
    )
    assert CalibrationError().measure(logits, targets, classes) == pytest.approx(
        multiclass_calibration_error(logits.double(), targets, classes, n_bins=15).item(), rel=1e-5
    )


def test_by_hand() -> None:
    logits = torch.eye(3)[[0, 0, 1, 1]]
    targets = torch.tensor([0, 1, 1, 1])
    assert Accuracy().measure(logits, targets, 3) == 0.75
    assert MacroF1().measure(logits, targets, 3) == pytest.approx((2 / 3 + 4 / 5) / 2)


def test_accuracy_is_exact_for_many_images() -> None:
    """A mean in float32 would be wrong in the last digits that a selection rests on."""
    targets = torch.zeros(60_001, dtype=torch.long)
    logits = torch.zeros(60_001, 2)
    logits[:, 0], logits[:7, 1] = 0.5, 1.0
    assert Accuracy().measure(logits, targets, 2) == 59_994 / 60_001


def test_a_sure_and_right_classifier_is_calibrated_and_a_sure_and_wrong_one_is_not() -> None:
    logits = 100 * torch.eye(4)
    assert CalibrationError().measure(logits, torch.arange(4), 4) == pytest.approx(0, abs=1e-6)
    assert CalibrationError().measure(logits, torch.arange(4).flip(0), 4) == pytest.approx(1)
