"""Training as an iterator: one `EpochResult` an epoch, nothing known of sweeps or of Ray."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Literal

import torch
from torch import Tensor

from cifar_models.allocator import keep_freed_memory
from cifar_models.architectures import ImageShape
from cifar_models.averaging import settle
from cifar_models.batches import Batches
from cifar_models.checkpoint import Checkpoint, Weights, copy_of
from cifar_models.classifier import Classifier, autocast, evaluate, images_of
from cifar_models.datasets import Images, as_tensor
from cifar_models.diagnostics import Diagnosis, Diagnostic, Subject
from cifar_models.eager import leave_compiler_out
from cifar_models.fixed_streams import Purpose
from cifar_models.memory import peak_memory
from cifar_models.mixing import Mixture
from cifar_models.numerics import Numerics
from cifar_models.optimisation import Optimisation
from cifar_models.penalties import penalised
from cifar_models.recipe import Recipe
from cifar_models.streams import global_stream, initialise

ENGINE_VERSION = 3
"""Raised by every change of ours that alters numbers: part of a trial's identity."""

Status = Literal["running", "finished", "diverged"]


@dataclass(frozen=True)
class EpochResult:
    """What one epoch gave.

    ``metrics`` holds ``train/loss`` without penalties; where there was a validation
    ``validation/loss`` and one ``validation/<metric>`` for each registered metric;
    ``learning_rate`` of the last step; ``seconds`` of the epoch with its validation;
    ``images_per_second`` of the training alone; ``peak_memory`` of the process or its GPU in MiB:
    without what diagnostics took, but for a process's memory. What is not finite is left out.
    """

    epoch: int
    status: Status
    metrics: dict[str, float]


def build_classifier(recipe: Recipe, shape: ImageShape, seed: int = 0) -> Classifier:
    """Return the recipe's untrained network, its weights drawn from the seed, on the CPU.

    Raises:
        ValueError: The images are too small for the network.
    """
    seed = recipe.fixed_streams.seed_of("init", seed)
    with global_stream(seed, "init"):  # for weights that no ``reset_parameters`` draws anew
        network = recipe.model.build(shape)
    initialise(network, seed, recipe.initialisation.draw)
    mean, std = torch.zeros(shape.channels), torch.ones(shape.channels)
    return Classifier(network, mean, std, recipe.test_time)


def check(recipe: Recipe, shape: ImageShape, num_train: int) -> int:
    """Build every part of the recipe without memory for its weights, and return their number.

    Raises:
        ValueError: A batch holds more than the training images, or a part cannot be built: images
            too small for the network or an augmentation, a warm-up longer than its phase.
    """
    if recipe.batch_size > num_train:
        raise ValueError(
            f"batch_size {recipe.batch_size} is larger than the {num_train} training images; "
            "lower batch_size or give the split more images"
        )
    steps = num_train // recipe.batch_size
    for phase in recipe.phases:
        phase.schedule.build(phase.epochs * steps, steps)
    for augmentation in recipe.augmentation:
        augmentation.build(
            shape.height, shape.width, torch.zeros(shape.channels, dtype=torch.uint8)
        )
    recipe.test_time.check(shape.height, shape.width)
    return recipe.model.parameter_count(shape)


