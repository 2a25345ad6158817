import hashlib
import os
import pickle
import socket
import tarfile
import time
import urllib.request
from pathlib import Path
from typing import Any, NoReturn
from urllib.error import URLError

import numpy as np
import pytest
from torchvision import datasets

from cifar_models.datasets import CIFAR10, CIFAR100, Dataset, cifar


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise URLError("Name or service not known")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)


@pytest.fixture
def miniature(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with a five-image CIFAR-100 whose md5 sums torchvision takes for official."""
    root = tmp_path / "data"
    folder = root / "cifar-100-python"
    folder.mkdir(parents=True)
    pixels = np.arange(5 * 3072).astype(np.uint8).reshape(5, 3072)
    batch = {"data": pixels, "fine_labels": [4, 0, 99, 7, 4], "coarse_labels": [1] * 5}
    names = {"fine_label_names": [f"fine{i}" for i in range(100)], "coarse_label_names": ["c"]}
    for file, content in {"train": batch, "test": batch, "meta": names}.items():
        (folder / file).write_bytes(pickle.dumps(content))
    archive = root / "cifar-100-python.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(folder, "cifar-100-python")
    official: Any = datasets.CIFAR100
    monkeypatch.setattr(official, "train_list", [["train", _md5(folder / "train")]])
    monkeypatch.setattr(official, "test_list", [["test", _md5(folder / "test")]])
    monkeypatch.setattr(official, "meta", official.meta | {"md5": _md5(folder / "meta")})
    monkeypatch.setattr(official, "tgz_md5", _md5(archive))
    return root


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("dataset", [CIFAR10(), CIFAR100()], ids=lambda d: d.name)
def test_absent_files_without_network_say_what_to_put_where(
    dataset: Dataset, tmp_path: Path
) -> None:
    start = time.perf_counter()
    with pytest.raises(ValueError, match=r"absent.*cannot be reached.*put the official") as caught:
        dataset.build(tmp_path)
    assert time.perf_counter() - start < 5
    sentence = str(caught.value)
    assert str(tmp_path) in sentence
    assert ".tar.gz (md5 " in sentence
    assert "\n" not in sentence
    assert list(tmp_path.iterdir()) == [], "nothing half-written"


@pytest.mark.usefixtures("offline")
def test_without_a_folder_the_working_directory_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=str(tmp_path / "data")):
        CIFAR10().build(None)


def test_a_server_that_never_answers_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cifar, "_ANSWER", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/cifar-10-python.tar.gz"
        monkeypatch.setattr(datasets.CIFAR10, "url", url)
        start = time.perf_counter()
        with pytest.raises(ValueError, match="cannot be reached"):
            CIFAR10().build(tmp_path)
    assert time.perf_counter() - start < 5


@pytest.mark.usefixtures("offline")
def test_files_are_read_with_fine_labels(miniature: Path) -> None:
    data = CIFAR100().build(miniature)
    assert data.train.pixels.shape == (5, 32, 32, 3)
    assert data.train.pixels.flags.c_contiguous
    assert data.train.labels.tolist() == [4, 0, 99, 7, 4]
    assert data.train.pixels[0, 0, 1, 2] == (2 * 1024 + 1) % 256
    assert data.classes[99] == "fine99"
    assert data.shape.num_classes == 100


@pytest.mark.usefixtures("offline")
def test_the_archive_alone_suffices_without_network(miniature: Path) -> None:
    for file in (miniature / "cifar-100-python").iterdir():
        file.unlink()
    assert len(CIFAR100().build(miniature).test) == 5
    assert socket.getdefaulttimeout() is None


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("file", ["train", "meta"])
def test_a_corrupt_file_is_named_and_kept(miniature: Path, file: str) -> None:
    path = miniature / "cifar-100-python" / file
    path.write_bytes(b"garbage")
    with pytest.raises(ValueError, match=f"cifar100: {path} is corrupt.*delete"):
        CIFAR100().build(miniature)
    assert path.read_bytes() == b"garbage"


@pytest.mark.usefixtures("offline")
def test_a_corrupt_archive_is_named(miniature: Path) -> None:
    (miniature / "cifar-100-python" / "test").unlink()
    archive = miniature / "cifar-100-python.tar.gz"
    archive.write_bytes(b"half a download")
    with pytest.raises(ValueError, match=f"{archive} is corrupt"):
        CIFAR100().build(miniature)


def test_what_is_lacking(miniature: Path, tmp_path: Path) -> None:
    folder, archive = miniature / "cifar-100-python", miniature / "cifar-100-python.tar.gz"
    assert CIFAR100().lacking(miniature) == []
    (folder / "test").write_bytes(b"half a download")
    assert CIFAR100().lacking(miniature) == [str(folder / "test")], "nothing unpacks over it"
    (folder / "test").unlink()
    assert CIFAR100().lacking(miniature) == [], "the archive has it"
    archive.unlink()
    assert CIFAR100().lacking(miniature) == [str(folder / "test")]
    assert len(CIFAR100().lacking(tmp_path)) == 3
    assert not (tmp_path / "cifar-100-python").exists(), "nothing is fetched"


def test_a_folder_that_is_a_file_is_a_sentence(tmp_path: Path, miniature: Path) -> None:
    (tmp_path / "file").touch()
    (miniature / "cifar-100-python" / "test").unlink()
    with pytest.raises(ValueError, match="cifar10"):
        CIFAR10().build(tmp_path / "file")


@pytest.mark.parametrize(
    ("dataset", "count", "name"), [(CIFAR10(), 10, "airplane"), (CIFAR100(), 100, "apple")]
)
def test_real_data(dataset: Dataset, count: int, name: str) -> None:
    folder = os.environ.get("CIFAR_DATA_DIR")
    if not folder:
        pytest.skip("set CIFAR_DATA_DIR to a folder that holds the real CIFAR files")
    data = dataset.build(Path(folder))
    assert data.train.pixels.shape == (50_000, 32, 32, 3)
    assert data.test.pixels.shape == (10_000, 32, 32, 3)
    assert data.classes[0] == name
    assert np.bincount(data.train.labels).tolist() == [50_000 // count] * count
    assert np.bincount(data.test.labels).tolist() == [10_000 // count] * count
    channel_means = data.train.pixels.mean(axis=(0, 1, 2)) / 255
    published = {10: (0.4914, 0.4822, 0.4465), 100: (0.5071, 0.4865, 0.4409)}
    assert channel_means == pytest.approx(published[count], abs=2e-4)
