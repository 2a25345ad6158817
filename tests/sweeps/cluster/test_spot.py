"""Which machines Ray's own scheduler rents with our score."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.autoscaler._private.node_provider_availability_tracker import (
    NodeProviderAvailabilityTracker,
)
from ray.autoscaler._private.resource_demand_scheduler import (
    _default_utilization_scorer,
    get_nodes_for,
)
from ray.autoscaler.node_launch_exception import NodeLaunchException

from sweeps.cluster.spot import score

CLUSTER = Path(__file__).parents[3] / "cluster.yaml"
MACHINE = {"CPU": 4, "GPU": 1, "memory": 2**34}
TRIAL = {"CPU": 1.0, "GPU": 1.0}


class Account:
    """An AWS account, of which some kinds of machines are to be had."""

    def __init__(self) -> None:
        self.now = 0.0
        self.tracker = NodeProviderAvailabilityTracker(timer=lambda: self.now)
        config = yaml.safe_load(CLUSTER.read_text(encoding="utf-8"))
        self.kinds = config["available_node_types"]
        for name, kind in self.kinds.items():
            kind["resources"] = {"CPU": 0} if name == config["head_node_type"] else MACHINE

    def refuses(self, kind: str) -> None:
        """Have none of a kind, as is found when one is asked for."""
        error = NodeLaunchException("InsufficientInstanceCapacity", "none left", None)
        self.tracker.update_node_availability(kind, int(self.now), error)

    def rents(
        self, trials: int, scorer: Callable[..., Any] = score, there: dict[str, int] | None = None
    ) -> dict[str, int]:
        """Return what the autoscaler asks for when so many trials wait for a GPU each."""
        chosen, _ = get_nodes_for(
            self.kinds, there or {}, "head", 4, [TRIAL] * trials,
            partial(scorer, node_availability_summary=self.tracker.summary()),
        )  # fmt: skip
        return dict(chosen)


@pytest.fixture
def account() -> Account:
    return Account()


def test_spot_is_rented_first(account: Account) -> None:
    assert account.rents(3) == {"gpu-spot": 3}


def test_where_spot_is_gone_machines_are_rented_on_demand(account: Account) -> None:
    account.refuses("gpu-spot")
    assert account.rents(3) == {"gpu-on-demand": 3}
    ours = account.rents(3, _default_utilization_scorer)
    assert ours == {"gpu-spot": 3}, "Ray does it by itself now: this module can go"


def test_spot_is_tried_again_after_half_an_hour(account: Account) -> None:
    account.refuses("gpu-spot")
    account.now += 29 * 60
    assert account.rents(1) == {"gpu-on-demand": 1}
    account.now += 2 * 60
    assert account.rents(1) == {"gpu-spot": 1}


def test_where_all_are_gone_spot_is_asked_for_again(account: Account) -> None:
    account.refuses("gpu-spot")
    account.refuses("gpu-on-demand")
    assert account.rents(1) == {"gpu-spot": 1}


def test_what_fits_on_no_machine_is_not_rented(account: Account) -> None:
    assert score(MACHINE, [{"CPU": 8.0}], "gpu-spot",
                 node_availability_summary=account.tracker.summary()) is None  # fmt: skip


def test_the_cluster_file_names_it() -> None:
    commands = yaml.safe_load(CLUSTER.read_text(encoding="utf-8"))["head_start_ray_commands"]
    named = f"RAY_AUTOSCALER_UTILIZATION_SCORER={score.__module__}.{score.__name__}"
    assert any(named in command and "autoscaler_v2=0" in command for command in commands)
