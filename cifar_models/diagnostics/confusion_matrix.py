"""Which classes are taken for which."""

from collections.abc import Iterable
from typing import Literal

import torch

from cifar_models.datasets import as_tensor
from cifar_models.diagnostics.diagnostic import Diagnostic, Row
from cifar_models.diagnostics.trained import Trained


class ConfusionMatrix(Diagnostic):
    """How many images of each class are taken for each, at the end of the training.

    Validation images; without any, training images. Columns: ``split``, ``true``, ``predicted``
    (classes, from 0; a study has their names), ``images``; pairs that there are.

    Source: torchmetrics.functional.classification.multiclass_confusion_matrix.
    """

    name: Literal["confusion_matrix"] = "confusion_matrix"

    def analyse(self, trained: Trained) -> Iterable[Row]:
        """Return a row a pair of classes."""
        if not trained.last:
            return
        split, images = trained.measured
        pairs = torch.stack([as_tensor(images.labels), trained.logits.argmax(1)], dim=1)
        found, counts = torch.unique(pairs, dim=0, return_counts=True)
        for (true, predicted), number in zip(found.tolist(), counts.tolist(), strict=True):
            yield {"split": split, "true": true, "predicted": predicted, "images": number}
