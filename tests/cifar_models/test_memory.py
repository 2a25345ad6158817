import pytest
import torch

from cifar_models.memory import of_a_gpu, want_of_memory


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError("none left"), "none left"),
        (MemoryError(), "out of memory"),
        (torch.OutOfMemoryError("Tried to allocate 2 GiB.\nGPU 0"), "Tried to allocate 2 GiB."),
        (RuntimeError("it: can't allocate memory: 9 bytes\nmore"),
         "it: can't allocate memory: 9 bytes"),
        (RuntimeError("CUDA error: out of memory"), "CUDA error: out of memory"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate`\nat"),
         "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate`"),
        (RuntimeError("cuDNN error: CUDNN_STATUS_NOT_INITIALIZED"),
         "cuDNN error: CUDNN_STATUS_NOT_INITIALIZED"),
        (RuntimeError("shapes do not fit"), None),
        (ValueError("out of memory"), None),
    ],
)  # fmt: skip
def test_memory_that_ran_out_is_told_from_other_errors(error: Exception, told: str | None) -> None:
    assert want_of_memory(error) == told


def test_what_torch_really_raises_is_known() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert want_of_memory(caught.value)
    assert not of_a_gpu(caught.value)


@pytest.mark.parametrize(
    ("error", "gpu"),
    [
        (torch.OutOfMemoryError("Tried to allocate 2 GiB."), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED"), False),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes"), False),
        (RuntimeError("CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED"), False),
        (MemoryError("out of memory"), False),
    ],
)
def test_a_gpu_s_memory_is_told_from_the_machine_s(error: Exception, gpu: bool) -> None:
    assert of_a_gpu(error) == gpu
