"""The well-known CIFAR loop: per-image PIL transforms, a DataLoader, fp32, numbers at every step.

Written from the public description of what many repositories and tutorials share, once as users run
it and once ``tuned`` as PyTorch's performance guide advises: workers that outlive an epoch, pinned
memory with copies in the background, and no number asked of the device before an epoch's end.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

import torch
from PIL import Image
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader, Dataset, RandomSampler
from torchvision import transforms

from cifar_models.datasets import Images

Batch = tuple[Tensor, Tensor]
MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
BATCH_SIZE = 128
WORKERS = 2
_ENDLESS = 10**9

PLAIN = transforms.Compose(
    [transforms.ToTensor(), transforms.Normalize(MEAN, STD)],
)
AUGMENTED = transforms.Compose(
    [
        transforms.RandomCrop(32, padding=4),
        transforms.RandomHorizontalFlip(),
        *PLAIN.transforms,
    ]
)


class PILImages(Dataset[tuple[Tensor, int]]):
    """Images from memory, one at a time, as ``torchvision.datasets.CIFAR10`` gives them."""

    def __init__(self, images: Images, transform: transforms.Compose) -> None:
        self.images, self.transform = images, transform
        self.targets = images.labels.tolist()

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = Image.fromarray(self.images.pixels[index])
        return self.transform(image), self.targets[index]


def train_loader(
    images: Images, *, tuned: bool = False, endless: bool = False, batch_size: int = BATCH_SIZE
) -> "DataLoader[tuple[Tensor, int]]":
    """Return shuffled, augmented batches: one pass a time, or passes without an end."""
    dataset = PILImages(images, AUGMENTED)
    return DataLoader(
        dataset,
        batch_size=batch_size,
        sampler=RandomSampler(dataset, num_samples=_ENDLESS if endless else None),
        num_workers=WORKERS,
        persistent_workers=tuned,
        pin_memory=tuned and torch.cuda.is_available(),
    )


def evaluation_loader(images: Images) -> "DataLoader[tuple[Tensor, int]]":
    """Return the images in order, in batches of 100."""
    return DataLoader(PILImages(images, PLAIN), batch_size=100, num_workers=WORKERS)


class ClassicLoop:
    """The loop around a network of anyone's; SGD with momentum unless another is given."""

    def __init__(
        self,
        network: nn.Module,
        *,
        tuned: bool = False,
        device: str = "cpu",
        optimizer: Optimizer | None = None,
        scheduler: LRScheduler | None = None,
    ) -> None:
        self.network, self.tuned, self.device = network.to(device), tuned, device
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = optimizer or torch.optim.SGD(
            network.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4
        )
        self.scheduler = scheduler  # stepped after every batch
        torch.backends.cudnn.benchmark = True

    def train(self, batches: Iterable[Batch]) -> tuple[float, float]:
        """Take a step for each batch; return mean loss and accuracy (a fraction)."""
        self.network.train()
        step = self._step_tuned if self.tuned else self._step
        done = [step(*batch) for batch in batches]
        loss, correct, total = (sum(column) for column in zip(*done, strict=True))
        return float(loss) / len(done), float(correct) / float(total)

    def _step(self, inputs: Tensor, targets: Tensor) -> tuple[float, int, int]:
        inputs, targets = inputs.to(self.device), targets.to(self.device)
        loss, outputs = self._update(inputs, targets)
        _, predicted = outputs.max(1)
        return loss.item(), int(predicted.eq(targets).sum().item()), targets.size(0)

    def _step_tuned(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, int]:
        inputs = inputs.to(self.device, non_blocking=True)
        targets = targets.to(self.device, non_blocking=True)
        loss, outputs = self._update(inputs, targets)
        return loss.detach(), outputs.argmax(1).eq(targets).sum(), targets.size(0)

    def _update(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        self.optimizer.zero_grad()
        outputs: Tensor = self.network(inputs)
        loss: Tensor = self.criterion(outputs, targets)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        if self.scheduler:
            self.scheduler.step()
        return loss, outputs

    @torch.no_grad()
    def test(self, batches: Iterable[Batch]) -> float:
        """Return the accuracy (a fraction) on batches."""
        self.network.eval()
        correct = total = 0
        for inputs, targets in batches:
            outputs = self.network(inputs.to(self.device))
            correct += outputs.max(1)[1].eq(targets.to(self.device)).sum().item()
            total += targets.size(0)
        return correct / total


def take(batches: Iterator[Batch], count: int) -> Iterator[Batch]:
    """Return the next ``count`` batches of an endless loader's iterator."""
    return islice(batches, count)
