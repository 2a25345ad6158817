"""A machine as a whole, with storages planted around it."""

import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cifar_models.datasets.cifar import CIFAR10
from sweeps.cluster.checks.storage import Trip, check_storage
from sweeps.cluster.connection import Here, Piped, clock_of, facts_of
from sweeps.cluster.doctor import HERE, Wanted, _stored, examine_here
from sweeps.cluster.finding import Finding, Machine
from sweeps.cluster.patients import Patient, trip
from sweeps.record.places import resolve_places
from tests.sweeps.cluster.healthy import python_here
from tests.sweeps.cluster.test_probe import in_namespace, needs_root


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".ray").mkdir()
    token = tmp_path / ".ray" / "auth_token"
    token.write_text("secret")
    token.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    return tmp_path


def problems(found: list[Finding]) -> dict[str, str]:
    return {each.check: each.said for each in found if each.state == "problem"}


def test_all_is_well_here(home: Path, state: Path) -> None:
    found = examine_here(Wanted(resolve_places(str(state)), [], home))
    of_this_machine = ("disk", "shared memory", "ports")  # what others do there, too
    assert problems([each for each in found if each.check not in of_this_machine]) == {}
    checks = {each.check for each in found}
    assert checks >= {"versions", "package", "token", "gpus", "disk", "shared memory", "clock",
                      "ports", "storage", "tracking", "data"}  # fmt: skip
    assert not list(state.glob(".doctor*")), "its mark is taken away"


def test_nothing_is_made(home: Path) -> None:
    examine_here(Wanted(resolve_places(str(home / "runs")), []))
    assert not (home / "runs").exists()


def test_a_tracking_server_that_is_down(home: Path) -> None:
    places = resolve_places(str(home), tracking_uri="http://127.0.0.1:9")
    found = problems(examine_here(Wanted(places, [])))
    assert found["tracking"].startswith("MLflow at http://127.0.0.1:9 does not answer")


@pytest.mark.parametrize(("version", "age"), [("cbc13b556ace", "older"), ("ffff", "newer")])
def test_a_database_of_another_version(home: Path, state: Path, version: str, age: str) -> None:
    file = state / "mlflow.db"
    with sqlite3.connect(file) as database:
        database.execute("UPDATE alembic_version SET version_num = ?", (version,))
        database.execute("DROP TABLE scheduler_leases")  # what MLflow makes when it opens it
    before = file.read_bytes()
    found = problems(examine_here(Wanted(resolve_places(str(state)), [])))
    assert found["tracking"].endswith(f"was made by an MLflow that is {age} than this")
    assert file.read_bytes() == before


def test_data_that_is_not_there(home: Path) -> None:
    wanted = Wanted(resolve_places(str(home)), [CIFAR10()], home)
    assert problems(examine_here(wanted))["data"] == f"7 files of cifar10 are absent from {home}"


# ---------------------------------------------------------------------- storage


@pytest.fixture
def here() -> Patient:
    return Patient(HERE, Here(), facts_of(Here(), []), clock_of(Here()))


@pytest.fixture
def elsewhere(home: Path) -> Iterator[list[Piped]]:
    begun: list[Piped] = []
    yield begun
    for each in begun:
        each.close()


def planted(mounts: str, begun: list[Piped], here: Patient) -> Patient:
    """Return a machine with file systems of its own."""
    command = in_namespace(mounts) if mounts else python_here(sys.executable)
    begun.append(Piped(command))
    return Patient(HERE, begun[-1], here.facts, here.clock)


def test_a_storage_that_both_see(home: Path, here: Patient, elsewhere: list[Piped]) -> None:
    assert trip(planted("", elsewhere, here), here, str(home)) == Trip()
    assert sorted(each.name for each in home.iterdir()) == [".ray"]


@needs_root
@pytest.mark.parametrize(
    ("mounts", "error", "mend"),
    [
        ("mount -t tmpfs -o ro none {}", "EROFS", "sudo mount -o remount,rw "),
        ("mount -t tmpfs -o size=4k none {0}; cat /dev/zero > {0}/x; true", "ENOSPC",
         "sweeps clean --checkpoints --storage "),
        ("mount -t tmpfs none {}", "", "sudo mount -a"),
    ],
)  # fmt: skip
def test_a_storage_that_does_not_serve(
    home: Path, here: Patient, elsewhere: list[Piped], mounts: str, error: str, mend: str
) -> None:
    found = trip(planted(mounts.format(home), elsewhere, here), here, str(home))
    assert (found.error, found.arrived) == (error, bool(error))
    assert check_storage(HERE, str(home), found, HERE).mend.startswith(mend)


@pytest.fixture
def shut() -> Iterator[Path]:
    """A folder that nobody but root can look into, where everybody comes to."""
    with tempfile.TemporaryDirectory() as above:
        Path(above).chmod(0o755)
        folder = Path(above, "shut")
        (folder / "shared").mkdir(parents=True)
        folder.chmod(0)
        yield folder
        folder.chmod(0o700)


NOBODY = ["setpriv", "--reuid=65534", "--clear-groups"] if os.geteuid() == 0 else []


@pytest.fixture
def anybody(here: Patient, elsewhere: list[Piped]) -> Patient:
    """A machine that is asked as a user without rights."""
    elsewhere.append(Piped([*NOBODY, *python_here(sys._base_executable)]))
    return Patient(Machine("anybody"), elsewhere[0], here.facts, here.clock)


def test_a_storage_that_cannot_be_searched(shut: Path, anybody: Patient) -> None:
    """The machine answers all else, and the folder in its way is named."""
    storage = str(shut / "shared")
    assert facts_of(anybody.connection, [storage]).disks[1].free
    found = _stored(anybody, anybody, storage)
    assert found.mend == f"sudo chmod a+x {shut}"


@needs_root
def test_a_storage_that_the_driver_cannot_search_is_told_of_the_driver(
    shut: Path, anybody: Patient, here: Patient
) -> None:
    found = _stored(here, anybody, str(shut / "shared"))
    assert (found.where, found.mend) == ("anybody", f"sudo chmod a+x {shut}")


@needs_root
def test_a_storage_that_is_not_there(home: Path, here: Patient, elsewhere: list[Piped]) -> None:
    (home / "shared").mkdir()
    there = planted(f"mount -t tmpfs none {home}", elsewhere, here)
    assert trip(there, here, str(home / "shared")).error == "ENOENT"


def test_a_storage_that_is_not_made_where_one_may_not_make_it(anybody: Patient) -> None:
    found = _stored(anybody, anybody, "/usr/storage/sweeps")
    assert "Permission denied" in found.said
    assert found.mend == 'sudo install -d -o "$USER" /usr/storage/sweeps && sudo mount -a'


class Unmarked(Here):
    """This machine, where nothing may be written."""

    def ask(self, question: str, *arguments: Any) -> Any:
        assert question != "write"
        return super().ask(question, *arguments)


def test_a_storage_of_which_nothing_is_there_leaves_no_mark_at_the_top(here: Patient) -> None:
    unmarked = replace(here, connection=Unmarked())
    found = _stored(unmarked, unmarked, "/no-such-mount/sweeps")
    assert (found.state, found.said) == (
        "problem", "cannot write /no-such-mount/sweeps: nothing of it is there",
    )  # fmt: skip
    assert found.mend == 'sudo install -d -o "$USER" /no-such-mount/sweeps && sudo mount -a'
