"""A cluster of such hosts, made by `ray up` of the project's own file for machines over ssh."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.cluster.hosts import Host, hosts

ROOT = Path(__file__).parents[2]
FILE = "cluster.local.yaml"


class LocalCluster:
    """Three hosts, and the machine from which a user commands them."""

    def __init__(self, there: list[Host], folder: Path) -> None:
        self.hosts, self.folder = there, folder
        self.head, *self.workers = there
        self.home = folder / "user"
        self.home.mkdir()
        self.file = folder / FILE
        self.file.write_text(self._filled_in(), encoding="utf-8")
        self.ray("get-auth-token", "--generate")

    def _filled_in(self) -> str:
        """Return the project's file with these hosts' addresses, as a user edits it."""
        config = yaml.safe_load((ROOT / FILE).read_text(encoding="utf-8"))
        config["provider"]["head_ip"] = self.head.address
        config["provider"]["worker_ips"] = [host.address for host in self.workers]
        config["auth"] = {"ssh_user": "root", "ssh_private_key": str(self.head.key)}
        return yaml.safe_dump(config)

    @property
    def token(self) -> str:
        """The secret that the user's commands and all hosts share."""
        return (self.home / ".ray/auth_token").read_text()

    def ray(self, command: str, *words: str, fails: bool = False) -> str:
        """Run a command of Ray's on the user's machine, and return what it printed."""
        environment = os.environ | {
            "HOME": str(self.home), "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}",
            "RAY_USAGE_STATS_ENABLED": "0", "COLUMNS": "120",
        }  # fmt: skip
        done = subprocess.run(
            ["ray", command, *words], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert fails or done.returncode == 0, done.stdout
        return done.stdout

    def up(self) -> None:
        """Start it, or what of it has gone."""
        self.ray("up", "-y", "--no-config-cache", str(self.file))

    def submit(self, *words: str, fails: bool = False) -> str:
        """Run the script on the head."""
        return self.ray("submit", str(self.file), "sweeps/ablation.py", "--", *words, fails=fails)

    def run_study(self, name: str, *options: str) -> str:
        """Run ``shared.py`` with places of its own, on all hosts."""
        return self.submit(
            "--study", "shared.py", "--storage", f"/mnt/{name}", "--state", name,
            "--min-concurrent", str(len(self.hosts) * (os.cpu_count() or 1)), *options,
        )  # fmt: skip

    def state(self, name: str) -> Path:
        """Return where the head has journal and databases of a study that was run so."""
        return self.head.home / name

    def down(self) -> None:
        """End it."""
        self.ray("down", "-y", str(self.file))


@contextlib.contextmanager
def local_cluster(folder: Path) -> Iterator[LocalCluster]:
    """Let there be a cluster of three hosts, which is not yet up."""
    with hosts(3, folder) as there:
        yield LocalCluster(there, folder)
