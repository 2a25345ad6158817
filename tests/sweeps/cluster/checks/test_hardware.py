from typing import Any

import pytest

from sweeps.cluster.checks.hardware import (
    check_clock,
    check_disks,
    check_gpus,
    check_shared_memory,
)
from tests.sweeps.cluster.healthy import GIB, HEAD, WORKER, clock, facts

LOGIN = "ssh -i key researcher@10.0.0.2 "


@pytest.mark.parametrize(
    ("ahead", "uncertainty", "state"),
    [(0.0, 0.1, "ok"), (0.9, 0.0, "ok"), (1.5, 0.6, "ok"), (1.5, 0.4, "problem"),
     (-1.5, 0.4, "problem"), (-3600, 0.1, "problem")],
)  # fmt: skip
def test_a_clock_that_is_off_by_more_than_we_cannot_know(
    ahead: float, uncertainty: float, state: str
) -> None:
    assert check_clock(WORKER, clock(ahead, uncertainty)).state == state


def test_a_clock_is_told_with_its_direction() -> None:
    found = check_clock(WORKER, clock(-90.0))
    assert found.said == "its clock is 90.000 s behind (within 0.002 s)"
    assert found.mend == f"{LOGIN}'sudo timedatectl set-ntp true'"


def test_disks_with_room() -> None:
    assert {each.state for each in check_disks(WORKER, facts(), "/shared/sweeps", HEAD)} == {"ok"}


@pytest.mark.parametrize(
    ("disk", "said", "mend"),
    [
        ({"path": "/tmp", "free": GIB, "total": 10 * GIB},
         "/tmp has 1.0 GiB free (90% used): too little", WORKER.do("ray stop; rm -r /tmp/ray")),
        ({"path": "/tmp", "free": 4 * GIB, "total": 100 * GIB},
         "/tmp has 4.0 GiB free (96% used): too little", WORKER.do("ray stop; rm -r /tmp/ray")),
        ({"path": "/shared/sweeps", "free": 0, "total": GIB},
         "/shared/sweeps has 0.0 GiB free (100% used): too little",
         HEAD.do("sweeps clean --checkpoints --storage /shared/sweeps")),
    ],
)  # fmt: skip
def test_a_full_disk(disk: dict[str, Any], said: str, mend: str) -> None:
    (found,) = check_disks(WORKER, facts(disks=[disk]), "/shared/sweeps", HEAD)
    assert (found.where, found.said, found.mend) == (WORKER.name, said, mend)
    assert found.state == "problem"


@pytest.mark.parametrize(
    ("size", "store", "state"),
    [(32, None, "ok"), (1, None, "problem"), (1, 0.5 * GIB, "ok"), (9.9, 11 * GIB, "problem")],
)
def test_shared_memory_against_the_object_store(
    size: float, store: float | None, state: str
) -> None:
    disk = {"path": "/dev/shm", "free": size * GIB, "total": int(size * GIB)}
    found = check_shared_memory(WORKER, facts(shared_memory=disk | {"free": 0}), store)
    assert found.state == state


def test_small_shared_memory_is_made_as_large_as_it_must_be() -> None:
    disk = {"path": "/dev/shm", "free": 0, "total": 64 * 2**20}
    found = check_shared_memory(WORKER, facts(shared_memory=disk, memory=10 * GIB))
    assert found.said == (
        "/dev/shm has 0.1 GiB, Ray's object store 3.0, and would lie on a disk"
    )  # fmt: skip
    assert found.mend == f"{LOGIN}'sudo mount -o remount,size=4G /dev/shm'"


@pytest.mark.parametrize(
    ("gpus", "declared", "said", "mend"),
    [
        ({"problem": "Failed to initialize NVML: Driver/library version mismatch", "names": []},
         None, "nvidia-smi: Failed to initialize NVML: Driver/library version mismatch",
         f"{LOGIN}'sudo reboot'"),
        ({"names": [], "torch": None}, None, "it has 2 NVIDIA cards and no driver for them",
         f"{LOGIN}'sudo ubuntu-drivers install'"),
        ({"torch": 0}, None, "nvidia-smi sees 2 GPUs, torch 0",
         f"{LOGIN}'/home/researcher/env/bin/python -m pip install --force-reinstall "
         "torch==2.15.0'"),
        ({}, 4, "4 GPUs are declared, 2 are there", "RESTART"),
        ({"visible": "1", "torch": 1}, 2,
         "2 GPUs are declared, 1 are there (CUDA_VISIBLE_DEVICES=1)", "RESTART"),
        ({"visible": "", "torch": 0}, 2,
         "2 GPUs are declared, 0 are there (CUDA_VISIBLE_DEVICES=)", "RESTART"),
    ],
)  # fmt: skip
def test_gpus_that_are_not_there(
    gpus: dict[str, Any], declared: float | None, said: str, mend: str
) -> None:
    found = check_gpus(WORKER, facts(gpus=gpus), "RESTART", declared)
    assert (found.state, found.said, found.mend) == ("problem", said, mend)


@pytest.mark.parametrize(
    ("gpus", "declared", "said"),
    [({}, None, "2: A10G, A10G"), ({}, 2, "2: A10G, A10G"),
     ({"visible": "0", "torch": 1}, 1, "1: A10G, A10G"),
     ({"names": [], "torch": None, "cards": 0}, 0, "none")],
)  # fmt: skip
def test_gpus_as_declared(gpus: dict[str, Any], declared: float | None, said: str) -> None:
    found = check_gpus(WORKER, facts(gpus=gpus), "RESTART", declared)
    assert (found.state, found.said) == ("ok", said)
