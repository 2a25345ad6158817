import pytest
import torch
from torch import Tensor, nn

from cifar_models.classifier import Classifier
from cifar_models.numerics import Numerics
from cifar_models.test_time import FlipAndShiftViews, FlipViews, OneView, Views
from cifar_models.training import train
from tests.cifar_models.small import ONE_PHASE, images


class Corner(nn.Module):
    """Answers with the pixels of the upper left 2x2 corner of the first channel."""

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs[:, 0, :2, :2].flatten(1)


RAMP = torch.arange(16.0).view(1, 1, 4, 4)  # rows 0 to 3, 4 to 7, 8 to 11, 12 to 15
SEEN = {
    "none": [0.0, 1, 4, 5],
    "flip": [(0 + 3) / 2, (1 + 2) / 2, (4 + 7) / 2, (5 + 6) / 2],
}


@pytest.mark.parametrize("views", [OneView(), FlipViews()])
def test_answers_are_the_mean_of_the_views(views: Views) -> None:
    assert views.logits(Corner(), RAMP).tolist() == [SEEN[views.name]]


def test_shifts_are_by_one_pixel_and_mirrored_at_the_edge() -> None:
    down, up = [[5.0, 4, 1, 0], [6.0, 7, 2, 3]], [[5.0, 6, 9, 10], [6.0, 5, 10, 9]]
    shifted = torch.tensor(down + up).mean(0)
    expected = (torch.tensor(SEEN["flip"]) + shifted) / 2
    torch.testing.assert_close(FlipAndShiftViews().logits(Corner(), RAMP)[0], expected)


@pytest.mark.parametrize("views", [FlipViews(), FlipAndShiftViews()])
def test_half_precision_answers_are_mixed_in_full(views: Views) -> None:
    assert views.logits(Corner(), RAMP.bfloat16()).dtype == torch.float32


def test_a_classifier_uses_them_in_evaluation_only() -> None:
    pixels = RAMP.to(torch.uint8)
    classifier = Classifier(Corner(), torch.zeros(1), torch.ones(1), FlipViews())
    assert classifier.train()(pixels).tolist() == [SEEN["none"]]
    assert classifier.eval()(pixels).tolist() == [SEEN["flip"]]


def test_a_recipe_changes_what_is_measured_but_not_what_is_trained() -> None:
    plain, flipped = (
        train(recipe, 0, images().train, images().validation, Numerics(), 10)
        for recipe in (ONE_PHASE, ONE_PHASE.replace({"test_time": "flip"}))
    )
    one, other = next(plain).metrics, next(flipped).metrics
    assert one["train/loss"] == other["train/loss"]
    assert one["validation/loss"] != other["validation/loss"]
