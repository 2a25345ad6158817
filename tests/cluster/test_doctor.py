"""`sweeps doctor FILE` on hosts whose faults are real: each is planted there, none is told of."""

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from alembic import command
from alembic.script import ScriptDirectory
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base
from sqlalchemy import create_engine

from sweeps.cluster.finding import Finding
from sweeps.record.database import age_of
from tests.cluster.hosts import Host, hosts, skip_without_hosts

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
SITE = Path(str(metadata.distribution("ray").locate_file("")))
OPTUNA = metadata.version("optuna")
STORAGE = "/mnt/sweeps"
RAY = "ray start --head --port=6379 --dashboard-host=0.0.0.0 --num-cpus=1"
ANSWERS = "until (exec 3<>/dev/tcp/127.0.0.1/8265) 2>/dev/null; do sleep 0.2; done"
HEAD, WORKERS = 0, 5
FAKETIME = "/usr/lib/*/faketime/libfaketime.so.1"


@dataclass(frozen=True)
class Fault:
    """What is done to a host, and what the doctor is to say of it."""

    host: int
    plant: str
    check: str
    said: str
    mend: str


FAULTS = {
    "another ray": Fault(
        1, f"sed -i 's/^Version: .*/Version: 2.59.0/' {SITE}/ray-*.dist-info/METADATA",
        "versions", "its ray is 2.59.0, the driver's", "-m pip install",
    ),
    "a module that is missing": Fault(
        1, f"rm -r {SITE}/optuna {SITE}/optuna-*.dist-info",
        "versions", "its optuna is not there", f"-m pip install optuna=={OPTUNA}",
    ),
    "no rsync": Fault(
        1, "mount --bind /dev/null $(command -v rsync)",
        "tools", "it lacks rsync", "sudo apt-get install rsync",
    ),
    "no token": Fault(
        1, "rm ~/.ray/auth_token", "token", "there is no token in", "< /",
    ),
    "a storage that cannot be written": Fault(
        1, "mount -o remount,ro,bind /mnt", "storage", f"cannot write {STORAGE}: [Errno 30]",
        "sudo mount -o remount,rw",
    ),
    "a foreign sweeps": Fault(
        2, "mkdir ~/sweeps; touch ~/sweeps/__init__.py",
        "package", "/sweeps, which is not this project", "/sweeps.foreign",
    ),
    "another token": Fault(
        2, "echo 0000 > ~/.ray/auth_token", "token", "its token is not the driver's", "< /",
    ),
    "a storage that is not shared": Fault(
        2, f"mount -t tmpfs -o size=3g tmpfs {STORAGE}",
        "storage", "the driver does not see", "sudo mount -a",
    ),
    "small shared memory": Fault(
        2, "mount -o remount,size=64m /dev/shm",
        "shared memory", "/dev/shm has 0.1 GiB", "sudo mount -o remount,size=",
    ),
    "a clock that is off": Fault(
        3, f"echo export FAKETIME=+90s LD_PRELOAD=$(ls {FAKETIME}) >> ~/.bashrc",
        "clock", "its clock is 90.", "sudo timedatectl set-ntp true",
    ),
    "another state of ours": Fault(
        3, f"rm ~/cifar-sweeps; mkdir ~/cifar-sweeps; cp -r {ROOT}/cifar_models "
        f"{ROOT}/search_spaces {ROOT}/sweeps ~/cifar-sweeps; "
        "echo '# new' >> ~/cifar-sweeps/search_spaces/study.py",
        "package", "is another state of this project", "ray up -y --no-config-cache",
    ),
    "a token that others read": Fault(
        3, "chmod 644 ~/.ray/auth_token", "token", "can be read by others (0644)", "chmod 600",
    ),
    "a full disk": Fault(
        3, f"mount -t tmpfs -o size=1m tmpfs {STORAGE}; cat /dev/zero > {STORAGE}/full || true",
        "disk", f"{STORAGE} has 0.0 GiB free (100% used)", "sweeps clean --checkpoints",
    ),
    "an MLflow that asks for nothing": Fault(
        3, f"setsid {sys.executable} -S -c 'import socket, time; s = socket.create_server("
        "(\"0.0.0.0\", 5000)); time.sleep(600)' mlflow.server < /dev/null > /dev/null 2>&1 &",
        "ports", "mlflow listens on 0.0.0.0:5000, for anybody", "--host 127.0.0.1",
    ),
    "a cable that is pulled": Fault(
        4, "", "ssh", "it cannot be reached", "ping -c 3",
    ),
    "a host that hangs": Fault(
        5, "", "ssh", "its ssh server hangs", "sudo systemctl restart ssh",
    ),
    "a node that has not joined": Fault(
        3, "", "nodes", "it has not joined", "ray up -y --no-config-cache",
    ),
    "a dashboard for all": Fault(
        HEAD, f"bash -lic '{RAY}' && timeout 60 bash -c '{ANSWERS}'",
        "ports", "dashboard listens on 0.0.0.0:8265, for anybody", "--dashboard-host=127.0.0.1",
    ),
    "an MLflow that is away": Fault(
        HEAD, "", "tracking", "MLflow at http://127.0.0.1:9 does not answer", "sweeps serve",
    ),
}  # fmt: skip
ALL_FAULTS = tuple(FAULTS)
if not list(Path("/").glob(FAKETIME.removeprefix("/"))):
    del FAULTS["a clock that is off"]  # what puts it forward is not here; `.ci/run` installs it
