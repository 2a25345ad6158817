"""How long a classifier takes for one image."""

import copy
import time

import torch
from torch import Tensor

from cifar_models.classifier import Classifier, autocast
from cifar_models.numerics import Numerics

_PASSES = 10


def latency(classifier: Classifier, image: Tensor, numerics: Numerics) -> float | None:
    """Return the seconds of the fastest of some passes: what else runs there only adds to it.

    The classifier stays as it is: a copy computes, as an exported one would.

    Args:
        classifier: As it trains.
        image: uint8 (1, channels, height, width), on the classifier's device.
        numerics: How it computes.

    Returns:
        The number, or None where the network does not compute: its training will tell why.
    """
    try:
        copied = copy.deepcopy(classifier).eval()
        with torch.inference_mode(), autocast(numerics):
            return min(_seconds(copied, image) for _ in range(_PASSES))
    except Exception:  # whatever a user's own network raises
        return None


def _seconds(classifier: Classifier, image: Tensor) -> float:
    begun = time.perf_counter()
    classifier(image).cpu()  # waits for the device
    return time.perf_counter() - begun
