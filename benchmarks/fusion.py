"""Would many small models trained as one be faster? A measurement before anything is built."""

from contextlib import ExitStack
from copy import deepcopy
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from benchmarks.harness import Arm, Benchmark, Case, Options, Window, alternate, apart, compare
from benchmarks.harness.images import NUM_CLASSES, random_images
from benchmarks.packing import Side, arm
from benchmarks.trainer import SHAPE
from benchmarks.trainer import recipe as classic
from cifar_models.architectures import Architecture, LeNet5, PlainCNN
from cifar_models.batches import Batches
from cifar_models.datasets import Images
from cifar_models.numerics import Numerics, resolve
from cifar_models.optimizers import SGD
from cifar_models.recipe import Recipe
from cifar_models.training import build_classifier
from sweeps.execution.side_by_side import Work, side_by_side

FUSED, ONE_BY_ONE, PACKED = "fused", "one after another", "packed"
NETWORKS: dict[str, Architecture] = {
    "LeNet5": LeNet5(),
    "small CNN": PlainCNN.model_validate({"channels": (16, 32), "norm": "none"}),
}
CPU_STEPS = {"LeNet5": 3, "small CNN": 2}  # of each model in a window
COUNTS = (8, 32)
WORTH_BUILDING = 3  # times as fast as packed processes


def measure(options: Options) -> list[Case]:
    """Measure network by network, 8 and 32 models of each."""
    return [case for name in NETWORKS for case in _cases(name, options)]


def _cases(name: str, options: Options) -> list[Case]:
    """Train some models with different learning rates in three ways in turn, then more of them."""
    cuda, threads = options.device == "cuda", options.threads
    steps = options.pick(1, 100 if cuda else CPU_STEPS[name], 390 if cuda else 4 * CPU_STEPS[name])
    packed = Side(PACKED, 4, 1) if cuda else Side(PACKED, 2, max(1, threads // 2))
    recipe = plain(NETWORKS[name])
    images = random_images(steps * recipe.batch_size)
    cases = []
    with ExitStack() as stack:
        others = []
        for side in (Side(ONE_BY_ONE, 1, threads), packed):
            numerics = resolve(recipe, options.device, side.threads)
            work = Work(recipe.model_dump(mode="json"), numerics, images, None, NUM_CLASSES)
            trainings = stack.enter_context(side_by_side(side.at_once, work))
            others.append(partial(arm, trainings, side, work=work))
        for count in COUNTS:
            with apart(partial(_fused, recipe, count, images, options)) as fused:
                arms = [*fused, *(other(trials=count) for other in others)]
                windows = alternate(arms, rounds=options.pick(1, 3, 9))
            what = (
                f"{name}, {count} models on {options.device}: {steps} steps each in a window; "
                f"packed in {packed.at_once} processes"
            )
            cases.append(_told(f"{name}, {count} models", windows, what))
    return cases


def _told(name: str, windows: list[Window], what: str) -> Case:
    figures = (compare(windows, FUSED, ONE_BY_ONE), compare(windows, FUSED, PACKED))
    verdict = "worth building" if figures[1].median >= WORTH_BUILDING else "not worth building"
    return Case(
        name=name, unit="images", windows=tuple(windows), figures=figures,
        notes=(f"{what}. Fusion is {verdict} there.",),
    )  # fmt: skip


def plain(model: Architecture) -> Recipe:
    """Return a training whose every step is plain SGD: what a fused one can do too."""
    return classic(model, "auto").replace({"optimizer": SGD(lr=0.01, momentum=0.0)})


class Fused:
    """Models that differ in weights and learning rate, trained as one on the same batches.

    Args:
        recipe: Of each, without buffers in its network: running means would need a care of their
            own.
        rates: Learning rate of each.
        images: To train on.
        numerics: Device and precision.
    """

    def __init__(
        self, recipe: Recipe, rates: list[float], images: Images, numerics: Numerics
    ) -> None:
        self.numerics, self.epoch = numerics, 0
        self.batches = Batches(images, recipe.augmentation, recipe.batch_size, numerics)
        built = [build_classifier(recipe, SHAPE, seed) for seed in range(len(rates))]
        self.classifier = built[0].to(numerics.device)
        networks = [classifier.network.to(numerics.device) for classifier in built]
        self.weights, buffers = stack_module_state(networks)
        assert not buffers
        self._network = deepcopy(networks[0]).to("meta")
        self._rates = torch.tensor(rates, device=numerics.device)
        self._gradients = vmap(
            grad_and_value(self._loss), in_dims=(0, None, None), randomness="different"
        )

    def train(self) -> Tensor:
        """Train every model an epoch, and return their mean losses (models,)."""
        self.epoch += 1
        total = torch.zeros_like(self._rates)
        for pixels, labels in self.batches.epoch(0, self.epoch):
            total += self.step(self.classifier.normalised(pixels), labels)
        return total.cpu() / len(self.batches)

    @torch.no_grad()
    def step(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Step every model once on normalised images (B, C, H, W); return the losses (models,)."""
        gradients, losses = self._gradients(self.weights, inputs, labels)
        for name, weight in self.weights.items():
            rates = self._rates.view(-1, *[1] * (weight.dim() - 1))
            weight.sub_(rates * gradients[name])
        found: Tensor = losses
        return found

    def _loss(self, weights: dict[str, Tensor], inputs: Tensor, labels: Tensor) -> Tensor:
        numerics = self.numerics
        with torch.autocast(
            numerics.device, numerics.dtype, numerics.precision != "fp32", cache_enabled=False
        ):  # a cache would hold what belongs to one transformation alone
            logits: Tensor = functional_call(self._network, weights, (inputs,))
        return F.cross_entropy(logits.float(), labels)


def rates_of(count: int) -> list[float]:
    """Return so many learning rates, from 0.001 to 0.1."""
    return torch.logspace(-3, -1, count).tolist()


def _fused(recipe: Recipe, count: int, images: Images, options: Options) -> Arm:
    torch.set_num_threads(options.threads)
    numerics = resolve(recipe, options.device, options.threads)
    models = Fused(recipe, rates_of(count), images, numerics)

    def run() -> float:
        models.train()  # ends with numbers that the device was asked for
        return count * len(models.batches) * recipe.batch_size

    return Arm(FUSED, run)


BENCHMARK = Benchmark(
    compares="Models of one architecture with different learning rates, plain SGD: trained as one "
    "(torch.func.vmap over stacked weights, one batch for all of them), by packed processes, and "
    "one after another by the trainer.",
    measure=measure,
    devices=("cpu", "cuda"),
    notes=(
        f"A throwaway measurement: fusion is built only from {WORTH_BUILDING}x over packed "
        "processes on.",
        "Networks have no batch norm, whose running means vmap cannot write. The fused models "
        "share their batches, so that input costs them once: a sweep could not always do that.",
    ),
)
