"""A cluster of such hosts, made by `ray up` of the project's own file for machines over ssh."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import yaml

from tests.cluster.hosts import Host, hosts

ROOT = Path(__file__).parents[2]
FILE = "cluster.local.yaml"
_DAEMON = 6380
_JOIN_SECONDS = 180.0


class LocalCluster:
    """Three hosts, the machine from which a user commands them, and a stranger on their network."""

    def __init__(self, there: list[Host], folder: Path) -> None:
        *self.hosts, self.stranger = there
        self.head, *self.workers = self.hosts
        self.folder = folder
        self.home = folder / "user"
        self.home.mkdir()
        self.file = folder / FILE
        self.file.write_text(self._filled_in(), encoding="utf-8")
        before = os.umask(0o077)
        self.ray("get-auth-token", "--generate")
        os.umask(before)

    def _filled_in(self) -> str:
        """Return the project's file with what is this cluster's own, as a user edits it.

        Nothing can be downloaded here: the versions are those that are installed.
        """
        versions = self.folder / "constraints.txt"
        versions.write_text(
            "".join(
                f"{package.name}=={package.version}\n"
                for package in metadata.distributions()
                if package.name != "cifar-sweeps"
            )
        )
        text = (ROOT / FILE).read_text(encoding="utf-8")
        config = yaml.safe_load(text.replace("/shared/sweeps", "/mnt/sweeps"))
        config["cluster_name"] += self.head.address  # `ray up` keeps notes under this name
        config["provider"]["head_ip"] = self.head.address
        config["provider"]["worker_ips"] = [host.address for host in self.workers]
        config["auth"] = {"ssh_user": "root", "ssh_private_key": str(self.head.key)}
        config["file_mounts"]["~/cifar-sweeps/constraints.txt"] = str(versions)
        return yaml.safe_dump(config)

    @property
    def token(self) -> str:
        """The secret that the user's commands and all hosts share."""
        return (self.home / ".ray/auth_token").read_text()

    def ray(self, command: str, *words: str) -> str:
        """Run a command of Ray's on the user's machine, and return what it printed."""
        environment = os.environ | {
            "HOME": str(self.home), "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}",
            "RAY_USAGE_STATS_ENABLED": "0", "COLUMNS": "120",
        }  # fmt: skip
        # No pipe: ssh keeps its connection, and the pipe, for 10 s after the command has ended.
        with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
            done = subprocess.run(
                ["ray", command, *words], cwd=ROOT, env=environment,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False,
            )  # fmt: skip
            output.seek(0)
            said = output.read()
        assert done.returncode == 0, said
        return said

    def up(self) -> None:
        """Start it, or what of it has gone."""
        self.ray("up", "-y", "--no-config-cache", str(self.file))

    def wait_for_workers(self) -> None:
        """Wait until Ray's daemon has started on each: `ray up` ends before."""
        end = time.monotonic() + _JOIN_SECONDS
        for worker in self.workers:
            while True:
                with contextlib.suppress(OSError):
                    socket.create_connection((worker.address, _DAEMON), 1.0).close()
                    break
                assert time.monotonic() < end, "it does not join"
                time.sleep(0.5)

    def submit(self, *words: str) -> str:
        """Run the script on the head."""
        return self.ray("submit", str(self.file), "sweeps/ablation.py", "--", *words)

    def run_study(self, *options: str) -> str:
        """Run ``shared.py`` on all hosts; its places are those of the cluster file."""
        slots = len(self.hosts) * (os.cpu_count() or 1)
        return self.submit("--study", "shared.py", "--min-concurrent", str(slots), *options)

    def run_apart(self, name: str, *options: str) -> str:
        """Run it with places of its own, where nothing is known of another run."""
        return self.run_study(
            "--storage", f"/mnt/{name}", "--state", name, "--tracking-uri",
            f"sqlite:///{self.head.home / name}/mlflow.db", *options,
        )  # fmt: skip

    def down(self) -> None:
        """End it."""
        self.ray("down", "-y", str(self.file))


@contextlib.contextmanager
def local_cluster(folder: Path) -> Iterator[LocalCluster]:
    """Let there be a cluster of three hosts, which is not yet up."""
    with hosts(4, folder) as there:
        yield LocalCluster(there, folder)