MENDED = ("another token", "no token", "a token that others read")


class Ward:
    """A head and workers as a cluster file names them, and the user who asks for them."""

    def __init__(self, there: list[Host], folder: Path) -> None:
        *self.hosts, self.user = there
        self.file = folder / "cluster.local.yaml"
        config = yaml.safe_load((ROOT / self.file.name).read_text(encoding="utf-8"))
        addresses = [host.address for host in self.hosts]
        config["provider"] |= {"head_ip": addresses[0], "worker_ips": addresses[1:]}
        config["auth"] = {"ssh_user": "root", "ssh_private_key": str(self.user.key)}
        self.file.write_text(yaml.safe_dump(config), encoding="utf-8")
        asks_nothing = "StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n"
        (self.user.home / ".ssh/config").write_text(asks_nothing, encoding="utf-8")
        (folder / "shared/sweeps").mkdir()
        secret = secrets.token_hex(32)
        for host in there:
            (host.home / ".bashrc").write_text(
                "export RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0\n"
                "export PYTHONPATH=~/cifar-sweeps; . ~/env/bin/activate\n"
            )
            (host.home / "cifar-sweeps").symlink_to(ROOT)
            (host.home / ".ray").mkdir(mode=0o700)
            token = host.home / ".ray/auth_token"
            token.touch(mode=0o600)
            token.write_text(secret)

    def type(self, line: str) -> subprocess.CompletedProcess[str]:
        """Type a line on the user's machine, in the project's folder."""
        return self.user.ssh(f"cd {ROOT}; {line}")

    def doctor(self, *options: str) -> list[Finding]:
        """Ask the doctor; return the problems."""
        words = " ".join((str(self.file), "--storage", STORAGE, "--json", *options))
        said = self.type(f"bash -lic 'sweeps doctor {words}'")
        assert said.returncode in (0, 1), said.stderr
        told = json.loads(said.stdout)
        assert bool(said.returncode) == bool(told["problems"])
        found = [Finding(**each) for each in told["findings"]]
        return [each for each in found if each.state == "problem"]


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """All is well there."""
    skip_without_hosts()
    folder = tmp_path_factory.mktemp("doctor")
    with hosts(1 + WORKERS + 1, folder) as there:
        yield Ward(there, folder)


@pytest.fixture(scope="module")
def healthy(ward: Ward) -> list[Finding]:
    """The problems before any fault is planted, but for disks, which are this machine's."""
    return [each for each in ward.doctor() if each.check != "disk"]


@pytest.fixture(scope="module")
def planted(ward: Ward, healthy: list[Finding]) -> list[Finding]:
    """The problems when all faults are there at once."""
    assert not healthy
    for fault in FAULTS.values():
        done = ward.hosts[fault.host].ssh(f"set -e; {fault.plant}") if fault.plant else None
        assert done is None or done.returncode == 0, done
    ward.hosts[4].cut_off()
    ward.hosts[5].hang()
    return ward.doctor("--tracking-uri", "http://127.0.0.1:9")


def found(name: str, ward: Ward, problems: list[Finding]) -> list[Finding]:
    """Return the problems that are a fault's."""
    fault = FAULTS[name]
    where = ward.hosts[fault.host].address
    return [
        each
        for each in problems
        if (each.check, each.where) == (fault.check, where) and fault.said in each.said
    ]


def test_hosts_with_which_all_is_well(healthy: list[Finding]) -> None:
    assert healthy == []


@pytest.mark.parametrize("name", ALL_FAULTS)
def test_a_fault_is_found_and_comes_with_its_mend(
    name: str, ward: Ward, planted: list[Finding]
) -> None:
    if name not in FAULTS:
        pytest.skip("a clock is put forward by libfaketime, which is not here")
    (problem,) = found(name, ward, planted)
    assert FAULTS[name].mend in problem.mend


def test_mends_do_as_they_are_printed(ward: Ward, planted: list[Finding], tmp_path: Path) -> None:
    """And the record of an older MLflow, which is found meanwhile, is migrated."""
    for name in MENDED:
        (problem,) = found(name, ward, planted)
        done = ward.type(problem.mend)
        assert done.returncode == 0, done.stdout + done.stderr
    database = f"sqlite:///{older_database(tmp_path)}"
    left = ward.doctor("--tracking-uri", database)
    assert [name for name in FAULTS if found(name, ward, left)] == [
        name for name in FAULTS if name not in (*MENDED, "an MLflow that is away")
    ]
    (tracking,) = (each for each in left if each.check == "tracking")
    assert tracking.said.endswith("was made by an MLflow that is older than this")
    assert tracking.where == ward.hosts[HEAD].address
    done = ward.type(tracking.mend)
    assert done.returncode == 0, done.stdout + done.stderr
    assert age_of(database) == "ours"


def older_database(folder: Path) -> Path:
    """Make the database that MLflow had before its last migration."""
    file = folder / "mlflow.db"
    url = f"sqlite:///{file}"
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    config = _get_alembic_config(url)
    scripts = ScriptDirectory.from_config(config)
    before = scripts.get_revision("head").down_revision
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, before)
    engine.dispose()
    return file
