"""Is a network as often right as it says."""

from collections.abc import Iterable
from typing import Annotated, Literal

import torch
from pydantic import Field

from cifar_models.datasets import as_tensor
from cifar_models.diagnostics.diagnostic import Diagnostic, Row
from cifar_models.diagnostics.trained import Trained


class Calibration(Diagnostic):
    """Accuracy by confidence, the largest probability, at the end of the training.

    Validation images; without any, training images. Columns: ``split``, ``low``, ``high`` (ends of
    the bin, the upper one in it), ``images``, ``confidence`` and ``accuracy`` (their means); bins
    that hold an image.

    Source: Guo et al. 2017 (arXiv:1706.04599), section 2 (reliability diagrams).
    """

    name: Literal["calibration"] = "calibration"
    bins: Annotated[int, Field(gt=0)] = 15

    def analyse(self, trained: Trained) -> Iterable[Row]:
        """Return a row a bin."""
        if not trained.last:
            return
        split, images = trained.measured
        confidence, predicted = trained.logits.double().softmax(1).max(1)
        right = (predicted == as_tensor(images.labels)).double()
        place = (confidence * self.bins).ceil().clamp(1, self.bins).long() - 1
        for number in torch.unique(place).tolist():
            mine = place == number
            yield {
                "split": split,
                "low": number / self.bins,
                "high": (number + 1) / self.bins,
                "images": int(mine.sum()),
                "confidence": confidence[mine].mean().item(),
                "accuracy": right[mine].mean().item(),
            }
