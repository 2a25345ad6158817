"""The largest curvature of the loss at a network's weights."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor
from torch.func import functional_call

from cifar_models.classifier import full_precision, images_of
from cifar_models.diagnostics.diagnostic import Diagnostic, Row
from cifar_models.diagnostics.subject import Subject
from cifar_models.diagnostics.trained import Trained
from cifar_models.streams import generator

_AT_ONCE = 125
_RESTARTS = 50
"""Of the search, at most: each takes about as many products as there are vectors."""
_LANCZOS_VECTORS = 8
"""Each as large as the network; with fewer more products are needed."""


class Sharpness(Diagnostic):
    """Largest eigenvalue of the Hessian of the training loss, at the end of every few epochs.

    The loss is that of the first ``images`` training images, as in evaluation, in fp32 and without
    penalties; the eigenvalue is good to one part in a thousand. Columns: ``eigenvalue`` (None where
    it is not found), ``loss``.

    Source: scipy.sparse.linalg.eigsh (ARPACK's Lanczos iteration) on products of the Hessian by
    torch.autograd; Cohen et al. 2021 (arXiv:2103.00065), section 1, for the name.
    """

    name: Literal["sharpness"] = "sharpness"
    images: Annotated[int, Field(gt=0)] = 500
    every_epochs: Annotated[int, Field(gt=0)] = 1

    def analyse(self, trained: Trained) -> Iterable[Row]:
        """Return one row."""
        if trained.epoch % self.every_epochs and not trained.last:
            return
        with full_precision(trained.subject.numerics.device):
            hessian = Hessian(trained.subject, self.images)
            largest = hessian.largest(trained.epoch)
        yield {"eigenvalue": largest, "loss": hessian.loss}


class Hessian:
    """Second derivatives of the loss of some training images by all trained weights.

    To be built and asked inside `full_precision`.
    """

    def __init__(self, subject: Subject, images: int) -> None:
        self.subject, numerics = subject, subject.numerics
        pixels, labels = subject.train.first(images).on(numerics.device)
        self.parts = [
            (images_of(part, numerics), told)
            for part, told in zip(
                torch.split(pixels, _AT_ONCE), torch.split(labels, _AT_ONCE), strict=True
            )
        ]
        self.number = len(labels)
        self.weights = [w.detach().clone() for w in subject.trainable.values()]
        self.loss = sum(self._part(*part, self.weights).item() for part in self.parts)

    def largest(self, key: int) -> float | None:
        """Return the largest eigenvalue; the search begins at a vector drawn for the key."""
        from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

        size = sum(weight.numel() for weight in self.weights)
        drawn = generator(self.subject.seed, "diagnostics", "sharpness", key)
        operator = LinearOperator((size, size), matvec=self._matvec, dtype=np.float32)
        vectors = min(_LANCZOS_VECTORS, size)
        try:
            found: NDArray[Any] = eigsh(
                operator, k=1, which="LA", ncv=vectors, tol=1e-3, maxiter=_RESTARTS,
                return_eigenvectors=False,
                v0=torch.randn(size, generator=drawn).numpy(),
            )  # fmt: skip
        except ArpackError:
            return None
        return float(found[0])

    def _matvec(self, vector: NDArray[Any]) -> NDArray[Any]:
        flat = torch.from_numpy(np.ascontiguousarray(vector, dtype=np.float32).reshape(-1))
        return self.product(flat.to(self.weights[0].device)).cpu().numpy()

    def product(self, vector: Tensor) -> Tensor:
        """Return the Hessian times a vector (weights,), part by part of the images."""
        parts = torch.split(vector, [weight.numel() for weight in self.weights])
        direction = [v.view_as(w) for v, w in zip(parts, self.weights, strict=True)]
        total = torch.zeros_like(vector)
        for images, labels in self.parts:
            weights = [weight.requires_grad_() for weight in self.weights]
            with torch.enable_grad():
                loss = self._part(images, labels, weights)
                first_order = torch.autograd.grad(
                    loss, weights, create_graph=True, allow_unused=True, materialize_grads=True
                )
                products = torch.autograd.grad(
                    first_order, weights, direction, allow_unused=True, materialize_grads=True
                )
            total += torch.cat([product.detach().flatten() for product in products])
        return total

    def _part(self, images: Tensor, labels: Tensor, weights: list[Tensor]) -> Tensor:
        """Return what a part of the images adds to the mean loss."""
        subject = self.subject
        named = dict(zip(subject.trainable, weights, strict=True))
        subject.classifier.eval()
        try:
            logits = functional_call(subject.classifier, {**named, **subject.buffers()}, (images,))
            share = len(labels) / self.number
            loss: Tensor = subject.loss(logits.float(), labels) * share
        finally:
            subject.classifier.train()
        return loss
