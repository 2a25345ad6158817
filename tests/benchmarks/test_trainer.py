import pytest

from benchmarks.harness import Options
from benchmarks.trainer import SHAPE, WORKS, Work, flops_of_an_image, measure
from cifar_models.architectures import LeNet5
from cifar_models.numerics import native


@pytest.mark.parametrize(
    ("name", "gigaflops"),
    [("LeNet5", 0.0032), ("2-conv CNN", 0.035), ("ResNet9", 2.272), ("ResNet18", 3.329)],
)
def test_the_work_of_an_image_is_as_published(name: str, gigaflops: float) -> None:
    found = flops_of_an_image(WORKS[name].model.build(SHAPE))
    assert found / 1e9 == pytest.approx(gigaflops, rel=0.1)


@pytest.mark.slow
def test_quick_measurement_compares_ours_with_both(monkeypatch: pytest.MonkeyPatch) -> None:
    lenet = Work(LeNet5(), steps=40, target=4.0, fp32=2.5, cuda=30.0)
    monkeypatch.setattr("benchmarks.trainer.WORKS", {"LeNet5": lenet})
    (case,) = measure(Options(scale="quick", threads=1))
    chosen = {"fp32", native("cpu")}
    assert len(case.arms) == 2 + len(chosen), "without AMX the rule chooses fp32: measured once"
    assert [figure.name for figure in case.figures[:2]] == [
        "ours over classic",
        "ours, fp32 over classic",
    ]
    assert [figure.at_least for figure in case.figures[:2]] == [4.0, 2.5]
    assert all(window.work == 2 * 128 for window in case.windows)
    assert 0 < case.figures[-1].median < 100
