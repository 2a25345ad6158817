"""Nodes of a cluster that are lost, and nodes that are preempted."""

import os
import re
from pathlib import Path

import pytest

from tests.certification import victims
from tests.certification.evidence import Evidence, as_json
from tests.certification.nodes import nodes
from tests.certification.studies import ABLATION, CERTIFIED, Certified

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

STUDIES = CERTIFIED[:2] if "CERTIFY_KILLS" in os.environ else [ABLATION]
"""With searches only when there is time for more kills, too."""
LOSSES = ("kill", "preempt", "kill", "preempt")


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_a_study_bears_the_loss_of_nodes(study: Certified, tmp_path: Path) -> None:
    """One driver bears them all: nobody has to run the command again."""
    study.write(tmp_path / "undisturbed")
    assert victims.start(tmp_path / "undisturbed", *study.options).wait() == 0
    study.write(tmp_path / "bereft")
    bereft, twin = Evidence(tmp_path / "bereft"), Evidence(tmp_path / "undisturbed")
    journal = bereft.state / "journal.jsonl"
    with nodes() as cluster:
        there = [cluster.add(), cluster.add()]
        driver = victims.start(bereft.folder, "--address", cluster.address, *study.options)
        for loss in LOSSES:
            lines = victims.count_lines(journal)
            victims.wait_for_lines(driver, journal, lines + (30 if lines == 0 else 12))
            assert driver.poll() is None, "it ended before nodes were lost"
            getattr(cluster, loss)(there.pop(0))
            there.append(cluster.add())
        assert driver.wait(victims.PATIENCE) == 0

    assert as_json(bereft.outcome()) == as_json(twin.outcome())
    assert as_json(bereft.told()) == as_json(twin.told())
    assert bereft.table() == twin.table()
    assert (bereft.duplicates(), bereft.lost(), bereft.thrown_back()) == (0, 0, 0)
    redone = bereft.epochs_trained() - bereft.epochs_recorded()
    assert redone <= len(LOSSES), "a node has one worker"
    told = re.findall(r"Workers lost: (.*?)\.", (bereft.folder / "output").read_text())
    assert "preempted" in "".join(told)
    assert sum(map(int, re.findall(r"\d+", "".join(told)))) >= len(LOSSES) - 1  # one may be idle
