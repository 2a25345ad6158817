import pytest

from sweeps.cluster.checks.storage import Trip, check_storage
from tests.sweeps.cluster.healthy import WORKER


@pytest.mark.parametrize(
    ("trip", "said", "mend"),
    [
        (Trip("[Errno 13] Permission denied", "EACCES"),
         "cannot write /shared/s: [Errno 13] Permission denied", "sudo chown \"$USER\" /shared/s"),
        (Trip("Read-only file system", "EROFS"), "cannot write /shared/s: Read-only file system",
         'sudo mount -o remount,rw "$(findmnt -n -o TARGET -T /shared/s)"'),
        (Trip("No space left on device", "ENOSPC"),
         "cannot write /shared/s: No space left on device",
         "sweeps clean --checkpoints --storage /shared/s"),
        (Trip("No such file or directory", "ENOENT"),
         "cannot write /shared/s: No such file or directory", "sudo mount -a"),
        (Trip("[Errno 13] Permission denied", "EACCES", barred="/shared"),
         "cannot reach /shared/s: /shared cannot be searched", "sudo chmod a+x /shared"),
        (Trip(arrived=False), "what it writes to /shared/s the driver does not see: checkpoints "
         "would be lost", "sudo mount -a"),
    ],
)  # fmt: skip
def test_a_storage_that_does_not_serve(trip: Trip, said: str, mend: str) -> None:
    found = check_storage(WORKER, "/shared/s", trip)
    assert (found.state, found.said) == ("problem", said)
    assert found.mend == WORKER.do(mend)


def test_one_that_does() -> None:
    assert check_storage(WORKER, "/shared/s", Trip()).state == "ok"
