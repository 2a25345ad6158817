"""Killed at random, and run again until it ends, a study is what it would have been.

``CERTIFY_KILLS`` says how many kills each study has to bear: 4 unless it is set.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.certification import victims
from tests.certification.conftest import Cost
from tests.certification.evidence import Evidence, as_json, recorded, trained_alone
from tests.certification.studies import CERTIFIED, Certified

KILLS = int(os.environ.get("CERTIFY_KILLS", "4"))
SLOTS = 2

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300 + 120 * KILLS)]


@pytest.mark.parametrize("study", CERTIFIED, ids=lambda study: study.name)
def test_a_study_bears_kills(study: Certified, tmp_path: Path, costs: list[Cost]) -> None:
    study.write(tmp_path / "killed")
    killed = Evidence(tmp_path / "killed")
    kills = run_and_kill(killed, study, random.Random(study.name))
    assert sum(kills.values()) == KILLS, f"it ended after {kills}"

    redone = killed.epochs_trained() - killed.epochs_recorded()
    cost = Cost(
        study=study.name,
        kills=", ".join(f"{number} {target}" for target, number in sorted(kills.items())),
        epochs=killed.epochs_recorded(),
        redone=redone,
        duplicates=killed.duplicates(),
        lost=killed.lost(),
    )
    costs.append(cost)
    assert (cost.duplicates, cost.lost) == (0, 0)
    assert killed.thrown_back() == 0, "a checkpoint is never behind the record"
    assert redone <= KILLS * SLOTS, "a kill costs the epochs that were in the making, no more"
    assert {run.info.status for run in killed.runs()} == {"FINISHED"}

    if study.same_as_undisturbed:
        study.write(tmp_path / "undisturbed")
        assert victims.start(tmp_path / "undisturbed", *study.options).wait() == 0
        twin = Evidence(tmp_path / "undisturbed")
        assert as_json(killed.outcome()) == as_json(twin.outcome())
        assert as_json(killed.told()) == as_json(twin.told())
        assert killed.table() == twin.table()
    else:
        is_what_its_histories_say(killed)


def run_and_kill(evidence: Evidence, study: Certified, chance: random.Random) -> Counter[str]:
    """Run a study to its end, killing something of it again and again; count the kills."""
    journal = evidence.state / "journal.jsonl"
    kills: Counter[str] = Counter()
    targets = victim_after_victim(chance)
    driver = victims.start(evidence.folder, *study.options)
    while sum(kills.values()) < KILLS:
        victims.wait_for_lines(driver, journal, victims.count_lines(journal) + chance.randint(2, 9))
        time.sleep(chance.uniform(0.0, 0.5))  # anywhere in an epoch
        target = next(targets)
        kills[target] += victims.kill(driver, target)
        if driver.poll() is not None:
            if driver.returncode == 0:
                break
            driver = victims.start(evidence.folder, *study.options)
    while driver.wait() != 0:
        driver = victims.start(evidence.folder, *study.options)
    return kills


def victim_after_victim(chance: random.Random) -> Iterator[str]:
    """Yield what is to be killed: each as often as the others, in an order of chance."""
    while True:
        yield from chance.sample(["driver", "worker", "session", "driver"], 4)


def is_what_its_histories_say(evidence: Evidence) -> None:
    """Hold an asynchronous search's databases against the journal, and that against trainings."""
    study, records = evidence.study, evidence.records()
    assert study.search is not None
    suggestions = evidence.suggestions()
    assert len(suggestions) == study.search.trials
    for suggestion in suggestions:
        record = records[suggestion.user_attrs["trial"]]
        state = {"finished": "COMPLETE", "stopped": "PRUNED", "diverged": "PRUNED"}[record.status]
        assert suggestion.state.name == state
        measured = {e: r["metrics"]["validation/accuracy"] for e, r in record.results.items()}
        assert suggestion.intermediate_values == measured
    for trial, epoch, stopped, decided in evidence.decisions():
        assert stopped == decided, f"{trial} at epoch {epoch}"
    for record in records.values():
        if record.status == "finished":
            assert recorded(record) == trained_alone(record)
