"""Loss and accuracy over epochs, on images that were trained on and on others."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from cifar_models.classifier import evaluate
from cifar_models.diagnostics.diagnostic import Diagnostic, Row
from cifar_models.diagnostics.trained import Trained

_MEASURES = ("loss", "accuracy")


class TrainAndValidation(Diagnostic):
    """Loss and accuracy by epoch on the first training images and on validation images.

    Both as in evaluation: training images without augmentation, dropout or batch statistics.
    Validation is that of the record, where there was one. Columns: ``split`` (train or validation),
    ``measure`` (loss or accuracy), ``value``.

    Source: learning curves.
    """

    name: Literal["train_and_validation"] = "train_and_validation"
    images: Annotated[int, Field(gt=0)] = 5000

    def analyse(self, trained: Trained) -> Iterable[Row]:
        """Return a row for each split and measure."""
        subject = trained.subject
        images = subject.train.first(self.images)
        train = evaluate(subject.classifier, images, subject.loss, subject.numerics)
        validation = {m: trained.metrics.get(f"validation/{m}") for m in _MEASURES}
        for split, measured in (("train", train), ("validation", validation)):
            for measure in _MEASURES:
                value = measured[measure]
                if value is not None:
                    yield {"split": split, "measure": measure, "value": value}
