"""A network with its normalisation: raw images in, logits out; and its measurement."""

import warnings

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cifar_models.component import registry
from cifar_models.datasets import Images
from cifar_models.metrics import Metric
from cifar_models.numerics import Numerics
from cifar_models.test_time import OneView, Views

_EVALUATION_BATCH = 1000
_AS_IT_IS = OneView()
_CHUNK = 1000  # images whose sums are taken at once: bounded memory, exact integers


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
        """Return logits (B, classes) of uint8 images (B, C, H, W)."""
        inputs = self.normalised(images)
        if not self.training:
            return self.views.logits(self.network, inputs)
        logits: Tensor = self.network(inputs)
        return logits

    def normalised(self, images: Tensor) -> Tensor:
        """Return uint8 images as the network sees them."""
        return (images.float() - self.mean) / self.std


def channel_statistics(pixels: NDArray[np.uint8]) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation (C,) of images (N, H, W, C), from exact integer sums."""
    channels = pixels.shape[-1]
    total = np.zeros(channels, dtype=np.int64)
    squares = np.zeros(channels, dtype=np.int64)
    for start in range(0, len(pixels), _CHUNK):
        chunk = pixels[start : start + _CHUNK].reshape(-1, channels).astype(np.int64)
        total += chunk.sum(axis=0)
        squares += (chunk * chunk).sum(axis=0)
    count = pixels.size // channels
    mean = total / count
    std = np.sqrt(np.maximum(squares / count - mean**2, 1.0))  # at least one grey level
    return torch.tensor(mean, dtype=torch.float32), torch.tensor(std, dtype=torch.float32)


def on_device(images: Images, device: str) -> tuple[Tensor, Tensor]:
    """Return pixels (N, H, W, C) uint8 and labels (N,) on a device, sharing memory on the CPU.

    The arrays may be shared by every process of a node and are read-only: index them, never write.
    """
    return _tensor(images.pixels).to(device), _tensor(images.labels).to(device)


def _tensor(array: NDArray[np.uint8] | NDArray[np.int64]) -> Tensor:
    with warnings.catch_warnings():  # read-only is what we want: see `on_device`
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(array)


def autocast(numerics: Numerics) -> torch.autocast:
    """Return the context in which the network computes."""
    enabled = numerics.precision != "fp32"
    return torch.autocast(numerics.device, dtype=numerics.dtype, enabled=enabled)


def images_of(pixels: Tensor, numerics: Numerics) -> Tensor:
    """Return images (B, C, H, W), in the layout of the numerics, from pixels (B, H, W, C)."""
    return pixels.permute(0, 3, 1, 2).contiguous(memory_format=numerics.memory_format)


@torch.inference_mode()
def evaluate(
    classifier: Classifier, images: Images, loss: nn.Module, numerics: Numerics
) -> dict[str, float]:
    """Return the loss and every registered metric of a classifier on labelled images."""
    classifier.eval()
    pixels, labels = on_device(images, numerics.device)
    with autocast(numerics):
        parts = [
            classifier(images_of(chunk, numerics))
            for chunk in torch.split(pixels, _EVALUATION_BATCH)
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
