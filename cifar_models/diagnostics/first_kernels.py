"""What the first convolution looks for."""

from collections.abc import Iterable
from typing import Literal

from torch import nn

from cifar_models.diagnostics.diagnostic import Diagnostic, Row
from cifar_models.diagnostics.trained import Trained


class FirstKernels(Diagnostic):
    """The kernels of the first trained convolution: their magnitude by epoch, at last as pictures.

    Columns: ``layer``, ``kernel`` (from 0), ``magnitude`` (its Frobenius norm), ``channels``,
    ``height``, ``width``, ``values`` (channels x height x width, row by row; None before the last
    epoch). A network without such a convolution has no rows.

    Source: Krizhevsky et al. 2012, "ImageNet Classification with Deep Convolutional Neural
    Networks", figure 3.
    """

    name: Literal["first_kernels"] = "first_kernels"

    def analyse(self, trained: Trained) -> Iterable[Row]:
        """Return a row a kernel."""
        for path, module in trained.subject.classifier.network.named_modules():
            if isinstance(module, nn.Conv2d) and module.weight.requires_grad:
                return _rows(path, module, pictures=trained.last)
        return ()


def _rows(path: str, conv: nn.Conv2d, *, pictures: bool) -> Iterable[Row]:
    weights = conv.weight.detach().float().cpu()
    _, channels, height, width = weights.shape
    for number, kernel in enumerate(weights):
        yield {
            "layer": path,
            "kernel": number,
            "magnitude": kernel.norm().item(),
            "channels": channels,
            "height": height,
            "width": width,
            "values": kernel.flatten().tolist() if pictures else None,
        }
