from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from cifar_models import numerics
from cifar_models.numerics import Device, Precision
from sweeps.execution import common_precision, nvidia_smi
from sweeps.execution.common_precision import common_here, common_of_cluster
from sweeps.execution.images import ImageStore
from sweeps.execution.plan import Planner
from sweeps.execution.ray_session import Resources
from tests.sweeps.execution.specs import BASE


@pytest.mark.parametrize(
    ("answer", "precision"),
    [("9.0\n", "bf16"), ("8.6\n7.5\n10.0\n", "fp16"), ("", "bf16"), ("[N/A]\n", "bf16")],
)
def test_the_oldest_gpu_decides(
    answer: str, precision: Precision, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\nprintf '{answer}'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert common_here("cuda") == precision


@pytest.mark.parametrize(("visible", "precision"), [("0,2", "bf16"), ("", "fp16"), (None, "fp16")])
def test_gpus_that_are_hidden_decide_nothing(
    visible: str | None, precision: Precision, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    tool = tmp_path / "nvidia-smi"
    tool.write_text(
        '#!/bin/sh\ncase "$*" in *--query-gpu=compute_cap*) ;; *) exit 9 ;; esac\n'
        'for word; do [ "$word" = --id=0,2 ] && echo 8.6 && exit; done\n'
        "echo 8.6; echo 7.5; echo 8.6\n"
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert common_here("cuda") == precision


def test_a_tool_that_fails_or_is_not_there_leaves_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert common_here("cuda") == "bf16"
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\nexit 9\n")
    tool.chmod(0o755)
    assert common_here("cuda") == "bf16"


def test_a_tool_that_does_not_answer_decides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\nexec sleep 60\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(nvidia_smi, "_SECONDS", 0.1)
    with pytest.raises(ValueError, match="nvidia-smi does not answer"):
        common_here("cuda")
    assert common_here("cpu"), "trials on CPUs do not ask it"


@pytest.mark.parametrize(("amx", "precision"), [(True, "bf16"), (False, "fp32")])
def test_the_processor_decides_for_trials_on_cpus(
    amx: bool, precision: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numerics, "has_amx_bf16", lambda: amx)
    assert common_here("cpu") == precision
    assert common_here("mps") == "fp32"


def cluster(monkeypatch: pytest.MonkeyPatch, kind: str, gone: str = "", **answers: object) -> None:
    """Let there be nodes a, b and c, some of which answer, and let one leave meanwhile."""
    nodes = {"a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3"}

    def nodes_with(wanted: str) -> dict[str, str]:
        assert wanted == kind
        return dict(nodes)

    def ask_nodes(
        asked: Iterable[str], _look: Callable[[], object], _seconds: float
    ) -> dict[str, object]:
        assert list(asked) == ["a", "b", "c"]
        nodes.pop(gone, None)
        return answers

    monkeypatch.setattr(common_precision, "nodes_with", nodes_with)
    monkeypatch.setattr(common_precision, "ask_nodes", ask_nodes)


def test_the_oldest_gpu_of_any_node_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster(monkeypatch, "GPU", a=["9.0", "8.6"], b=["7.5"], c=[])
    assert common_of_cluster("cuda") == "fp16"


def test_a_silent_node_is_named_and_nothing_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster(monkeypatch, "GPU", a=["9.0"], c=[])
    with pytest.raises(ValueError, match=r"no answer from 10\.0\.0\.2 to what its GPU"):
        common_of_cluster("cuda")


def test_a_node_that_has_left_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster(monkeypatch, "GPU", gone="b", a=["9.0"], c=["8.6"])
    assert common_of_cluster("cuda") == "bf16"


@pytest.mark.parametrize(("c", "precision"), [(True, "bf16"), (False, "fp32")])
def test_one_processor_without_bf16_decides_for_all(
    c: bool, precision: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster(monkeypatch, "CPU", a=True, b=True, c=c)
    assert common_of_cluster("cpu") == precision


def test_the_common_precision_is_part_of_the_plan() -> None:
    planner = Planner(ImageStore(None), Resources(1, 1.0, 1), lambda _: "fp16")
    assert planner.spec(BASE, 0).numerics.precision == "fp16"


def test_a_recipe_that_names_its_precision_asks_nobody() -> None:
    def asked(_: Device) -> Precision:
        raise AssertionError

    planner = Planner(ImageStore(None), Resources(1, 1.0, 1), asked)
    assert planner.spec(BASE.replace({"precision": "fp32"}), 0).numerics.precision == "fp32"


def test_a_cluster_that_has_lost_its_machines_decides_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(common_precision, "nodes_with", lambda _: {})
    with pytest.raises(ValueError, match="no machine with a CPU is left"):
        common_of_cluster("cpu")
