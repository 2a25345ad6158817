"""The images that a network is most wrong about."""

from collections.abc import Iterable
from typing import Annotated, Literal

import torch.nn.functional as F
from pydantic import Field

from cifar_models.datasets import as_tensor
from cifar_models.diagnostics.diagnostic import Diagnostic, Row
from cifar_models.diagnostics.trained import Trained


class HardestImages(Diagnostic):
    """The images of the highest cross entropy, at the end of the training.

    Validation images; without any, training images. Columns: ``split``, ``image`` (place in it),
    ``true``, ``predicted`` (classes, from 0; a study has their names), ``confidence`` (in what was
    predicted), ``loss``, ``height``, ``width``, ``channels``, ``values`` (height x width x
    channels, 0 to 255).

    Source: torch.nn.functional.cross_entropy of each image.
    """

    name: Literal["hardest_images"] = "hardest_images"
    images: Annotated[int, Field(gt=0)] = 16

    def analyse(self, trained: Trained) -> Iterable[Row]:
        """Return a row an image, the hardest first."""
        if not trained.last:
            return
        split, images = trained.measured
        labels = as_tensor(images.labels)
        losses = F.cross_entropy(trained.logits, labels, reduction="none")
        confidence, predicted = trained.logits.softmax(1).max(1)
        _, height, width, channels = images.pixels.shape
        for place in losses.argsort(descending=True, stable=True)[: self.images].tolist():
            yield {
                "split": split,
                "image": place,
                "true": int(labels[place]),
                "predicted": int(predicted[place]),
                "confidence": confidence[place].item(),
                "loss": losses[place].item(),
                "height": height,
                "width": width,
                "channels": channels,
                "values": images.pixels[place].ravel().tolist(),
            }
