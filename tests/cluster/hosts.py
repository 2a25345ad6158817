"""Hosts on this machine: each with a network, processes, a home and an sshd of its own.

They are network, mount, PID and UTS namespaces on a bridge, which takes root. What a host writes
to the Python environment, its home, /run, /tmp/ray and /dev/shm, only it sees; /mnt is shared by
all, as a network file system would be.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_SUBNETS = range(256)
"""Of 10.201.0.0/16, each one's hosts apart from others': several tests may run at once."""
_READY_SECONDS = 20

_BOOT = """
set -e
hostname {name}
mount --make-rprivate /
mount --bind {folder}/passwd /etc/passwd
mount --bind {shared} /mnt
for folder in /run /dev/shm; do mount -t tmpfs tmpfs $folder; done
mkdir -p /run/sshd /tmp/ray
mount -t tmpfs tmpfs /tmp/ray
mount -t tmpfs tmpfs {layers}
mkdir {layers}/upper {layers}/work
mount -t overlay overlay \\
  -o lowerdir={environment},upperdir={layers}/upper,workdir={layers}/work {environment}
exec /usr/sbin/sshd -D -e -f {folder}/sshd_config
"""

_SSHD = """
HostKey {folder}/host_key
ListenAddress {address}
PidFile /run/sshd.pid
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
AcceptEnv LANG LC_*
"""

_PIP = "[global]\nno-index = true\nno-build-isolation = false\ndisable-pip-version-check = true\n"
"""There is no internet: what is to be installed must be there, and setuptools too. (In a file,
``no-build-isolation = false`` is how pip is told to do without isolation.)"""


def run(*command: str) -> str:
    """Run a command, and return what it printed.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Host:
    """One of them, up from the start."""

    def __init__(self, number: int, subnet: int, folder: Path, key: Path, shared: Path) -> None:
        self.name, self.address = f"sweeps{number}", f"10.201.{subnet}.{number}"
        self.folder, self.key, self.shared = folder, key, shared
        self.home = folder / "home"
        self._space = self._link = f"{_bridge(subnet)}-{number}"
        self._prepare()
        for left in (("link", "delete", self._link), ("netns", "delete", self._space)):
            with contextlib.suppress(subprocess.CalledProcessError):  # by tests that were killed
                run("ip", *left)
        run("ip", "netns", "add", self._space)
        run("ip", "link", "add", self._link, "type", "veth", "peer", "eth0", "netns", self._space)
        run("ip", "link", "set", self._link, "master", _bridge(subnet), "up")
        run("ip", "-n", self._space, "address", "add", f"{self.address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            run("ip", "-n", self._space, "link", "set", device, "up")
        # Ray asks by which address it would reach the internet.
        run("ip", "-n", self._space, "route", "add", "default", "via", f"10.201.{subnet}.254")
        self.boot()

    def _prepare(self) -> None:
        for place in (self.home / ".ssh", self.home / ".config/pip", self.folder / "layers"):
            place.mkdir(parents=True, mode=0o700)
        shutil.copy(self.key.with_suffix(".pub"), self.home / ".ssh/authorized_keys")
        (self.home / ".config/pip/pip.conf").write_text(_PIP)
        (self.home / ".profile").write_text(". ~/.bashrc\n")
        (self.home / ".bashrc").write_text("")
        (self.home / "env").symlink_to(sys.prefix)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{self.folder}/host_key")
        (self.folder / "passwd").write_text(
            f"root:x:0:0::{self.home}:/bin/bash\nsshd:x:100:65534::/run/sshd:/bin/false\n"
        )
        sshd = _SSHD.format(folder=self.folder, address=self.address)
        (self.folder / "sshd_config").write_text(sshd)

    def boot(self) -> None:
        """Switch it on: files in its home are as they were, all else is new."""
        boot = _BOOT.format(
            name=self.name, shared=self.shared, folder=self.folder,
            layers=self.folder / "layers", environment=sys.prefix,
        )  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL",  # never outlive the tests
                 "ip", "netns", "exec", self._space,
                 "unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--mount-proc",
                 "--kill-child", "bash", "-c", boot],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + _READY_SECONDS
        while self.ssh("true").returncode:
            assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.2)

    def ssh(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command on it, as a user would by ssh."""
        options = {
            "IdentityFile": self.key, "IdentitiesOnly": "yes", "ConnectTimeout": 5,
            "StrictHostKeyChecking": "no", "UserKnownHostsFile": "/dev/null", "LogLevel": "ERROR",
        }  # fmt: skip
        told = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        return subprocess.run(
            ["ssh", *told, f"root@{self.address}", command],
            check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def cut_off(self) -> None:
        """Pull its network cable."""
        run("ip", "link", "set", self._link, "down")

    def heal(self) -> None:
        """Plug it in again."""
        run("ip", "link", "set", self._link, "up")

    def hang(self) -> None:
        """Let it take connections, and do nothing with them."""
        os.killpg(self._process.pid, signal.SIGSTOP)

    def kill(self) -> None:
        """Switch it off, with all that runs there."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def remove(self) -> None:
        """Take it away."""
        self.kill()
        run("ip", "link", "delete", self._link)  # a namespace goes only some time after its name
        run("ip", "netns", "delete", self._space)


def skip_without_hosts() -> None:
    """Skip the test where hosts cannot be made."""
    tools = all(map(shutil.which, ("ip", "rsync", "/usr/sbin/sshd")))
    if os.geteuid() != 0 or not tools:
        pytest.skip("hosts are made of namespaces, which takes root, iproute2, rsync and sshd")
    asked = ["unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "true"]
    if subprocess.run(asked, check=False, capture_output=True).returncode:
        pytest.skip("hosts are made of namespaces, which this machine does not let root make")


@contextlib.contextmanager
def hosts(number: int, folder: Path) -> Iterator[list[Host]]:
    """Let there be hosts, which one reaches with the key ``folder / "key"``."""
    key, shared = folder / "key", folder / "shared"
    shared.mkdir()
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    with contextlib.ExitStack() as stack:
        subnet = next(one for one in _SUBNETS if _taken(one))
        bridge = _bridge(subnet)
        stack.callback(run, "ip", "link", "delete", bridge)
        run("ip", "address", "add", f"10.201.{subnet}.254/24", "dev", bridge)
        run("ip", "link", "set", bridge, "up")
        there = []
        for one in range(1, number + 1):
            there.append(Host(one, subnet, folder / f"host{one}", key, shared))
            stack.callback(there[-1].remove)
        yield there


def _bridge(subnet: int) -> str:
    return f"sweeps{subnet}"


def _taken(subnet: int) -> bool:
    """Take a subnet, which nobody else can from then on; return False if somebody has it."""
    try:
        run("ip", "link", "add", _bridge(subnet), "type", "bridge")
    except subprocess.CalledProcessError:
        return False
    return True
