"""A worker's steps without Ray's cluster: what it reports beside the metrics."""

import errno
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from cifar_models.architectures import PlainCNN
from cifar_models.numerics import Numerics
from sweeps.execution import trainable
from sweeps.execution.trainable import Trainable, TrainingImages
from sweeps.record.identity import TrialSpec
from tests.cifar_models.small import ONE_PHASE, images


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The networks whose operations were counted; images need no object store."""
    seen: list[object] = []
    count = trainable.flops
    monkeypatch.setattr(trainable, "flops", lambda *a: seen.append(a[0]) or count(*a))
    monkeypatch.setattr("ray.get", lambda reference: reference)
    return seen


def config(folder: Path, seed: int, **changes: Any) -> dict[str, Any]:
    spec = TrialSpec(ONE_PHASE.replace(changes), seed, Numerics(), "f" * 16)
    return {
        "spec": spec.to_json(),
        "data": "drawn",
        "checkpoint": str(folder / f"{spec.id}.pt"),
        "recorded_epochs": 0,
    }


def worker(first: dict[str, Any], gpus: float = 0.0) -> Trainable:
    parts = images()
    made = Trainable.__new__(Trainable)
    data: Any = {"drawn": TrainingImages(parts.train, parts.validation, 10)}
    made.setup(first, data, gpus=gpus)
    return made


def test_parameters_and_operations_are_facts_of_every_epoch(
    tmp_path: Path, counted: list[object]
) -> None:
    made = worker(config(tmp_path, 0))
    first, second = made.step(), made.step()
    assert first["facts"] == second["facts"]
    assert first["facts"]["parameters"] == "510"
    assert int(first["facts"]["flops"]) == 32 * 32 * 4 * 27 * 4 + 16 * 16 * 8 * 36 * 6 + 8 * 10 * 6
    assert 0 < float(first["facts"]["latency"]) < 1
    assert len(counted) == 1


def test_a_worker_counts_each_network_once(tmp_path: Path, counted: list[object]) -> None:
    made = worker(config(tmp_path, 0))
    flops = {made.step()["facts"]["flops"]}
    for number, changes in enumerate(({}, {"optimizer.lr": 0.2}, {"batch_size": 20})):
        made.reset_config(config(tmp_path, number + 1, **changes))
        flops.add(made.step()["facts"]["flops"])
    assert len(flops) == len(counted) == 1
    made.reset_config(config(tmp_path, 9, **{"model.channels": (4, 9)}))
    assert made.step()["facts"]["flops"] not in flops
    assert len(counted) == 2


def test_an_architecture_that_holds_lists_is_trained(
    tmp_path: Path, counted: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PlainCNN, "__hash__", None)
    assert worker(config(tmp_path, 0)).step()["status"] == "running"


def test_a_trial_that_could_not_start_has_no_counts(tmp_path: Path, counted: list[object]) -> None:
    made = worker(config(tmp_path, 0, **{"batch_size": 1000}))
    report = made.step()
    assert report["status"] == "failed"
    assert not {"parameters", "flops", "latency"} & report["facts"].keys()
    assert counted == []


def test_a_full_storage_interrupts_a_trial_and_other_trouble_is_ray_s(
    tmp_path: Path, counted: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(number: int) -> None:
        def save(*_: object) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(trainable.checkpoints, "save", save)

    refuse(errno.ENOSPC)
    ended = worker(config(tmp_path, 0)).step()
    assert (ended["status"], ended["done"]) == ("interrupted", True)
    assert ended["reason"].endswith(".pt: No space left on device")
    refuse(errno.EIO)
    with pytest.raises(OSError, match="Input/output error"):
        worker(config(tmp_path, 0)).step()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (MemoryError("none left"), "out_of_memory"),
        (torch.OutOfMemoryError("CUDA out of memory"), "out_of_memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: 4 GB\nmore"), "out_of_memory"),
        (RuntimeError("shapes do not fit"), "failed"),
    ],
)
def test_want_of_memory_is_told_from_a_bug(
    error: Exception,
    status: str,
    tmp_path: Path,
    counted: list[object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(trainable, "train", fail)
    ended = worker(config(tmp_path, 0)).step()
    assert ended["status"] == status
    assert ("Traceback" in ended["reason"]) == (status == "failed")


def test_a_lost_gpu_is_no_outcome_of_a_trial(
    tmp_path: Path, counted: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(trainable, "train", fail)
    made = worker(config(tmp_path, 0), gpus=1)
    monkeypatch.setattr(trainable, "lost", lambda device: device == "cpu")
    with pytest.raises(torch.AcceleratorError):
        made.step()
    monkeypatch.setattr(trainable, "lost", lambda device: device != "cpu")
    assert made.step()["status"] == "failed"


@pytest.mark.parametrize(("gpus", "given_back"), [(0.25, 1), (1.0, 0), (0.0, 0)])
def test_memory_of_a_shared_gpu_is_given_back_between_trials(
    gpus: float, given_back: int, tmp_path: Path, counted: list[object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    made = worker(config(tmp_path, 0), gpus)
    made.step()
    cache = SimpleNamespace(emptied=0)

    def empty() -> None:
        assert made._training is None, "nothing of it would be given back"
        cache.emptied += 1

    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", empty)
    made.reset_config(config(tmp_path, 1))
    assert cache.emptied == given_back


@pytest.mark.parametrize(
    ("error", "gpus", "too_small"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), 1.0, "this node"),
        (torch.OutOfMemoryError("CUDA out of memory"), 0.5, None),
        (MemoryError("none left"), 1.0, None),
    ],
)
def test_a_node_is_too_small_when_a_gpu_of_the_trial_s_own_was(
    error: Exception, gpus: float, too_small: str | None, tmp_path: Path, counted: list[object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(trainable, "train", fail)
    here = SimpleNamespace(get_node_id=lambda: "this node")
    monkeypatch.setattr("ray.get_runtime_context", lambda: here)
    ended = worker(config(tmp_path, 0), gpus).step()
    assert (ended["status"], ended.get("too_small")) == ("out_of_memory", too_small)
