import subprocess
import sys

import pytest

FAULTS = """
import resource, torch
from cifar_models.allocator import keep_freed_memory
{call}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):  # it settles after a few
    torch.ones(2**24)
before = faults()
for _ in range(5):
    torch.ones(2**24)
print(faults() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_a_block_that_was_freed_is_used_again() -> None:
    def count(call: str) -> int:
        code = FAULTS.format(call=call)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        return int(done.stdout)

    pages = 2**26 // 4096
    assert count("keep_freed_memory()") < pages < count("pass")
