from collections.abc import Iterable
from pathlib import Path

import pytest

from cifar_models.numerics import AMPERE
from sweeps.execution import compute_capability, nvidia_smi
from sweeps.execution.compute_capability import oldest_here, oldest_of_cluster
from sweeps.execution.images import ImageStore
from sweeps.execution.plan import Planner
from sweeps.execution.ray_session import Resources, plan_resources_here
from tests.sweeps.execution.specs import BASE


@pytest.mark.parametrize(
    ("answer", "capability"),
    [
        ("9.0\n", (9, 0)),
        ("8.6\n7.5\n10.0\n", (7, 5)),
        ("", AMPERE),
        ("[N/A]\n", AMPERE),
    ],
)
def test_the_oldest_gpu_decides(
    answer: str, capability: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\nprintf '{answer}'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert oldest_here() == capability


@pytest.mark.parametrize(("visible", "capability"), [("0,2", (8, 6)), ("", (7, 5)), (None, (7, 5))])
def test_gpus_that_are_hidden_decide_nothing(
    visible: str | None, capability: tuple[int, int], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    tool = tmp_path / "nvidia-smi"
    tool.write_text(
        '#!/bin/sh\nfor word; do [ "$word" = --id=0,2 ] && echo 8.6 && exit; done\n'
        "echo 8.6; echo 7.5; echo 8.6\n"
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert oldest_here() == capability


def test_a_tool_that_fails_or_is_not_there_leaves_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert oldest_here() == AMPERE
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\nexit 9\n")
    tool.chmod(0o755)
    assert oldest_here() == AMPERE


def test_a_tool_that_does_not_answer_decides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\nexec sleep 60\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(nvidia_smi, "_SECONDS", 0.1)
    with pytest.raises(ValueError, match="nvidia-smi does not answer"):
        oldest_here()
    assert plan_resources_here(1, 0.0, None).gpu == AMPERE, "trials on CPUs do not ask"


def cluster(monkeypatch: pytest.MonkeyPatch, gone: str = "", **answers: list[str]) -> None:
    """Let nodes a, b and c have GPUs, some of them answer, and one leave meanwhile."""
    nodes = {"a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3"}

    def ask_nodes(asked: Iterable[str], _fields: str, _seconds: float) -> dict[str, list[str]]:
        assert list(asked) == ["a", "b", "c"]
        living = {node: at for node, at in nodes.items() if node != gone}
        monkeypatch.setattr(compute_capability, "nodes_with_gpus", lambda: living)
        return answers

    monkeypatch.setattr(compute_capability, "nodes_with_gpus", lambda: nodes)
    monkeypatch.setattr(compute_capability, "ask_nodes", ask_nodes)


def test_the_oldest_gpu_of_any_node_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster(monkeypatch, a=["9.0", "8.6"], b=["7.5"], c=[])
    assert oldest_of_cluster() == (7, 5)


def test_a_silent_node_is_named_and_nothing_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster(monkeypatch, a=["9.0"], c=[])
    with pytest.raises(ValueError, match=r"no answer from 10\.0\.0\.2 to what GPUs"):
        oldest_of_cluster()


def test_a_node_that_has_left_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster(monkeypatch, gone="b", a=["9.0"], c=["8.6"])
    assert oldest_of_cluster() == (8, 6)


def test_an_old_gpu_is_part_of_the_plan() -> None:
    resources = Resources(1, 1.0, 1, gpu=(7, 5))
    assert Planner(ImageStore(None), resources).spec(BASE, 0).numerics.precision == "fp16"
