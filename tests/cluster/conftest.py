"""One cluster of hosts for all tests here: it takes a minute to come up."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from tests.cluster.hosts import skip_without_hosts
from tests.cluster.local_cluster import LocalCluster, local_cluster

STUDY = '''
"""A study that every host has a part in, with a component of its own."""
from typing import Literal

from torch import nn

from cifar_models.activations import Activation
from search_spaces import Study, factor
from search_spaces.bases import TINY_CNN


class Softsign(Activation):
    """x / (1 + |x|).

    Source: torch.nn.Softsign.
    """

    name: Literal["softsign"] = "softsign"

    def build(self) -> nn.Module:
        return nn.Softsign()


STUDY = Study(
    name="shared",
    question="Does the activation matter?",
    base=TINY_CNN.replace(
        {"dataset.train_size": 400, "dataset.test_size": 100, "batch_size": 20, "epochs": 16}
    ),
    factors=(factor("activation", "model.activation", "relu", "tanh", Softsign()),),
    seeds=4,
)
'''


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Three hosts on which Ray runs; the user's study lies on the head."""
    skip_without_hosts()
    with local_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        cluster.up()
        (cluster.folder / "shared.py").write_text(STUDY, encoding="utf-8")
        cluster.ray("rsync-up", str(cluster.file), str(cluster.folder / "shared.py"), "shared.py")
        cluster.wait_for_workers()
        for worker in cluster.workers:  # as if another version were installed there
            package = worker.home / "cifar-sweeps/sweeps/__init__.py"
            package.write_text("raise ImportError('not the version of the head')")
        yield cluster
        cluster.down()
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection((cluster.head.address, 6379)).close()
            pytest.fail("Ray still runs")


@pytest.fixture(scope="package")
def undisturbed(cluster: LocalCluster) -> str:
    """What the study prints when nothing befalls it."""
    return cluster.run_study()
