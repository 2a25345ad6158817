"""A study goes on in the precision that it began in, whatever the machines are then."""

from pathlib import Path

import pytest

from cifar_models.numerics import Device, Precision
from sweeps.execution.study_precision import StudyPrecision


def amx(_: Device) -> Precision:
    return "bf16"


def older(_: Device) -> Precision:
    return "fp32"


def nobody(_: Device) -> Precision:
    raise AssertionError("asked")


def begun(state: Path) -> None:
    assert StudyPrecision(state, "small", amx, keep=True)("cpu") == "bf16"


def test_it_goes_on_where_machines_would_choose_another(tmp_path: Path) -> None:
    begun(tmp_path)
    assert StudyPrecision(tmp_path, "small", nobody, keep=True)("cpu") == "bf16"
    assert StudyPrecision(tmp_path, "other", older, keep=True)("cpu") == "fp32"
    assert StudyPrecision(tmp_path, "small", nobody)("cpu") == "bf16"


def test_another_kind_of_device_is_asked_for_itself(tmp_path: Path) -> None:
    begun(tmp_path)
    assert StudyPrecision(tmp_path, "small", older, keep=True)("mps") == "fp32"
    kept = StudyPrecision(tmp_path, "small", nobody)
    assert (kept("cpu"), kept("mps")) == ("bf16", "fp32")


def test_anew_it_is_chosen_anew(tmp_path: Path) -> None:
    begun(tmp_path)
    assert StudyPrecision(tmp_path, "small", older, anew=True, keep=True)("cpu") == "fp32"
    assert StudyPrecision(tmp_path, "small", nobody)("cpu") == "fp32"


def test_a_plan_writes_nothing(tmp_path: Path) -> None:
    assert StudyPrecision(tmp_path, "small", amx)("cpu") == "bf16"
    assert not list(tmp_path.iterdir())


def test_machines_are_asked_once(tmp_path: Path) -> None:
    asked: list[Device] = []

    def common(device: Device) -> Precision:
        asked.append(device)
        return "bf16"

    precision = StudyPrecision(tmp_path, "small", common)
    assert precision("cpu") == precision("cpu")
    assert asked == ["cpu"]


def test_who_does_not_answer_leaves_nothing_behind(tmp_path: Path) -> None:
    def silent(_: Device) -> Precision:
        raise ValueError("no answer")

    with pytest.raises(ValueError, match="no answer"):
        StudyPrecision(tmp_path, "small", silent, keep=True)("cpu")
    assert not list(tmp_path.iterdir())
