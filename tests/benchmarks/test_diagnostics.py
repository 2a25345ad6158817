from benchmarks import diagnostics
from benchmarks.diagnostics import AT_LEAST, CHEAP, LOOKED_AT, PLAIN
from cifar_models.architectures import LeNet5
from cifar_models.numerics import Numerics


def test_an_arm_is_an_epoch_with_what_looks_at_it() -> None:
    for name, chosen in ((PLAIN, ()), (LOOKED_AT, CHEAP)):
        arm = diagnostics._arm(name, LeNet5(), 2, Numerics(), chosen)
        assert arm.name == name
        assert arm.run() == 256


def test_at_most_fifteen_percent_are_promised() -> None:
    assert 1 / AT_LEAST == 1.15
    assert [d.name for d in CHEAP] == ["gradient_flow", "relative_gradient", "histograms"]
