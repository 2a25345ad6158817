"""A network with its normalisation: raw images in, logits out; and its measurement."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from cifar_models.component import registry
from cifar_models.datasets import Images
from cifar_models.metrics import Metric
from cifar_models.numerics import Numerics
from cifar_models.test_time import OneView, Views

_EVALUATION_BATCH = {"cpu": 125, "cuda": 1000, "mps": 1000}
"""Images at once: a CPU is a fifth faster where the activations fit into its cache."""

_AS_IT_IS = OneView()


class Classifier(nn.Module):
    """``network`` behind a normalisation by the training images' mean and deviation.

    The two are buffers, so that a saved classifier needs nothing else to read raw images. In
    evaluation it answers by the mean logits of its ``views``.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, network: nn.Module, mean: Tensor, std: Tensor, views: Views = _AS_IT_IS
    ) -> None:
        super().__init__()
        self.network, self.views = network, views
        self.register_buffer("mean", mean.view(-1, 1, 1))
        self.register_buffer("std", std.view(-1, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (B, classes) of images (B, C, H, W): uint8, or float32 if mixed."""
        inputs = self.normalised(images)
        if not self.training:
            return self.views.logits(self.network, inputs)
        logits: Tensor = self.network(inputs)
        return logits

    def normalised(self, images: Tensor) -> Tensor:
        """Return images as the network sees them, in the same layout; its input stays as it was."""
        last = images.permute(0, 2, 3, 1)
        if not last.is_contiguous():
            return (images.float() - self.mean) / self.std
        width = last.shape[2]  # whole rows at once: torch is slow at three numbers in a row
        rows = last.flatten(2).to(torch.float32, copy=True)
        mean, std = (
            value.view(1, -1).expand(width, -1).flatten() for value in (self.mean, self.std)
        )
        rows.sub_(mean).div_(std)
        return rows.view(last.shape).permute(0, 3, 1, 2)


def autocast(numerics: Numerics) -> torch.autocast:
    """Return the context in which the network computes."""
    enabled = numerics.precision != "fp32"
    return torch.autocast(numerics.device, dtype=numerics.dtype, enabled=enabled)


@contextmanager
def full_precision(device: str) -> Iterator[None]:
    """Compute in fp32 indeed: without autocast, and without TF32 where a GPU has it.

    What is computed on the way back is so only if that is asked for inside too.
    """
    conv, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    before = conv.allow_tf32, matmul.allow_tf32
    conv.allow_tf32 = matmul.allow_tf32 = False
    try:
        with torch.autocast(device, enabled=False):
            yield
    finally:
        conv.allow_tf32, matmul.allow_tf32 = before


def images_of(pixels: Tensor, numerics: Numerics) -> Tensor:
    """Return images (B, C, H, W), in the layout of the numerics, from pixels (B, H, W, C)."""
    return pixels.permute(0, 3, 1, 2).contiguous(memory_format=numerics.memory_format)


@torch.inference_mode()
def evaluate(
    classifier: Classifier, images: Images, loss: nn.Module, numerics: Numerics
) -> dict[str, float]:
    """Return the loss and every registered metric of a classifier on labelled images."""
    classifier.eval()
    pixels, labels = images.on(numerics.device)
    with autocast(numerics):
        parts = [
            classifier(images_of(chunk, numerics))
            for chunk in torch.split(pixels, _EVALUATION_BATCH[numerics.device])
        ]
    classifier.train()
    logits = torch.cat(parts).float()
    measured = {"loss": loss(logits, labels).item()}
    logits, labels = logits.cpu(), labels.cpu()  # metrics may use types that a device lacks
    for name, metric in registry("metric").items():
        assert issubclass(metric, Metric)
        chosen = metric.model_validate({"name": name})
        measured[name] = chosen.measure(logits, labels, logits.shape[1])
    return measured
