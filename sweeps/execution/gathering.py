"""Waiting until a cluster has room for as many trials as are to run at once."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ray
from ray.util.placement_group import PlacementGroup, placement_group, remove_placement_group
from rich.console import Console

_PERIOD = 1.0

Bundle = Mapping[str, float]
"""What one trial takes of each resource."""


def room(nodes: Iterable[Mapping[str, Any]], bundle: Bundle) -> int:
    """Return how many trials fit on the nodes that live; none is spread over two.

    Args:
        nodes: As `ray.nodes` describes them.
        bundle: With at least one resource above zero.
    """
    return sum(
        min(parts(node["Resources"].get(name, 0), each) for name, each in bundle.items() if each)
        for node in nodes
        if node["Alive"]
    )


def parts(offered: float, each: float) -> int:
    """Return how many trials get their part of CPUs or GPUs; none has parts of two."""
    return int(offered) * int(1 / each) if each < 1 else int(offered / each)


def bundle_of(nodes: Iterable[Mapping[str, Any]], cpus: float, gpus: float | None) -> Bundle:
    """Return what one trial takes; a whole GPU by default, as soon as a node has any.

    Args:
        nodes: As `ray.nodes` describes them.
        cpus: Of one trial.
        gpus: Of one trial; None where nobody has said.
    """
    if gpus is None:
        gpus = float(any(node["Alive"] and node["Resources"].get("GPU") for node in nodes))
    return {"CPU": cpus, "GPU": gpus}


def gather(
    trials: int, cpus: float, gpus: float | None, console: Console,
    nodes: Callable[[], list[dict[str, Any]]] = ray.nodes,
    ask: Callable[[list[dict[str, float]]], None] | None = None,
) -> None:  # fmt: skip
    """Ask a cluster that grows for room for so many trials, and wait until it is there.

    The request ends with the waiting, however that ends: a cluster keeps, and rents, what it names.
    What trials use is kept by them.

    Args:
        trials: At once.
        cpus: Of one trial.
        gpus: Of one trial; None: a whole one as soon as a node has any.
        console: Is told of every change.
        nodes: Those that have joined.
        ask: Asks for free room; each request takes the place of the last, and none ends it.
    """
    ask = ask or _Reservation()
    asked: Bundle = {}
    before = -1
    try:
        while True:
            joined = nodes()
            bundle = bundle_of(joined, cpus, gpus)
            if bundle != asked:
                ask([dict(bundle)] * trials)
            if (now := room(joined, bundle)) >= trials:
                return
            if now != before:
                console.print(
                    f"Waiting for machines: {sum(node['Alive'] for node in joined)} have joined, "
                    f"with room for {now} of the {trials} trials of --min-concurrent."
                )
            asked, before = bundle, now
            time.sleep(_PERIOD)
    finally:
        ask([])


class _Reservation:
    """Room that a cluster makes; it ends with this process, however that ends.

    (`ray.autoscaler.sdk.request_resources` would outlive a driver that is killed, and its machines
    be rented for ever.)
    """

    def __init__(self) -> None:
        self._held: PlacementGroup | None = None

    def __call__(self, bundles: list[dict[str, float]]) -> None:
        """Ask for other room than before, or for none."""
        if self._held:
            remove_placement_group(self._held)
        wanted = [{name: each for name, each in bundle.items() if each} for bundle in bundles]
        self._held = placement_group(wanted) if wanted else None