class Training(Iterator[EpochResult]):
    """A training under way; see `train`."""

    def __init__(
        self, recipe: Recipe, seed: int, train: Images, validation: Images | None,
        numerics: Numerics, num_classes: int, diagnostics: Sequence[Diagnostic] = (),
    ) -> None:  # fmt: skip
        height, width, channels = train.pixels.shape[1:]
        shape = ImageShape(channels, height, width, num_classes)
        check(recipe, shape, len(train.labels))
        self.recipe, self.seed, self.numerics, self.validation = recipe, seed, numerics, validation
        torch.set_num_threads(numerics.threads)
        keep_freed_memory()
        leave_compiler_out()
        self.classifier = build_classifier(recipe, shape, seed)
        mean, std = train.statistics
        self.classifier.mean.copy_(mean.view_as(self.classifier.mean))
        self.classifier.std.copy_(std.view_as(self.classifier.std))
        self.classifier.to(memory_format=numerics.memory_format).to(numerics.device)
        self.loss = recipe.loss.build(num_classes).to(numerics.device)
        self._prepare(train)
        self.penalised = penalised(self.classifier)
        fixed = recipe.fixed_streams
        self.batches = Batches(train, recipe.augmentation, recipe.batch_size, numerics, fixed)
        if numerics.device == "cuda":
            torch.cuda.reset_peak_memory_stats()  # laying out the images is no trial's own memory
        self.history: list[EpochResult] = []
        self.best_epoch, self.best_weights, self.averaged = 0, Weights(), Weights()
        steps = len(self.batches)
        self.optimisation = Optimisation(recipe, self.classifier, steps, numerics)
        seen = Subject(self.classifier, self.loss, train, validation, numerics, seed, steps)
        self.diagnosis = Diagnosis(diagnostics, seen)
        self._looked_at = self.diagnosis if diagnostics else None
        """Without diagnostics nothing of theirs is called in an epoch."""

    @torch.no_grad()
    def _prepare(self, train: Images) -> None:
        """Fit the network to the first training images, if it wants any."""
        model = self.recipe.model
        pixels = as_tensor(train.pixels[: model.preparation]).to(self.numerics.device)
        images = images_of(pixels, self.numerics)
        model.prepare(self.classifier.network, self.classifier.normalised(images))

    @property
    def over(self) -> bool:
        """Whether the last epoch was the recipe's last, or diverged."""
        return bool(self.history) and self.history[-1].status != "running"

    def __next__(self) -> EpochResult:
        """Train one epoch, measure, and return what it gave."""
        if self.over:
            raise StopIteration
        epoch = len(self.history) + 1
        started = time.perf_counter()
        with global_stream(self._seed_of("dropout"), "dropout", epoch):
            train_loss = self._train_epoch(epoch)
        looking = self._looked_at.expense.seconds if self._looked_at else 0.0
        trained = time.perf_counter() - looking
        metrics = {"train/loss": train_loss, "learning_rate": self.optimisation.learning_rate}
        last = epoch == self.recipe.epochs
        validation = self.validation if last or epoch % self.recipe.validate_every == 0 else None
        with self._settled(epoch, bool(last or validation or self._looked_at)):
            if validation is not None:
                measured = evaluate(self.classifier, validation, self.loss, self.numerics)
                metrics |= {f"validation/{name}": value for name, value in measured.items()}
            images = len(self.batches) * self.recipe.batch_size
            peak = peak_memory(self.numerics.device)
            metrics |= {
                "seconds": time.perf_counter() - looking - started,
                "images_per_second": images / (trained - started),
                "peak_memory": self._looked_at.expense.without(peak) if self._looked_at else peak,
            }
            result = self._record(epoch, metrics)
            if self._looked_at:
                self._looked_at.conclude(epoch, result.status, result.metrics)
        return result

    def _seed_of(self, purpose: Purpose) -> int:
        return self.recipe.fixed_streams.seed_of(purpose, self.seed)

    def _train_epoch(self, epoch: int) -> float:
        """Take every step of an epoch; the device is asked for a number once, at its end."""
        self.optimisation.begin(epoch)
        total = torch.zeros((), device=self.numerics.device)
        batches = self.batches.epoch(self.seed, epoch)
        mixtures = self.recipe.mixing.mixtures(
            self._seed_of("mixing"), epoch, self.batches.shape, self.numerics.device
        )
        for (images, labels), mixture in zip(batches, mixtures, strict=True):
            total += self._step(images, labels, mixture)
        return total.item() / len(self.batches)

    def _step(self, images: Tensor, labels: Tensor, mixture: Mixture) -> Tensor:
        with autocast(self.numerics):
            logits = self.classifier(mixed := mixture.images(images))
        loss = mixture.loss(self.loss, logits.float(), labels)
        terms = [penalty.measure(self.penalised) for penalty in self.recipe.penalties]
        look = None
        if self._looked_at:
            look = self._looked_at.at(len(self.history) + 1, mixed, labels, mixture, loss)
        self.optimisation.step(sum(terms, start=loss), look)
        return loss.detach()

    @contextmanager
    def _settled(self, epoch: int, measured: bool) -> Iterator[None]:
        """Hold the weights that count, with statistics of their own if something is ``measured``.

        Those that learn come back, unless the training is over.
        """
        self.averaged = Weights()
        settled = self.optimisation.settled()
        if not settled:
            yield
            return
        learning = copy_of(self.classifier)
        with global_stream(self._seed_of("dropout"), "dropout", epoch), autocast(self.numerics):
            settle(self.classifier, settled, self.batches.epoch(self.seed, epoch), measured)
        self.averaged = copy_of(self.classifier)
        yield
        if not self.over:
            self.classifier.load_state_dict(learning)

    def _record(self, epoch: int, metrics: dict[str, float]) -> EpochResult:
        finite = {name: value for name, value in metrics.items() if abs(value) < float("inf")}
        lost = {"train/loss", "validation/loss"} & (metrics.keys() - finite.keys())
        status: Status = "finished" if epoch == self.recipe.epochs else "running"
        result = EpochResult(epoch, "diverged" if lost else status, finite)
        score = finite.get("validation/accuracy")
        best = max((r.metrics.get("validation/accuracy", -1.0) for r in self.history), default=-1.0)
        if score is not None and not lost and score > best:
            self.best_epoch, self.best_weights = epoch, self.averaged or copy_of(self.classifier)
        self.history.append(result)
        return result

    def checkpoint(self) -> Checkpoint:
        """Return all that is needed to go on after the last epoch (tensors are not copied).

        When the training is over nothing goes on, and the optimizer's state is left out.
        """
        optimizer, scaler = ({}, {}) if self.over else self.optimisation.state()
        return Checkpoint(
            signature=self.recipe.signature,
            seed=self.seed,
            epoch=len(self.history),
            weights=self.classifier.state_dict(),
            optimizer=optimizer,
            scaler=scaler,
            history=[asdict(result) for result in self.history],
            best_epoch=self.best_epoch,
            best_weights=self.best_weights,
            averaged=Weights() if self.over else self.averaged,
            observations=self.diagnosis.observations,
            missed=self.diagnosis.missed,
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint as if the training had never stopped.

        Raises:
            ValueError: It belongs to another recipe or seed, or was trained without a diagnostic.
        """
        if (checkpoint.signature, checkpoint.seed) != (self.recipe.signature, self.seed):
            raise ValueError(
                f"the checkpoint is of recipe {checkpoint.signature} with seed {checkpoint.seed}, "
                f"not of recipe {self.recipe.signature} with seed {self.seed}; train anew, or "
                "give the recipe and seed that it belongs to"
            )
        self.diagnosis.restore(checkpoint)
        self.history = [EpochResult(**result) for result in checkpoint.history]
        self.classifier.load_state_dict(checkpoint.weights)
        self.best_epoch, self.best_weights = checkpoint.best_epoch, checkpoint.best_weights
        self.averaged = checkpoint.averaged
        if not self.over:
            states = checkpoint.optimizer, checkpoint.scaler, checkpoint.averaged
            self.optimisation.restore(checkpoint.epoch, *states)


def train(
    recipe: Recipe,
    seed: int,
    train: Images,
    validation: Images | None,
    numerics: Numerics,
    num_classes: int,
    checkpoint: Checkpoint | None = None,
    diagnostics: Sequence[Diagnostic] = (),
) -> Training:
    """Return an iterator that trains one epoch of the recipe at a time.

    It ends after the recipe's epochs, or after an epoch whose loss is not finite (status
    ``diverged``). Equal arguments give equal results, bit for bit on the CPU, also across a stop
    and a restart from a checkpoint of any epoch.

    Args:
        recipe: What to train.
        seed: From which initialisation, order, augmentation, mixing and dropout draw, each its own
            stream, unless the recipe fixes some.
        train: Training images; never written to.
        validation: Images that are measured when the recipe says, if any. There is no way to hand
            over a test set.
        numerics: Where and how to compute.
        num_classes: Number of classes of the data set.
        checkpoint: Where to go on; its history is the iterator's history.
        diagnostics: What looks at it; no weight is another because of them.

    Raises:
        ValueError: The recipe does not fit the data (see `check`), or the checkpoint the recipe.
    """
    training = Training(recipe, seed, train, validation, numerics, num_classes, diagnostics)
    if checkpoint is not None:
        training.restore(checkpoint)
    return training
