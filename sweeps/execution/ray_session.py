"""Connecting to Ray, quietly, and what it offers: the one place that starts it."""

import logging
import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Self

# Read when Ray is imported: no second set of logs, no snapshots of driver state (the journal is
# our state), no change of working directory, no second progress display.
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
os.environ.setdefault("TUNE_GLOBAL_CHECKPOINT_S", "1000000000")
os.environ.setdefault("TUNE_DISABLE_STRICT_METRIC_CHECKING", "1")  # a failed trial has none
os.environ.setdefault("TUNE_WARN_SLOW_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S", "1000000000")
os.environ.setdefault("RAY_CHDIR_TO_TRIAL_DIR", "0")
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

import ray
import torch
from rich.console import Console

from cifar_models.numerics import Device, Precision
from sweeps.execution.common_precision import common_here, common_of_cluster
from sweeps.execution.gathering import gather, parts
from sweeps.execution.options import GpuShare, Options
from sweeps.execution.shipping import runtime_env

_QUIET = {
    **dict.fromkeys(("ray.tune", "ray.tune.analysis.experiment_analysis"), logging.ERROR),
    # The record has each trial's reason, and another trial may have gone on with it.
    **dict.fromkeys(("ray.tune.tune", "ray.tune.execution.tune_controller"), logging.CRITICAL),
}
_CONNECT_SECONDS = 20


@dataclass(frozen=True)
class Resources:
    """What one trial gets, and how many fit at once."""

    cpus_per_trial: int
    gpus_per_trial: float
    slots: int
    apple: bool = False
    """Whether trials train on Apple's GPU, of which Ray knows nothing."""

    @property
    def device(self) -> Device:
        """The kind of device of a trial."""
        if self.apple:
            return "mps"
        return "cuda" if self.gpus_per_trial else "cpu"


class RaySession:
    """Ray for one driver: somebody's cluster at once, one of this machine's own when it is wanted.

    A study of which nothing is left to train never starts it.

    Args:
        address: Of a cluster; None or ``local`` for this machine.
        cpus_per_trial: Threads of each trial.
        gpus_per_trial: Of a GPU, for each trial.
        max_concurrent: Trials at once, at most.
        min_concurrent: Wait until a cluster has room for so many at once.
        console: Is told of the waiting.
        before_waiting: Is called before it.

    Raises:
        ValueError: On entering: no Ray answers at the address, or it has less than a trial wants,
            or this machine less than is waited for.
    """

    def __init__(
        self,
        address: str | None,
        cpus_per_trial: int = 1,
        gpus_per_trial: GpuShare = None,
        max_concurrent: int | None = None,
        min_concurrent: int | None = None,
        console: Console | None = None,
        before_waiting: Callable[[], object] = lambda: None,
    ) -> None:
        self.address = address or "local"
        self.own = self.address == "local"
        """Whether it is this machine's."""
        self._wanted = (cpus_per_trial, gpus_per_trial, max_concurrent)
        self._least, self._console = min_concurrent or 0, console or Console()
        self._before_waiting = before_waiting
        self._started: Future[None] | None = None
        # Ray's processes end with the thread that started them: this one lives until the end.
        self._beside = ThreadPoolExecutor(1, "ray")

    @classmethod
    def of(
        cls, options: Options, console: Console, before_waiting: Callable[[], object] = lambda: None
    ) -> Self:
        """Return the session that a command's options ask for."""
        wanted = (options.cpus_per_trial, options.gpus_per_trial, options.max_concurrent)
        return cls(options.address, *wanted, options.min_concurrent, console, before_waiting)

    def __enter__(self) -> Self:
        """Connect to a cluster, or see what this machine has."""
        # Ray's own handler aborts without a hook: end as after Ctrl-C instead.
        self._previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
        if self.own:
            self.resources = plan_resources_here(*self._wanted)
            if self._least > self.resources.slots:
                raise ValueError(
                    f"--min-concurrent {self._least}: this machine has room for "
                    f"{self.resources.slots}, and only a cluster grows"
                )
        else:
            connect(self.address)
            signal.signal(signal.SIGTERM, signal.default_int_handler)  # it was Ray's again
            if self._least:
                self._before_waiting()
                cpus, gpus, _ = self._wanted
                gather(self._least, cpus, 1.0 if gpus == "auto" else gpus, self._console)
            else:
                check_joined("GPU" if self._wanted[1] else "CPU")
            self.resources = plan_resources(*self._wanted)
        return self

    def precision(self, device: Device) -> Precision:
        """Return that of recipes that name none; ValueError: a machine does not answer."""
        return common_here(device) if self.own else common_of_cluster(device)

    def begin(self) -> None:
        """Start this machine's Ray beside other work: it takes seconds."""
        if self.own and not self._started:
            self._started = self._beside.submit(connect, self.address)

    def ready(self) -> Resources:
        """Wait for Ray, and return what it has.

        Raises:
            ValueError: Ray does not start, or trials that are planned for a GPU would get none.
        """
        if self.own:
            self.begin()
            assert self._started is not None
            self._started.result()
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            cpus, gpus, most = self._wanted
            if not self.resources.gpus_per_trial:
                gpus = 0.0  # Ray may see one that torch cannot use
            planned, self.resources = self.resources, plan_resources(cpus, gpus, most)
            if planned.apple:
                slots = min(planned.slots, self.resources.slots)
                self.resources = replace(self.resources, slots=slots, apple=True)
            if self.resources.device != planned.device:
                raise ValueError(
                    "torch sees a GPU on this machine, and Ray does not; give --gpus-per-trial 0 "
                    "to train on CPUs"
                )
        return self.resources

    def __exit__(self, *_: object) -> None:
        """Leave Ray; end it if it is this machine's own."""
        if self._started:
            self._started.exception()  # waits
        signal.signal(signal.SIGTERM, self._previous)
        ray.shutdown()
        self._beside.shutdown()


