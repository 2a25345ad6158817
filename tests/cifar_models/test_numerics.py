import pytest
import torch
from pydantic import ValidationError

from cifar_models import numerics
from cifar_models.numerics import Device, Numerics, Precision, best_device, lost, require, resolve
from tests.cifar_models.small import RECIPE


@pytest.mark.parametrize(
    ("wanted", "auto", "precision"),
    [
        ("auto", "bf16", "bf16"),
        ("auto", "fp32", "fp32"),
        ("bf16", "fp32", "bf16"),
        ("fp32", "bf16", "fp32"),
        ("fp16", "bf16", "fp16"),
    ],
)
@pytest.mark.parametrize("device", ["cpu", "cuda", "mps"])
def test_a_recipe_has_the_first_word(
    wanted: str, auto: Precision, precision: str, device: Device
) -> None:
    chosen = resolve(RECIPE.replace({"precision": wanted}), device, 3, lambda _: auto)
    assert (chosen.precision, chosen.device, chosen.threads) == (precision, device, 3)


@pytest.mark.parametrize(
    ("gpu", "precision"),
    [((6, 1), "fp32"), ((7, 0), "fp16"), ((7, 5), "fp16"), ((8, 0), "bf16"), ((10, 0), "bf16")],
)
def test_a_gpu_computes_in_what_it_multiplies_by_itself(
    gpu: tuple[int, int], precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: gpu)
    assert resolve(RECIPE, "cuda").precision == precision


@pytest.mark.parametrize(("amx", "precision"), [(True, "bf16"), (False, "fp32")])
def test_a_processor_computes_in_what_it_multiplies_by_itself(
    amx: bool, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numerics, "has_amx_bf16", lambda: amx)
    assert resolve(RECIPE, "cpu").precision == precision
    assert resolve(RECIPE, "mps").precision == "fp32"


def test_numerics_know_their_torch_values() -> None:
    assert Numerics(precision="bf16").dtype == torch.bfloat16
    assert Numerics().memory_format == torch.channels_last
    assert Numerics(channels_last=False).memory_format == torch.contiguous_format


def test_numerics_survive_json_and_refuse_nonsense() -> None:
    some = Numerics(device="cuda", precision="fp16", channels_last=False, threads=4)
    assert Numerics.model_validate(some.model_dump(mode="json")) == some
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


@pytest.mark.parametrize(
    ("device", "answer", "expected"),
    [
        ("cuda", torch.AcceleratorError("CUDA error: an illegal memory access"), True),
        ("cuda", RuntimeError("Found no NVIDIA driver on your system"), True),
        ("cuda", AssertionError("Torch not compiled with CUDA enabled"), True),
        ("cuda", torch.AcceleratorError("CUDA error: out of memory"), False),
        ("cuda", None, False),
        ("cpu", RuntimeError("Found no NVIDIA driver on your system"), False),
    ],
)
def test_a_gpu_that_does_not_answer_is_lost_unless_it_is_full(
    device: Device, answer: Exception | None, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def synchronize() -> None:
        if answer is not None:
            raise answer

    monkeypatch.setattr(torch.cuda, "synchronize", synchronize)
    assert lost(device) == expected
