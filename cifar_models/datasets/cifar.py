"""CIFAR-10 and CIFAR-100, read by torchvision's own loaders after its own checksums."""

import socket
import threading
import urllib.request
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cifar_models.datasets.dataset import Dataset, ImageData, Images

_ANSWER = 15.0  # seconds in which the server must answer at all
_SILENCE = 30.0  # seconds without a byte that end a download


class _Official(Dataset):
    """What the two have in common: files in a folder, an archive, md5 sums."""

    @abstractmethod
    def loader(self) -> Any:
        """Return torchvision's class (imported here: only who reads the files needs it)."""

    def build(self, data_dir: Path | None) -> ImageData:
        """Read the files in ``data_dir``, unpacking or downloading the archive if need be.

        Raises:
            ValueError: Files are absent and no download is possible, or a file is corrupt.
        """
        root, loader = _root(data_dir), self.loader()
        if not all(path.is_file() for path, _ in _files(root, loader)):
            self._fetch(root, loader)
        try:
            train, test = loader(root, train=True), loader(root, train=False)
        except RuntimeError:  # torchvision checks every md5 before it unpickles
            corrupt = ", ".join(_damaged(root, loader))
            raise ValueError(
                f"{self.name}: {corrupt} is corrupt (not the official md5); delete "
                f"{root / loader.base_folder}, then {_remedy(root, loader)}"
            ) from None
        except OSError as error:
            raise ValueError(
                f"{self.name}: cannot read {error.filename}: {error.strerror}"
            ) from None
        return ImageData(_images(train), _images(test), tuple(train.classes))

    def lacking(self, data_dir: Path | None) -> list[str]:
        """Return the files that are absent or corrupt; an intact archive stands for absent ones."""
        root, loader = _root(data_dir), self.loader()
        absent = not all(path.is_file() for path, _ in _files(root, loader))
        unpacks = absent and _intact(root / loader.filename, loader.tgz_md5)
        return [] if unpacks else _damaged(root, loader)

    def _fetch(self, root: Path, loader: Any) -> None:
        """Unpack the archive, downloading it first where no intact one lies in ``root``."""
        archive = root / loader.filename
        problem = f"{self.name}: {root / loader.base_folder} is absent or lacks files"
        if not _intact(archive, loader.tgz_md5):
            problem += f", {archive} is corrupt" if archive.is_file() else ""
            reason = _unreachable(loader.url)
            if reason:
                problem += f", {loader.url} cannot be reached ({reason})"
                raise ValueError(f"{problem}; {_remedy(root, loader)}")
        try:
            with _impatient():
                loader(root, download=True)
        except (OSError, HTTPException, RuntimeError) as error:
            problem += f", fetching {loader.url} and unpacking it in {root} failed ({error})"
            raise ValueError(f"{problem}; {_remedy(root, loader)}") from None


class CIFAR10(_Official):
    """50,000 training and 10,000 test photographs of 32x32 pixels in ten classes.

    Source: Krizhevsky 2009, «Learning Multiple Layers of Features from Tiny Images», chapter 3;
    torchvision.datasets.CIFAR10.
    """

    name: Literal["cifar10"] = "cifar10"

    def loader(self) -> Any:
        """Return torchvision's class."""
        from torchvision import datasets

        return datasets.CIFAR10


class CIFAR100(_Official):
    """50,000 training and 10,000 test photographs of 32x32 pixels in a hundred (fine) classes.

    Source: Krizhevsky 2009, «Learning Multiple Layers of Features from Tiny Images», chapter 3;
    torchvision.datasets.CIFAR100.
    """

    name: Literal["cifar100"] = "cifar100"

    def loader(self) -> Any:
        """Return torchvision's class."""
        from torchvision import datasets

        return datasets.CIFAR100


def _images(loaded: Any) -> Images:
    return Images(np.ascontiguousarray(loaded.data), np.asarray(loaded.targets, dtype=np.int64))


def _files(root: Path, loader: Any) -> list[tuple[Path, str]]:
    """Return the extracted files with their md5 sums."""
    sums = [*loader.train_list, *loader.test_list, (loader.meta["filename"], loader.meta["md5"])]
    return [(root / loader.base_folder / name, md5) for name, md5 in sums]


def _root(data_dir: Path | None) -> Path:
    return Path("data") if data_dir is None else Path(data_dir)


def _damaged(root: Path, loader: Any) -> list[str]:
    """Return the extracted files that are absent, or not as they were published."""
    return [str(path) for path, md5 in _files(root, loader) if not _intact(path, md5)]


def _intact(path: Path, md5: str) -> bool:
    from torchvision.datasets.utils import check_integrity

    return bool(check_integrity(path, md5))


def _remedy(root: Path, loader: Any) -> str:
    return (
        f"put the official {loader.filename} (md5 {loader.tgz_md5}), or the folder "
        f"{loader.base_folder} that it holds, into {root.absolute()}, or give another --data-dir"
    )


def _unreachable(url: str) -> str:
    """Return why the server gives no answer, or ''.

    A thread asks, because the timeout of a socket does not bound the look-up of a name.
    """
    reasons = [f"no answer within {_ANSWER:.0f} s"]

    def ask() -> None:
        request = urllib.request.Request(url, method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER):
                reasons.append("")
        except (OSError, HTTPException) as error:
            reasons.append(str(error))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_ANSWER)
    return reasons[-1]


@contextmanager
def _impatient() -> Iterator[None]:
    """Bound the silence of a download: torchvision leaves its sockets without a timeout."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_SILENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