def connect(address: str, *, ship: bool = True) -> None:
    """Join the Ray at an address, or start this machine's own for ``local``.

    Args:
        address: Of the cluster.
        ship: Whether its workers get this driver's source; else they have what is installed there.

    Raises:
        ValueError: None answers there, or it does not start.
    """
    own = address == "local"
    if not own:
        _check_reachable(address)
    try:
        ray.init(
            address=address,
            include_dashboard=False if own else None,
            runtime_env=runtime_env() if ship and not own else None,
            logging_level=logging.ERROR,
            log_to_driver=False,
        )
    except Exception as error:  # of any kind: a start that takes too long is a bare Exception
        if own:
            raise ValueError(
                f"Ray does not start on this machine: {str(error).splitlines()[0]} Run the same "
                "command again when the machine is less busy"
            ) from None
        raise ValueError(
            f"no Ray cluster answers at {address}: {str(error).splitlines()[0]}; start one with "
            "`ray start --head`, or leave --address out to run on this machine"
        ) from None
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)


def check_joined(kind: str) -> None:
    """Check that a machine that trains is there: a cluster may grow from none.

    Raises:
        ValueError: None has such a device, ``CPU`` or ``GPU``.
    """
    offered = ray.cluster_resources()  # type: ignore[no-untyped-call]
    if not offered.get(kind):
        instead = ", or leave --gpus-per-trial out to train on CPUs" if offered.get("CPU") else ""
        raise ValueError(
            f"no machine with a {kind} to train on has joined the cluster; if it grows, give "
            "--min-concurrent N: it is asked for room for N trials, and waited for" + instead
        )


def plan_resources(
    cpus_per_trial: int, gpus_per_trial: GpuShare, max_concurrent: int | None
) -> Resources:
    """Divide what the cluster has among trials; see `divide`."""
    offered = ray.cluster_resources()  # type: ignore[no-untyped-call]
    there = offered.get("CPU", 0), offered.get("GPU", 0)
    return divide(*there, cpus_per_trial, gpus_per_trial, max_concurrent)


def plan_resources_here(
    cpus_per_trial: int, gpus_per_trial: GpuShare, max_concurrent: int | None
) -> Resources:
    """Divide what a Ray of this machine would have, without starting one.

    Apple's GPU counts as one where there is none of CUDA's. Of those, CUDA_VISIBLE_DEVICES says
    which there are.

    Raises:
        ValueError: There is less than one trial wants.
    """
    cpus, gpus = os.cpu_count() or 1, torch.cuda.device_count()
    apple = not gpus and torch.backends.mps.is_available()
    if apple and gpus_per_trial == "auto":
        raise ValueError(
            "--gpus-per-trial auto measures on CUDA's GPUs; give 1 or a fraction for Apple's"
        )
    resources = divide(cpus, 1 if apple else gpus, cpus_per_trial, gpus_per_trial, max_concurrent)
    if apple:
        return replace(resources, gpus_per_trial=0.0, apple=resources.gpus_per_trial > 0)
    return resources


def divide(
    cpus: float,
    gpus: float,
    cpus_per_trial: int,
    gpus_per_trial: GpuShare = None,
    max_concurrent: int | None = None,
) -> Resources:
    """Divide CPUs and GPUs among trials; one gets a GPU by default where there are any.

    Raises:
        ValueError: There is less than one trial wants.
    """
    if gpus_per_trial == "auto" and not gpus:
        raise ValueError(
            "--gpus-per-trial auto measures how many trials a GPU holds, and there is no GPU; "
            "leave it out to train on CPUs"
        )
    whole = 1.0 if gpus else 0.0
    gpus_each = whole if gpus_per_trial in (None, "auto") else float(gpus_per_trial)
    if gpus_each > 1:
        raise ValueError(
            f"--gpus-per-trial {gpus_each:g}: a trial trains on one device; give 1 or a fraction"
        )
    if cpus_per_trial > cpus or gpus_each > gpus:
        raise ValueError(
            f"one trial wants {cpus_per_trial} CPUs and {gpus_each:g} GPUs, but there are "
            f"{cpus:g} and {gpus:g}; lower --cpus-per-trial or --gpus-per-trial"
        )
    slots = int(cpus // cpus_per_trial)
    if gpus_each:
        slots = min(slots, parts(gpus, gpus_each))
    return Resources(cpus_per_trial, gpus_each, min(slots, max_concurrent or slots))


def _check_reachable(address: str) -> None:
    """Fail fast where nothing listens: Ray itself would try for minutes."""
    import socket

    host, _, port = address.removeprefix("ray://").rpartition(":")
    if address == "auto" or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_SECONDS).close()
    except OSError as error:
        raise ValueError(
            f"no Ray cluster answers at {address}: {error.strerror or error}; start one with "
            "`ray start --head`, or leave --address out to run on this machine"
        ) from None
