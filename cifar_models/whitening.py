"""Whitening: filters that decorrelate the patches of the training images."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_CHUNK = 500  # images whose patches are held at once


def whiten(layer: nn.Conv2d, images: Tensor, eps: float = 5e-4) -> None:
    """Set a convolution's weight to whitening filters and their negatives.

    Source: Page 2019, "How to train your ResNet", part 8; Jordan 2024 (arXiv:2404.00498),
    section 3.2.

    Args:
        layer: Unpadded, with a square kernel and ``2 * channels * kernel**2`` outputs.
        images: Normalised images (N, channels, H, W).
        eps: Added to the variances, which keeps the rarest patterns from being blown up.
    """
    filters = whitening_filters(images, layer.kernel_size[0], eps)
    with torch.no_grad():
        layer.weight.copy_(torch.cat([filters, -filters]))


def whitening_filters(images: Tensor, kernel: int, eps: float) -> Tensor:
    """Return filters (C * kernel**2, C, kernel, kernel) of variance ``v / (v + eps)`` each.

    They are the eigenvectors of the second moment of all patches, over the root of its eigenvalues
    v, largest first. In double precision, signs chosen: equal images give equal filters.
    """
    channels = images.shape[1]
    size = channels * kernel**2
    moment = torch.zeros(size, size, dtype=torch.float64, device=images.device)
    count = 0
    for chunk in torch.split(images, _CHUNK):
        patches = F.unfold(chunk.double(), kernel)
        moment += (patches @ patches.mT).sum(0)
        count += len(chunk) * patches.shape[2]
    variances, vectors = torch.linalg.eigh((moment / count).cpu())  # columns, smallest first
    largest = vectors.gather(0, vectors.abs().argmax(0, keepdim=True))
    filters: Tensor = vectors * largest.sign() / (variances.clamp(min=0) + eps).sqrt()
    return filters.T.flip(0).reshape(size, channels, kernel, kernel).to(images)
