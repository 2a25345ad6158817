import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import pytest
import torch

from cifar_models import checkpoint as checkpoints
from cifar_models.checkpoint import Checkpoint, load, remove, restore, save


def example(epoch: int = 3) -> Checkpoint:
    return Checkpoint(
        signature="abc",
        seed=7,
        epoch=epoch,
        weights={"w": torch.arange(300.0) + epoch},
        optimizer={"state": {0: {"momentum_buffer": torch.ones(3)}}, "param_groups": [{"lr": 0.1}]},
        scaler={},
        history=[{"epoch": 1, "status": "running", "metrics": {"train/loss": 0.1 + 0.2}}],
        best_epoch=2,
        best_weights={"w": torch.zeros(300)},
    )


def same(one: Checkpoint, other: Checkpoint) -> bool:
    return all(
        torch.equal(getattr(one, name)["w"], getattr(other, name)["w"])
        for name in ("weights", "best_weights")
    ) and (one.epoch, one.seed, one.history) == (other.epoch, other.seed, other.history)


@pytest.mark.parametrize("place", ["{}/new/folder/c.pt", "file://{}/c.pt", "memory://{}/c.pt"])
def test_a_checkpoint_survives_paths_and_urls(place: str, tmp_path: Path) -> None:
    url = place.format(tmp_path)
    save(example(), url)
    assert same(load(url), example())
    save(example(4), url)
    assert load(url).epoch == 4
    remove(url)
    remove(url)
    with pytest.raises(FileNotFoundError):
        load(url)


PLACES = pytest.mark.parametrize("place", ["{}", "memory://{}"], ids=["disk", "object store"])


@PLACES
@pytest.mark.parametrize("damage", ["cut", "flipped", "gone"])
def test_a_training_goes_on_from_the_last_whole_checkpoint(
    damage: str, place: str, tmp_path: Path
) -> None:
    files, folder = fsspec.core.url_to_fs(place.format(tmp_path))
    path, url = f"{folder}/c.pt", f"{place.format(tmp_path)}/c.pt"
    for epoch in (1, 2, 3):
        save(example(epoch), url)
    assert restore(url).epoch == 3
    content = bytearray(files.cat_file(path))
    if damage == "gone":
        files.rm(path)
    else:
        content[len(content) // 2] ^= 1
        files.pipe_file(path, bytes(content if damage == "flipped" else content[:-9]))
    assert restore(url).epoch == 2
    files.pipe_file(f"{path}.previous", b"torn")
    with pytest.raises(FileNotFoundError if damage == "gone" else ValueError, match=r"c\.pt"):
        restore(url)


@PLACES
def test_when_a_training_is_over_one_checkpoint_is_left(place: str, tmp_path: Path) -> None:
    files, folder = fsspec.core.url_to_fs(place.format(tmp_path))
    url = f"{place.format(tmp_path)}/c.pt"
    for epoch in (1, 2):
        save(example(epoch), url)
    assert len(files.ls(folder)) == 2
    save(replace(example(3), optimizer={}), url)
    assert [name.rpartition("/")[2] for name in files.ls(folder, detail=False)] == ["c.pt"]
    save(example(4), url)
    save(example(5), url)
    remove(url)
    assert not files.ls(folder)


@pytest.mark.parametrize("step", ["write", "rename"])
def test_a_failing_write_leaves_the_old_one_and_no_litter(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    url = str(tmp_path / "c.pt")
    save(example(), url)
    monkeypatch.setattr(*{"write": (os, "fsync"), "rename": (Path, "replace")}[step], full)
    with pytest.raises(OSError, match="No space left"):
        save(example(4), url)
    assert same(load(url), example())
    assert not list(tmp_path.glob("*.tmp"))


def test_a_reader_never_sees_half_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = str(tmp_path / "c.pt")
    save(example(), url)
    seen = []

    def look(_: int) -> None:
        seen.append(load(url).epoch)

    monkeypatch.setattr(os, "fsync", look)
    save(example(4), url)
    assert seen == [3]
    assert load(url).epoch == 4


def test_every_torn_checkpoint_is_told(tmp_path: Path) -> None:
    path = tmp_path / "c.pt"
    save(example(), str(path))
    content = path.read_bytes()
    for length in range(0, len(content), 97):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match="is no whole checkpoint"):
            load(str(path))


def test_no_flipped_bit_goes_through_unseen(tmp_path: Path) -> None:
    path = tmp_path / "c.pt"
    save(example(), str(path))
    content = path.read_bytes()
    told = 0
    for place in range(0, len(content), 41):
        path.write_bytes(content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :])
        try:
            assert same(load(str(path)), example()), "a bit of padding"
        except ValueError:
            told += 1
    assert told > 50


class Malicious:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("owned"),)


def test_no_code_in_a_checkpoint_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"format": checkpoints.FORMAT} | vars(example()) | {"scaler": Malicious()}, "c.pt")
    with pytest.raises(ValueError, match="is no whole checkpoint"):
        load("c.pt")
    assert not Path("owned").exists()


def test_another_format_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = str(tmp_path / "c.pt")
    monkeypatch.setattr(checkpoints, "FORMAT", 99)
    save(example(), url)
    monkeypatch.undo()
    with pytest.raises(ValueError, match="has checkpoint format 99, this version reads 1"):
        load(url)


def test_what_is_a_file_of_torch_but_no_checkpoint_is_told(tmp_path: Path) -> None:
    for number, content in enumerate(([1, 2], {"format": 1, "weights": 3}, {"model": {}})):
        torch.save(content, tmp_path / f"{number}.pt")
        with pytest.raises(ValueError, match="is no whole checkpoint"):
            load(str(tmp_path / f"{number}.pt"))


def test_the_selection_rule_chooses_the_weights() -> None:
    assert example().selected("last")[0] == 3
    epoch, weights = example().selected("best")
    assert epoch == 2
    assert weights["w"].sum() == 0
    unvalidated = Checkpoint("abc", 0, 3, {}, {}, {}, [])
    with pytest.raises(ValueError, match="there is no best epoch"):
        unvalidated.selected("best")


@pytest.fixture(autouse=True)
def _clean_memory_filesystem() -> None:
    fsspec.filesystem("memory").store.clear()
