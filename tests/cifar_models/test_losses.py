import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from cifar_models.losses import (
    CrossEntropy,
    Focal,
    LabelSmoothing,
    LabelSmoothingOthers,
    MultiMargin,
    NegativeLogLikelihood,
    SquaredError,
)

LOGITS = torch.tensor([[2.0, -1.0, 0.5, 0.0], [0.1, 0.2, 0.3, 0.4], [-3.0, 4.0, 1.0, 1.0]])
LABELS = torch.tensor([0, 3, 2])
ONE_HOT = torch.nn.functional.one_hot(LABELS, 4).float()


def cross_entropy_to(targets: Tensor) -> Tensor:
    return -(targets * LOGITS.log_softmax(1)).sum(1).mean()


def test_cross_entropy() -> None:
    torch.testing.assert_close(CrossEntropy().build(4)(LOGITS, LABELS), cross_entropy_to(ONE_HOT))


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.3])
def test_label_smoothing_gives_every_class_its_share(smoothing: float) -> None:
    loss = LabelSmoothing(smoothing=smoothing).build(4)(LOGITS, LABELS)
    torch.testing.assert_close(loss, cross_entropy_to((1 - smoothing) * ONE_HOT + smoothing / 4))


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.3])
def test_the_other_label_smoothing_gives_the_wrong_classes_theirs(smoothing: float) -> None:
    loss = LabelSmoothingOthers(smoothing=smoothing).build(4)(LOGITS, LABELS)
    targets = (1 - smoothing) * ONE_HOT + smoothing / 3 * (1 - ONE_HOT)
    torch.testing.assert_close(loss, cross_entropy_to(targets))


def test_so_much_smoothing_that_the_true_class_is_no_more_than_others_is_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"smoothing 0.6 leaves the true one of 2 classes"):
        LabelSmoothingOthers(smoothing=0.6).build(2)


@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_focal_weighs_by_what_is_missing(gamma: float) -> None:
    true = LOGITS.softmax(1).gather(1, LABELS[:, None]).squeeze(1)
    expected = ((1 - true) ** gamma * -true.log()).mean()
    torch.testing.assert_close(Focal(gamma=gamma).build(4)(LOGITS, LABELS), expected)


def test_squared_error_is_over_images_and_classes() -> None:
    expected = ((LOGITS - ONE_HOT) ** 2).sum() / 12
    torch.testing.assert_close(SquaredError().build(4)(LOGITS, LABELS), expected)


def test_negative_log_likelihood_is_cross_entropy() -> None:
    loss = NegativeLogLikelihood().build(4)(LOGITS, LABELS)
    torch.testing.assert_close(loss, cross_entropy_to(ONE_HOT))


@pytest.mark.parametrize("margin", [0.5, 1.0])
def test_multi_margin_is_the_mean_hinge(margin: float) -> None:
    true = LOGITS.gather(1, LABELS[:, None])
    hinge = (margin - true + LOGITS).clamp(min=0) * (1 - ONE_HOT)
    loss = MultiMargin(margin=margin).build(4)(LOGITS, LABELS)
    torch.testing.assert_close(loss, (hinge.sum(1) / 4).mean())


@pytest.mark.parametrize("smoothing", [-0.1, 1.0])
def test_refuses_impossible_smoothing(smoothing: float) -> None:
    with pytest.raises(ValidationError):
        LabelSmoothing(smoothing=smoothing)
