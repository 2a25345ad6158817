"""Spot machines first, machines on demand where there are none: what Ray's autoscaler leaves open.

cluster.yaml names it: ``RAY_AUTOSCALER_UTILIZATION_SCORER=sweeps.cluster.spot.score``. Ray 2.60's
first autoscaler remembers for half an hour which kind of machine could not be rented, and leaves it
to the scorer what follows from that; its own scorer asks for the same kind for ever. (Its second
autoscaler lowers a kind only after a machine was given that did not start.)
"""

from collections.abc import Mapping
from numbers import Real
from typing import Any

from ray.autoscaler._private.node_provider_availability_tracker import NodeAvailabilitySummary
from ray.autoscaler._private.resource_demand_scheduler import _default_utilization_scorer

SPOT = "-spot"
"""How the name of a kind of machine ends that is rented on spot."""


def score(
    node_resources: dict[str, Real],
    resources: list[dict[str, Real]],
    node_type: str,
    *,
    node_availability_summary: NodeAvailabilitySummary,
) -> tuple[Any, ...] | None:
    """Return how well a kind of machine suits demands; Ray rents the largest, nothing for None.

    First comes Ray's own score, in which two kinds that differ in price alone are equal. Then one
    that could be rented lately, or was not asked for, is better than one that could not, and spot
    better than on demand.

    Args:
        node_resources: What such a machine has.
        resources: What is asked for.
        node_type: Its name in the cluster file.
        node_availability_summary: What became of the last attempts.
    """
    suits = _default_utilization_scorer(
        node_resources, resources, node_type, node_availability_summary=node_availability_summary
    )
    if suits is None:
        return None
    tried: Mapping[str, Any] = node_availability_summary.node_availabilities
    there = node_type not in tried or tried[node_type].is_available
    return (*suits, there, node_type.endswith(SPOT))
