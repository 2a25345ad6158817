import pytest

from benchmarks import packing
from benchmarks.harness import Options
from benchmarks.packing import CROWDED, HALVED, ONE_BY_ONE, measure
from sweeps.execution.packing import Measured


@pytest.fixture
def one_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "CPU_STEPS", {"LeNet5": 4})
    monkeypatch.setattr(packing, "GPU_TARGETS", {"LeNet5": 1.5})


@pytest.mark.slow
@pytest.mark.usefixtures("one_network")
def test_quick_measurement_compares_equal_work() -> None:
    (case,) = measure(Options(scale="quick", threads=2))
    assert case.arms == (ONE_BY_ONE, HALVED, CROWDED)
    assert {window.work for window in case.windows} == {2 * 2 * 128}
    assert [figure.at_least for figure in case.figures] == [1.0, None, None]


@pytest.mark.usefixtures("one_network")
def test_on_a_gpu_four_at_once_have_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the device: the trainings are left out."""
    monkeypatch.setattr("torch.cuda.get_device_capability", lambda: (8, 0))
    monkeypatch.setattr(packing, "side_by_side", Pretended)
    monkeypatch.setattr(packing, "probe", lambda *_: [Measured(1, 10.0, 2**30, 2**40)])
    (case,) = measure(Options(scale="quick", device="cuda"))
    assert case.arms == (ONE_BY_ONE, "2 at once", "4 at once", "8 at once")
    assert {window.work for window in case.windows} == {8 * 20 * 128}
    assert [figure.at_least for figure in case.figures] == [None, 1.5, None]
    assert "auto` takes 1 trial on a GPU" in case.notes[-1]


class Pretended:
    """Trainings that end at once."""

    def __init__(self, *_: object) -> None: ...

    def __enter__(self) -> "Pretended":
        return self

    def __exit__(self, *_: object) -> None: ...

    def train(self, epochs: int) -> None: ...
