"""Does a sweep keep several nodes busy? Trials that sleep, on simulated nodes of this machine."""

import resource
import time
from collections.abc import Sequence
from functools import partial
from statistics import median
from threading import Event, Thread
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
_PERIOD, _START_SECONDS = 0.2, 600.0


class Load(NamedTuple):
    """What sweeps did on nodes of one slot each.

    Attributes:
        rate: Sleeping trials a second, while all slots were at work.
        driver: Milliseconds of the driver's processor time for each trial of no length: the driver
            never waits.
        node: Megabytes of one node: Ray's daemons and a worker that has loaded torch.
    """

    rate: float
    driver: float
    node: float


def on_nodes(nodes: int, rounds: int, seconds: float, short: int) -> Load:
    """Run two sweeps on a cluster of so many nodes; in a process of its own.

    Args:
        nodes: With a slot each, beside a head without any.
        rounds: Sleeping trials of a slot, at least 4.
        seconds: That each of them sleeps.
        short: Trials of the second sweep, which do nothing; several for each slot.
    """
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    there = [
        cluster.add_node(wait=False, num_cpus=1, object_store_memory=_OBJECTS) for _ in range(nodes)
    ]
    cluster.wait_for_nodes(timeout=_START_SECONDS)
    raylets = [info.process.pid for node in there for info in node.all_processes["raylet"]]
    asleep = Watched(nodes, nodes * rounds, seconds, str(cluster.address), raylets)
    busy = Watched(nodes, short, 0.0, str(cluster.address))
    cluster.shutdown()  # type: ignore[no-untyped-call]
    return Load(steady(asleep.ended, nodes), busy.driver(), median(asleep.held))


class Watched:
    """A sweep that has ended, and what was seen meanwhile.

    Args:
        slots: At once.
        trials: At least three for each slot.
        seconds: That each sleeps.
        address: Of the cluster.
        raylets: Of each node, whose memory is seen.
    """

    def __init__(
        self, slots: int, trials: int, seconds: float, address: str, raylets: Sequence[int] = ()
    ) -> None:
        from benchmarks.harness.studies import new_places, search_alone
        from sweeps.record.journal import FILE

        places = new_places()
        self._slots, self._raylets, self._journal = slots, raylets, places.state / FILE
        self.held: list[float] = []
        self._seen: list[tuple[float, float]] = []
        self._over = Event()
        beside = Thread(target=self._watch)
        beside.start()
        try:
            search_alone(nothing_to_train(trials), slots, trainable=_sleeps(seconds),
                         places=places, address=address)  # fmt: skip
        finally:
            self._over.set()
            beside.join()
        self.ended = self._ends()

    def driver(self) -> float:
        """Return the driver's milliseconds of processor time for a trial, after the first ones."""
        moments, spent = zip(*self._seen, strict=True)
        first, last = self._slots - 1, len(self.ended) - 1
        before, after = np.interp([self.ended[first], self.ended[last]], moments, spent)
        return 1000 * float(after - before) / (last - first)

    def _watch(self) -> None:
        """Note the driver's processor time without that of this thread, and once the memory."""
        while not self._over.wait(_PERIOD):
            usage = resource.getrusage(resource.RUSAGE_SELF)
            own = time.thread_time()
            self._seen.append((time.time(), usage.ru_utime + usage.ru_stime - own))
            if len(self.held) < len(self._raylets) and len(self._ends()) >= 3 * self._slots:
                self.held = [megabytes(raylet) for raylet in self._raylets]

    def _ends(self) -> list[float]:
        """Return when each trial has ended so far, in seconds, ascending."""
        from sweeps.record.journal import read_events

        events = read_events(self._journal) if self._journal.exists() else []
        return sorted(event["time"] for event in events if event["event"] == "result")


def steady(ended: list[float], slots: int) -> float:
    """Return trials a second from the end of each slot's first trial to that of its last but one.

    In between all slots are at work: neither the start of workers nor the end counts.

    Args:
        ended: When each trial ended, in seconds, ascending; at least three for each slot.
        slots: That were at work.
    """
    first, last = slots - 1, len(ended) - slots - 1
    return (last - first) / (ended[last] - ended[first])


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
    rounds, trials = options.pick(1, 2, 5), options.pick(4, 12, 12)
    found, windows = _each(few, trials, seconds, rounds, options)
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
        nodes: Once(
            _named(nodes), nodes * trials,
            partial(on_nodes, nodes, trials, seconds, _short(nodes, options)),
        )
        for nodes in sizes
    }  # fmt: skip
    arms = [each.arm for each in once.values()]
    windows = alternate(arms, rounds, warmups=0, patience=options.pick(0, 2, 4))
    return {nodes: each.kept(windows) for nodes, each in once.items()}, windows


def _short(nodes: int, options: Options) -> int:
    return max(options.pick(12, 100, 300), 10 * nodes)


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
    only_full=True,
    notes=(
        "Throughput counts from the end of each slot's first trial to that of its last but one; "
        "the rates of the arms contain the start of Ray, nodes and workers. The driver's processor "
        "time is that of a second sweep, whose trials do nothing, so that it never waits.",
        "Extrapolated is a straight line through the driver's processor time of a trial over the "
        "number of nodes, from the largest that was measured on, never downward; a trial has one "
        "epoch. How time and memory grow with the number of trials stands under control.",
        "Memory that processes share counts in parts: their sum is what the machine holds.",
    ),
)
