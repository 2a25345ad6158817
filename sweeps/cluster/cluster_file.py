"""A cluster file: what Ray's own schema says of it, and which machines it names."""

import contextlib
import logging
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sweeps.cluster.finding import Machine

_LIKE_RAY = {
    "BatchMode": "yes",  # asks nobody for a password
    "StrictHostKeyChecking": "no",
    "UserKnownHostsFile": "/dev/null",
    "IdentitiesOnly": "yes",
    "ConnectTimeout": "10",
    "LogLevel": "ERROR",
}
"""As `ray up` calls ssh: what it can reach, the doctor can."""


@dataclass(frozen=True)
class ClusterFile:
    """A cluster file that Ray understands."""

    path: Path
    config: dict[str, Any]

    @property
    def local(self) -> bool:
        """Whether it names machines of one's own."""
        return bool(self.config["provider"]["type"] == "local")

    @property
    def up(self) -> str:
        """The command that brings the cluster up, and everything to it that it wants."""
        return f"ray up -y --no-config-cache {self.path}"

    @property
    def key(self) -> Path | None:
        """The private key of ssh: the file's, or the one that `ray up` made on AWS."""
        named = self.config["auth"].get("ssh_private_key")
        if named or self.local:
            return Path(named).expanduser() if named else None
        made = Path.home().glob(f".ssh/ray-autoscaler*_{self.config['provider']['region']}.pem")
        return next(iter(sorted(made)), None)

    def machines(self) -> list[Machine]:
        """Return the head and the workers of a file that names them."""
        provider = self.config["provider"]
        named = (provider["head_ip"], *provider["worker_ips"]) if self.local else ()
        return [self.machine(address) for address in named]

    def machine(self, address: str) -> Machine:
        """Return a machine, and how one gets there."""
        return Machine(address, shlex.join(["ssh", *self._identity(), self._target(address)]))

    def login(self, address: str) -> list[str]:
        """Return the words of an ssh to a machine that asks nobody anything."""
        told = [word for name, value in _LIKE_RAY.items() for word in ("-o", f"{name}={value}")]
        return ["ssh", *told, *self._identity(), self._target(address)]

    def _identity(self) -> list[str]:
        proxy = self.config["auth"].get("ssh_proxy_command")
        key = ["-i", str(self.key)] if self.key else []
        return key + (["-o", f"ProxyCommand={proxy}"] if proxy else [])

    def _target(self, address: str) -> str:
        return f"{self.config['auth']['ssh_user']}@{address}"

    def gpus(self) -> float | None:
        """Return how many GPUs the file declares for each machine of one's own."""
        kinds = self.config.get("available_node_types", {}).values()
        declared = [kind.get("resources", {}).get("GPU") for kind in kinds]
        return next((float(number) for number in declared if number is not None), None)


def read(path: Path) -> ClusterFile:
    """Read a cluster file and check it.

    Raises:
        ValueError: There is none, or Ray would not understand it.
    """
    try:
        plain = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"cannot read {path}: {str(error).splitlines()[0]}") from None
    from ray.autoscaler._private.util import prepare_config, validate_config

    logging.getLogger("ray.autoscaler").setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stderr(None), contextlib.redirect_stdout(None):  # it has advice
            config = prepare_config(plain)
            validate_config(config)
    except Exception as error:  # of many kinds: jsonschema's, KeyError, AttributeError
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"Ray does not understand {path}: {said}") from None
    return ClusterFile(path, config)
