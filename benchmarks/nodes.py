"""Does a sweep keep several nodes busy? Trials that sleep, on simulated nodes of this machine."""

import resource
import time
from functools import partial
from pathlib import Path
from statistics import median
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from benchmarks.control import nothing_to_train
from benchmarks.harness import Benchmark, Case, Figure, Options, Window, alternate
from benchmarks.harness.load import megabytes
from benchmarks.harness.once import Once

if TYPE_CHECKING:
    from sweeps.execution.trainable import Trainable

LEAST = 90.0
"""Percent of the throughput of so many nodes that each work alone."""
TRIALS, NODES = 10_000, 200
"""What is extrapolated to."""
_OBJECTS = 80 * 2**20
"""Bytes of each node's object store, Ray's least: the images here are few."""
_PERIOD, _START_SECONDS = 0.5, 600.0


class Load(NamedTuple):
    """What a sweep did on nodes of one slot each.

    Attributes:
        rate: Trials a second, while all slots were at work.
        driver: Milliseconds of processor time of the driver, for each trial.
        node: Megabytes of one node: Ray's daemons and a worker that has loaded torch.
    """

    rate: float
    driver: float
    node: float


def sleeping(nodes: int, rounds: int, seconds: float) -> Load:
    """Run ``rounds`` sleeping trials on each of some nodes; in a process of its own.

    Args:
        nodes: With a slot each, beside a head without any.
        rounds: Trials of a slot, at least 3.
        seconds: That each trial sleeps.
    """
    from ray.cluster_utils import Cluster

    from benchmarks.harness.studies import new_places, search_alone
    from sweeps.record.journal import FILE

    head = {"num_cpus": 0, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    there = [
        cluster.add_node(wait=False, num_cpus=1, object_store_memory=_OBJECTS) for _ in range(nodes)
    ]
    cluster.wait_for_nodes(timeout=_START_SECONDS)
    raylets = [info.process.pid for node in there for info in node.all_processes["raylet"]]
    places, held = new_places(), list[float]()
    journal = places.state / FILE
    Thread(target=_weigh, args=(raylets, journal, held), daemon=True).start()
    before = _processor_seconds()
    study, trainable = nothing_to_train(nodes * rounds), _sleeps(seconds)
    search_alone(study, nodes, trainable=trainable, places=places, address=cluster.address)
    spent = _processor_seconds() - before
    ended = _ends(journal)
    cluster.shutdown()  # type: ignore[no-untyped-call]
    return Load(steady(ended, nodes), 1000 * spent / len(ended), median(held))


def steady(ended: list[float], slots: int) -> float:
    """Return trials a second from the end of each slot's first trial to that of its last but one.

    In between all slots are at work: neither the start of workers nor the end counts.

    Args:
        ended: When each trial ended, in seconds, ascending; at least three for each slot.
        slots: That were at work.
    """
    first, last = slots - 1, len(ended) - slots - 1
    return (last - first) / (ended[last] - ended[first])


def _ends(journal: Path) -> list[float]:
    from sweeps.record.journal import read_events

    return sorted(event["time"] for event in read_events(journal) if event["event"] == "result")


def _weigh(raylets: list[int], journal: Path, held: list[float]) -> None:
    """Note what each node holds once all of them have ended a trial."""
    while not journal.exists() or len(_ends(journal)) < len(raylets):
        time.sleep(_PERIOD)
    held += [megabytes(raylet) for raylet in raylets]


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _sleeps(seconds: float) -> "type[Trainable]":
    from benchmarks.harness.studies import TrainsNothing

    class Sleeps(TrainsNothing):
        def step(self) -> dict[str, Any]:
            time.sleep(seconds)
            return self._report(1, 1)

    return Sleeps


def measure(options: Options) -> list[Case]:
    """Measure few nodes in turn, then many at once, and extrapolate."""
    few: tuple[int, ...] = options.pick((1, 2), (1, 2, 4), (1, 2, 4))
    many, seconds = options.pick(4, 32, 32), options.pick(0.5, 3.0, 3.0)
    rounds = options.pick(1, 2, 5)
    found, windows = _each(few, options.pick(4, 12, 12), seconds, rounds, options)
    crowd, crowded = _each((many,), 4, options.pick(1.0, 20.0, 20.0), 1, options)
    return [
        _scaling(found, windows, seconds),
        _crowd(many, crowd[many], crowded),
        _extrapolation(found | crowd, polluted=_polluted([*windows, *crowded])),
    ]


def _each(
    sizes: tuple[int, ...], trials: int, seconds: float, rounds: int, options: Options
) -> tuple[dict[int, list[Load]], list[Window]]:
    """Run clusters of some sizes in turn; return what was found of each, and the windows."""
    once = {
        nodes: Once(_named(nodes), nodes * trials, partial(sleeping, nodes, trials, seconds))
        for nodes in sizes
    }
    arms = [each.arm for each in once.values()]
    windows = alternate(arms, rounds, warmups=0, patience=options.pick(0, 2, 4))
    return {nodes: each.kept(windows) for nodes, each in once.items()}, windows


def _named(nodes: int) -> str:
    return f"{nodes} node{'s' if nodes > 1 else ''}"


def _polluted(windows: list[Window]) -> bool:
    return any(window.polluted and not window.discarded for window in windows)


def _scaling(found: dict[int, list[Load]], windows: list[Window], seconds: float) -> Case:
    """Compare throughputs with that of one node, round by round."""
    alone, polluted = found[1], _polluted(windows)
    shares = {
        nodes: tuple(
            100 * load.rate / (nodes * one.rate) for load, one in zip(loads, alone, strict=True)
        )
        for nodes, loads in found.items()
        if nodes > 1
    }
    return Case(
        name=f"trials that sleep {seconds:g} s", unit="trials", windows=tuple(windows),
        figures=(
            Figure(name="1 node: of its time asleep", unit=" %", polluted=polluted,
                   values=tuple(100 * seconds * one.rate for one in alone)),
            *(Figure(name=f"{_named(nodes)}: of linear throughput", values=values, unit=" %",
                     at_least=LEAST, polluted=polluted) for nodes, values in shares.items()),
        ),
    )  # fmt: skip


def _crowd(nodes: int, loads: list[Load], windows: list[Window]) -> Case:
    """Say what many nodes take."""
    polluted = _polluted(windows)
    return Case(
        name=_named(nodes), unit="trials", windows=tuple(windows),
        figures=(
            Figure(name="memory of a node with its worker", unit=" MB", polluted=polluted,
                   values=tuple(load.node for load in loads)),
            Figure(name="driver: processor time of a trial", unit=" ms", polluted=polluted,
                   values=tuple(load.driver for load in loads)),
        ),
    )  # fmt: skip


def _extrapolation(found: dict[int, list[Load]], *, polluted: bool) -> Case:
    """Say what follows for a cluster that nobody has here."""
    sizes = [nodes for nodes, loads in found.items() for _ in loads]
    costs = [load.driver for loads in found.values() for load in loads]
    growth, _ = np.polyfit(sizes, costs, 1)
    largest = max(found)
    measured = median(load.driver for load in found[largest])
    cost = measured + max(0.0, float(growth)) * (NODES - largest)
    return Case(
        name=f"{TRIALS:,} trials on {NODES} nodes, extrapolated",
        figures=(
            Figure(name="driver: processor time of a trial, for each node more", unit=" ms",
                   values=(float(growth),), polluted=polluted),
            Figure(name="driver: processor time of all trials", unit=" min", polluted=polluted,
                   values=(cost * TRIALS / 60_000,)),
            Figure(name="shortest trials that it keeps all nodes busy with", unit=" s",
                   values=(cost * NODES / 1000,), polluted=polluted),
        ),
    )  # fmt: skip


BENCHMARK = Benchmark(
    compares="The same sweep with journal, MLflow and Optuna on, on one simulated node and on "
    "several, all on this machine: nodes with daemons, workers and object stores of their own, one "
    "slot each, whose trials sleep and so leave the processor to the driver.",
    measure=measure,
    notes=(
        "Throughput counts from the end of each slot's first trial to that of its last but one; "
        "the rates of the arms contain the start of Ray, nodes and workers.",
        "Extrapolated is a straight line through the driver's processor time of a trial over the "
        "number of nodes, from the largest that was measured on, never downward; a trial has one "
        "epoch. How time and memory grow with the number of trials stands under control.",
        "Memory that processes share counts in parts: their sum is what the machine holds.",
    ),
)
