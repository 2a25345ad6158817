import os
import signal

import pytest
import torch

from sweeps.execution import ray_session
from sweeps.execution.options import GpuShare
from sweeps.execution.ray_session import RaySession, Resources


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were connected to; no Ray is started."""
    addresses: list[str] = []
    monkeypatch.setattr(ray_session, "connect", addresses.append)
    return addresses


def has(monkeypatch: pytest.MonkeyPatch, torch_gpus: float, ray_gpus: float) -> None:
    monkeypatch.setattr(ray_session, "plan_resources_here", lambda *_: Resources(1, torch_gpus, 2))

    def plan(cpus: int, gpus: float | None, most: int | None) -> Resources:
        return Resources(cpus, ray_gpus if gpus is None else gpus, 1)

    monkeypatch.setattr(ray_session, "plan_resources", plan)


def test_this_machines_ray_starts_once_and_only_when_it_is_wanted(
    connected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    has(monkeypatch, 0.0, 0.0)
    with RaySession(None) as session:
        assert session.resources.slots == 2
        assert connected == []
        session.begin()
        session.begin()
        assert session.ready().slots == 1
    assert connected == ["local"]


def test_a_gpu_that_torch_cannot_use_is_left_alone(
    connected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    has(monkeypatch, 0.0, 1.0)
    with RaySession(None) as session:
        assert session.ready().device == "cpu"


def test_a_gpu_that_ray_does_not_see_is_a_sentence(
    connected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    has(monkeypatch, 1.0, 0.0)
    with (
        RaySession(None) as session,
        pytest.raises(ValueError, match="give --gpus-per-trial 0 to train on CPUs"),
    ):
        session.ready()


@pytest.mark.parametrize(
    ("share", "device", "slots"),
    [(None, "mps", 1), (1.0, "mps", 1), (0.5, "mps", 2), (0.0, "cpu", 8)],
)
def test_apples_gpu_is_one_that_ray_knows_nothing_of(
    connected: list[str], monkeypatch: pytest.MonkeyPatch, share: float | None, device: str,
    slots: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(ray_session, "plan_resources", lambda *_: Resources(1, 0.0, 8))
    with RaySession(None, 1, share) as session:
        for resources in (session.resources, session.ready()):
            assert (resources.device, resources.slots) == (device, slots)
            assert resources.gpus_per_trial == 0.0, "Ray would wait for one for ever"


def test_a_gpu_of_cuda_goes_before_apples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert ray_session.plan_resources_here(1, None, None).device == "cuda"


def test_apples_gpu_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    with pytest.raises(ValueError, match="give 1 or a fraction for Apple's"):
        ray_session.plan_resources_here(1, "auto", None)


def test_a_cluster_is_connected_to_at_once(
    connected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    has(monkeypatch, 0.0, 1.0)
    monkeypatch.setattr("ray.cluster_resources", lambda: {"CPU": 4.0})
    monkeypatch.setattr(ray_session, "common_of_cluster", lambda _: "fp16")
    with RaySession("10.0.0.1:6379") as session:
        assert connected == ["10.0.0.1:6379"]
        assert session.precision("cuda") == "fp16"
        assert session.ready().device == "cuda"


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize(
    ("offered", "gpus", "lacking"),
    [({}, None, "CPU"), ({"CPU": 4.0}, 0.5, "GPU"), ({"CPU": 4.0}, "auto", "GPU")],
)
def test_a_cluster_of_no_machines_is_told_how_it_grows(
    offered: dict[str, float], gpus: GpuShare, lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ray.cluster_resources", lambda: offered)
    said = f"no machine with a {lacking} to train on has joined .* give --min-concurrent N"
    with pytest.raises(ValueError, match=said) as refused:
        RaySession("10.0.0.1:6379", 1, gpus).__enter__()
    told = "or leave --gpus-per-trial out to train on CPUs" in str(refused.value)
    assert told == bool(offered), "without CPUs, it would be no way"


def test_one_machine_cannot_be_waited_for() -> None:
    with pytest.raises(ValueError, match="--min-concurrent 1000: this machine has room for"):
        RaySession("local", 1, 0.0, min_concurrent=1000).__enter__()


def test_sigterm_ends_a_wait_for_machines_like_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    def connect(_: str) -> None:
        signal.signal(signal.SIGTERM, lambda *_: ended.append("by Ray's own handler"))

    monkeypatch.setattr(ray_session, "connect", connect)
    monkeypatch.setattr(ray_session, "gather", lambda *_: signal.raise_signal(signal.SIGTERM))
    monkeypatch.setattr(ray_session, "plan_resources", lambda *_: Resources(1, 0.0, 1))
    usual = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(KeyboardInterrupt):
            RaySession("10.0.0.1:6379", 1, 0.0, min_concurrent=2).__enter__()
    finally:
        signal.signal(signal.SIGTERM, usual)
    assert not ended
