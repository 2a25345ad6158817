"""The bridge from Ray Tune to the trainer: one step is one epoch."""

import dataclasses
import errno
import math
import traceback
from typing import Any

import ray
import torch
from pydantic import TypeAdapter
from ray import tune

from cifar_models import checkpoint as checkpoints
from cifar_models.architectures import ImageShape
from cifar_models.checkpoint import Checkpoint
from cifar_models.classifier import evaluate
from cifar_models.datasets import Images
from cifar_models.diagnostics import Diagnosis, Diagnostic, seen_by
from cifar_models.flops import flops
from cifar_models.latency import latency
from cifar_models.memory import of_a_gpu, want_of_memory
from cifar_models.numerics import Numerics, lost
from cifar_models.recipe import Recipe
from cifar_models.source_file import SourceFile, load_source
from cifar_models.training import EpochResult, Training, build_classifier, train
from sweeps.record.diagnosed import told
from sweeps.record.environment import environment, processor

_REASON_CHARACTERS = 4000
_DIAGNOSTICS = TypeAdapter(tuple[Diagnostic, ...])
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@dataclasses.dataclass(frozen=True)
class TrainingImages:
    """What a trial sees of a data set: everything but the test images."""

    train: Images
    validation: Images | None
    num_classes: int


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """What a final evaluation sees of a data set."""

    test: Images
    shape: ImageShape


