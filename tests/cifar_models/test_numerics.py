import pytest
import torch
from pydantic import ValidationError

from cifar_models.numerics import Device, Numerics, best_device, require, resolve
from tests.cifar_models.small import RECIPE


@pytest.mark.parametrize(
    ("wanted", "device", "precision"),
    [
        ("auto", "cpu", "fp32"),
        ("auto", "mps", "fp32"),
        ("auto", "cuda", "bf16"),
        ("bf16", "cpu", "bf16"),
        ("fp32", "cuda", "fp32"),
        ("fp16", "cuda", "fp16"),
    ],
)
def test_precision_is_resolved_by_a_fixed_rule(wanted: str, device: Device, precision: str) -> None:
    numerics = resolve(RECIPE.replace({"precision": wanted}), device, threads=3)
    assert (numerics.precision, numerics.device, numerics.threads) == (precision, device, 3)


@pytest.mark.parametrize(
    ("gpu", "precision"),
    [((6, 1), "fp32"), ((7, 0), "fp16"), ((7, 5), "fp16"), ((8, 0), "bf16"), ((10, 0), "bf16")],
)
def test_a_gpu_computes_in_what_it_multiplies_by_itself(
    gpu: tuple[int, int], precision: str
) -> None:
    assert resolve(RECIPE, "cuda", gpu=gpu).precision == precision
    assert resolve(RECIPE, "cpu", gpu=gpu).precision == "fp32"


def test_numerics_know_their_torch_values() -> None:
    assert Numerics(precision="bf16").dtype == torch.bfloat16
    assert Numerics().memory_format == torch.channels_last
    assert Numerics(channels_last=False).memory_format == torch.contiguous_format


def test_numerics_survive_json_and_refuse_nonsense() -> None:
    numerics = Numerics(device="cuda", precision="fp16", channels_last=False, threads=4)
    assert Numerics.model_validate(numerics.model_dump(mode="json")) == numerics
    with pytest.raises(ValidationError):
        Numerics(threads=0)


def test_a_device_that_is_not_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert best_device() == "cpu"
    require("cpu")
    for device in ("cuda", "mps"):
        with pytest.raises(ValueError, match=f"this machine has no {device} device"):
            require(device)
