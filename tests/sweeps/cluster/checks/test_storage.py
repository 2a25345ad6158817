import pytest

from sweeps.cluster.checks.storage import Trip, check_storage
from tests.sweeps.cluster.healthy import HEAD, WORKER


@pytest.mark.parametrize(
    ("trip", "said", "mend"),
    [
        (Trip("[Errno 13] Permission denied", "EACCES"),
         "cannot write /shared/s: [Errno 13] Permission denied", "sudo chown \"$USER\" /shared/s"),
        (Trip("[Errno 13] Permission denied", "EACCES", made=False),
         "cannot write /shared/s: [Errno 13] Permission denied",
         'sudo install -d -o "$USER" /shared/s && sudo mount -a'),
        (Trip("Read-only file system", "EROFS"), "cannot write /shared/s: Read-only file system",
         'sudo mount -o remount,rw "$(findmnt -n -o TARGET -T /shared/s)"'),
        (Trip("No such file or directory", "ENOENT"),
         "cannot write /shared/s: No such file or directory",
         'sudo install -d -o "$USER" /shared/s && sudo mount -a'),
        (Trip("[Errno 13] Permission denied", "EACCES", barred="/shared"),
         "cannot reach /shared/s: /shared cannot be searched", "sudo chmod a+x /shared"),
        (Trip(arrived=False), "what it writes to /shared/s the driver does not see: checkpoints "
         "would be lost", "sudo mount -a"),
    ],
)  # fmt: skip
def test_a_storage_that_does_not_serve(trip: Trip, said: str, mend: str) -> None:
    found = check_storage(WORKER, "/shared/s", trip, HEAD)
    assert (found.state, found.said) == ("problem", said)
    assert found.mend == WORKER.do(mend)


def test_one_that_is_full_is_cleaned_where_its_record_is() -> None:
    found = check_storage(WORKER, "/shared/s", Trip("No space left on device", "ENOSPC"), HEAD)
    assert (found.where, found.said) == (
        WORKER.name, "cannot write /shared/s: No space left on device",
    )  # fmt: skip
    assert found.mend == HEAD.do("sweeps clean --checkpoints --storage /shared/s")


def test_one_that_does() -> None:
    assert check_storage(WORKER, "/shared/s", Trip(), HEAD).state == "ok"