class Trainable(tune.Trainable):
    """Trains the trial of its configuration, from its checkpoint if there is one.

    What goes wrong in a trial is an outcome that it reports (``diverged``, ``out_of_memory``,
    ``failed`` with the traceback); errors that reach Ray are the infrastructure's alone. A GPU that
    no longer answers is: every trial after this one would fail in this process.
    """

    def setup(
        self,
        config: dict[str, Any],
        images: dict[str, ray.ObjectRef[Any]] | None = None,
        sources: tuple[SourceFile, ...] = (),
        gpus: float = 0.0,
    ) -> None:
        """Prepare the first trial of this actor, which has such a share of a GPU."""
        self._images = images or {}
        self._loaded: dict[str, Any] = {}
        self._measured: dict[tuple[str, str, ImageShape, Numerics], dict[str, Any]] = {}
        self._sources, self._gpus = sources, gpus
        self._begin(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Prepare another trial in the same process: nothing is imported or copied again."""
        self._begin(new_config)
        return True

    def _begin(self, config: dict[str, Any]) -> None:
        self._trial = config
        self._training: Training | None = None
        if 0 < self._gpus < 1 and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            torch.cuda.empty_cache()  # what the last trial kept is wanted by others on this GPU
        self._counts: dict[str, str] = {}
        self._unreported: list[EpochResult] = []

    def step(self) -> dict[str, Any]:
        """Train one epoch, save the checkpoint, and report; or evaluate on test images.

        Raises:
            OSError: The storage fails, but for being full. That is no outcome of the trial: Ray
                tries again.
            RuntimeError: The GPU is lost to this process; Ray tries again in another.
        """
        if "test" in self._trial:
            return {"metrics": self._evaluate(), "done": True}
        images: TrainingImages = self._load(self._images[self._trial["data"]])
        checkpoint = self._checkpoint() if self._training is None else None
        try:
            result = self._next(images, checkpoint)
        except Exception as error:
            if lost(self._trial["spec"]["numerics"]["device"]):
                raise
            lacking = want_of_memory(error)
            if lacking is not None:
                return self._ended("out_of_memory", lacking) | self._too_small(error)
            return self._ended("failed", traceback.format_exc()[-_REASON_CHARACTERS:])
        assert self._training is not None
        if result.epoch == len(self._training.history):
            try:
                checkpoints.save(self._training.checkpoint(), self._trial["checkpoint"])
            except OSError as error:
                if error.errno not in _FULL:
                    raise
                reason = f"cannot write {self._trial['checkpoint']}: {error.strerror}"
                return self._ended("interrupted", reason)
        return {
            "epoch": result.epoch,
            "status": result.status,
            "metrics": result.metrics,
            "facts": self._facts(),
            "done": result.status != "running",
        }

    def _next(self, images: TrainingImages, checkpoint: Checkpoint | None) -> EpochResult:
        """Return the next result: first those of the checkpoint that the record has not got."""
        if self._training is None:
            self._training = self._start(images, checkpoint)
            self._counts = self._count(self._training, images)
            recorded = self._trial["recorded_epochs"]
            self._unreported = [r for r in self._training.history if r.epoch > recorded]
        if self._unreported:
            return self._unreported.pop(0)
        return next(self._training)

    def _load(self, images: ray.ObjectRef[Any]) -> Any:
        """Return the trial's images; what a training derives from them is kept with them."""
        data = self._trial["data"]
        if data not in self._loaded:
            self._loaded = {data: ray.get(images)}
        return self._loaded[data]

    def _checkpoint(self) -> Checkpoint | None:
        try:
            return checkpoints.restore(self._trial["checkpoint"])
        except (FileNotFoundError, ValueError):  # none yet, or damaged: begin again
            return None

    def _start(self, images: TrainingImages, checkpoint: Checkpoint | None) -> Training:
        recipe, numerics = self._parsed()
        diagnostics = _DIAGNOSTICS.validate_python(self._trial.get("diagnostics", ()))
        if checkpoint is not None and not seen_by(checkpoint, diagnostics):
            checkpoint = None  # of a study that does not look: its first epochs are not to be had
        return train(
            recipe, self._trial["spec"]["seed"], images.train, images.validation, numerics,
            images.num_classes, checkpoint, diagnostics,
        )  # fmt: skip

    def _parsed(self) -> tuple[Recipe, Numerics]:
        for source in self._sources:
            load_source(source)
        spec = self._trial["spec"]
        return Recipe.parse(spec["recipe"]), Numerics.model_validate(spec["numerics"])

    def _evaluate(self) -> dict[str, float]:
        """Return the test metrics of the trial's last, or best, weights."""
        recipe, numerics = self._parsed()
        images: HeldOut = self._load(self._trial["test"])
        state = checkpoints.load(self._trial["checkpoint"], numerics.device)
        _, weights = state.selected(self._trial["selection"])
        classifier = build_classifier(recipe, images.shape)
        classifier.load_state_dict(weights)
        classifier.to(numerics.device).to(memory_format=numerics.memory_format)
        loss = recipe.loss.build(images.shape.num_classes).to(numerics.device)
        torch.set_num_threads(numerics.threads)
        measured = evaluate(classifier, images.test, loss, numerics)
        return {name: value for name, value in measured.items() if math.isfinite(value)}

    def _ended(self, status: str, reason: str) -> dict[str, Any]:
        facts = self._facts()
        self._training = None  # frees the memory before the next trial
        return {"status": status, "facts": facts, "reason": reason, "done": True}

    def _too_small(self, error: Exception) -> dict[str, str]:
        """Return this node, if its GPU was the trial's own and has too little memory for it."""
        if self._gpus < 1 or not of_a_gpu(error):
            return {}
        return {"too_small": ray.get_runtime_context().get_node_id()}

    def _facts(self) -> dict[str, str]:
        """Return where this runs: what a table's footnotes tell."""
        cuda = torch.cuda.is_available() and self._trial["spec"]["numerics"]["device"] == "cuda"
        return environment() | {
            "device": torch.cuda.get_device_name() if cuda else processor(),
            "gpus": f"{self._gpus:g}",
            **self._counts,
            **(_looked(self._training.diagnosis) if self._training is not None else {}),
        }

    def _count(self, training: Training, images: TrainingImages) -> dict[str, str]:
        """Return how many parameters and operations the network has, and its latency.

        The latter two once a network, which is a worker's time.
        """
        _, height, width, channels = images.train.pixels.shape
        shape = ImageShape(channels, height, width, images.num_classes)
        classifier, numerics = training.classifier, training.numerics
        recipe = training.recipe  # as text: a component of one's own may hold lists
        network = recipe.model.model_dump_json(), recipe.test_time.model_dump_json()
        key = *network, shape, numerics
        if key not in self._measured:
            image = torch.zeros(1, channels, height, width, device=numerics.device)
            self._measured[key] = {
                "flops": flops(classifier.network, image),
                "latency": latency(classifier, image.to(torch.uint8), numerics),
            }
        weights = classifier.network.parameters()
        counted = {"parameters": sum(weight.numel() for weight in weights), **self._measured[key]}
        return {name: str(number) for name, number in counted.items() if number is not None}


def _looked(diagnosis: Diagnosis) -> dict[str, str]:
    """Return what looks at a trial, and what has given up."""
    asked = diagnosis.diagnostics.values()
    return told((each.model_dump(mode="json") for each in asked), diagnosis.missed)
