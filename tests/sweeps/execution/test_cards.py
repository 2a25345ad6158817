"""Trials that do not fit on the GPU of one node, in a cluster that has larger ones."""

import contextlib
import io
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
import ray
from ray.cluster_utils import Cluster
from rich.console import Console

from search_spaces.loading import load_study
from sweeps.execution.cards import Answers, Card, Cards, parse_card, roomy
from sweeps.execution.options import Options
from sweeps.execution.ray_session import Resources
from sweeps.execution.runner import StudyRun
from sweeps.record.journal import Journal, read_records
from sweeps.record.places import resolve_places
from tests.sweeps.execution.specs import BASE, spec

T4, A100 = Card(15360, "Tesla T4"), Card(40960, "NVIDIA A100-SXM4-40GB")
SMALL, LARGE = "15360, Tesla T4", "40960, NVIDIA A100-SXM4-40GB"


def test_the_smallest_gpu_of_a_node_is_its_card() -> None:
    assert parse_card([LARGE, SMALL]) == T4
    assert parse_card([]) is None
    assert parse_card(["[N/A], Orin"]) is None
    assert str(A100) == "NVIDIA A100-SXM4-40GB (40 GiB)"


def test_what_did_not_fit_goes_to_larger_cards_or_else_to_the_largest() -> None:
    cards = {"a": T4, "b": A100, "c": Card(23028, "A10G"), "d": T4}
    assert set(roomy(cards, T4.memory)) == {"b", "c"}
    assert set(roomy(cards, 23028)) == {"b"}
    assert set(roomy(cards, A100.memory)) == {"b"}
    assert set(roomy({"a": T4, "d": T4}, A100.memory)) == {"a", "d"}, "the large one has gone"
    assert roomy({}, 1) == {}


class Nodes:
    """What nodes would answer, if at all, and how often each was asked."""

    def __init__(self, **answers: list[str] | None) -> None:
        self.answers, self.asked = answers, Counter[str]()
        self.silent = set[str]()

    def ids(self) -> list[str]:
        return list(self.answers)

    def ask(self, nodes: Iterable[str], look: Callable[[], list[str]], seconds: float) -> Answers:
        assert cast(partial[Any], look).args == ("memory.total,name",)
        self.asked.update(wanted := list(nodes))
        assert seconds <= (30 if set(wanted) - self.silent else 10), "results wait meanwhile"
        self.silent = {node for node in wanted if self.answers.get(node) is None}
        told = ((node, self.answers.get(node)) for node in wanted)
        return {node: lines for node, lines in told if lines is not None}

    def cards(self, journal: Journal) -> Cards:
        return Cards(journal, self.ids, self.ask)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with contextlib.closing(Journal(tmp_path)) as journal:
        yield journal


FIRST, SECOND = spec(seed=0), spec(BASE.replace({"optimizer.lr": 0.2}), seed=1)
OTHER = spec(BASE.replace({"batch_size": 10}))


def test_its_like_begin_where_the_first_went_also_after_a_restart(journal: Journal) -> None:
    nodes = Nodes(a=[SMALL], b=[LARGE], c=[])
    cards = nodes.cards(journal)
    assert cards.too_small(FIRST) == ()
    assert not nodes.asked, "nobody is asked before memory is lacking"
    assert cards.outgrown(FIRST, "a") == (
        f"Trial {FIRST.id} did not fit on Tesla T4 (15 GiB): it goes on where there is "
        "NVIDIA A100-SXM4-40GB (40 GiB)."
    )
    for known in (cards, nodes.cards(journal)):
        assert known.too_small(FIRST) == known.too_small(SECOND) == ("a", "c")
        assert known.too_small(OTHER) == ()
    nodes.answers["d"] = [SMALL]
    assert cards.too_small(SECOND) == ("a", "c", "d")
    assert nodes.asked == {"a": 2, "b": 2, "c": 2, "d": 1}, "once by each driver"


def test_there_is_nowhere_to_go_from_the_largest_card(journal: Journal) -> None:
    cards = Nodes(a=[SMALL], b=[LARGE]).cards(journal)
    assert cards.outgrown(FIRST, "b") == ""
    assert cards.outgrown(SECOND, "a") == "", "its like did not fit on the larger one"
    assert cards.too_small(FIRST) == ("a",), "every seed has tried the largest"


@pytest.mark.parametrize(
    "nodes", [Nodes(a=[SMALL]), Nodes(a=[SMALL], b=[SMALL]), Nodes(a=[], b=[LARGE])]
)
def test_nothing_goes_on_where_no_larger_card_is_known(nodes: Nodes, journal: Journal) -> None:
    assert nodes.cards(journal).outgrown(FIRST, "a") == ""


def test_a_node_that_does_not_answer_may_have_room(journal: Journal) -> None:
    nodes = Nodes(a=[SMALL], b=None)
    cards = nodes.cards(journal)
    assert cards.outgrown(FIRST, "a").endswith("a GPU whose machine has not answered yet.")
    for _ in range(3):
        assert cards.too_small(SECOND) == ("a",)
    assert nodes.asked == {"a": 1, "b": 1}, "no hand-out waits for it again"
    assert cards.outgrown(SECOND, "b") == "", "on how much it did not fit is not known"


def test_a_node_that_was_late_once_is_asked_when_memory_lacks_again(journal: Journal) -> None:
    nodes = Nodes(a=[SMALL], b=None, c=[LARGE])
    cards = nodes.cards(journal)
    cards.outgrown(FIRST, "a")
    assert cards.too_small(SECOND) == ("a",)
    nodes.answers["b"] = [SMALL]
    assert "A100" in cards.outgrown(SECOND, "b")
    assert cards.too_small(SECOND) == ("a", "b")


def test_silence_after_a_restart_holds_up_one_hand_out_alone(journal: Journal) -> None:
    Nodes(a=[SMALL], b=[LARGE]).cards(journal).outgrown(FIRST, "a")
    nodes = Nodes(a=None, b=None)
    cards = nodes.cards(journal)
    assert cards.too_small(FIRST) == cards.too_small(SECOND) == ()
    assert nodes.asked == {"a": 1, "b": 1}


def test_what_is_trained_afresh_is_not_known_to_be_large(journal: Journal) -> None:
    nodes = Nodes(a=[SMALL], b=[LARGE])
    nodes.cards(journal).outgrown(FIRST, "a")
    journal.append("forgotten", FIRST.id)
    assert nodes.cards(journal).too_small(FIRST) == ()


# ---------------------------------------------------------------------- simulated nodes

STUDY = '''
"""Components that lack memory: on the small card, on any, and of the host."""
import os
import time
from pathlib import Path
from typing import Literal

import torch
from torch import nn

from cifar_models.activations import Activation
from search_spaces import Study, factor
from tests.sweeps.execution.specs import BASE


class Lacking(nn.Module):
    def __init__(self, name, error, cards):
        super().__init__()
        self.name, self.error, self.cards = name, error, cards

    def forward(self, x):
        tried, card = Path(os.environ["TRIED"]), os.environ["CARD"]
        until = time.monotonic() + 60
        while card == "large" and not tried.exists() and time.monotonic() < until:
            time.sleep(0.1)  # the small one is tried first
        if card in self.cards and len(x) > 1:  # not while operations are counted
            with tried.open("a") as told:
                told.write(f"{self.name} {card}\\n")
            raise self.error("Tried to allocate 20.00 GiB.")
        return torch.relu(x)


class Large(Activation):
    """Source: this file."""

    name: Literal["large"] = "large"

    def build(self) -> nn.Module:
        return Lacking("large", torch.OutOfMemoryError, ("small",))


class Huge(Activation):
    """Source: this file."""

    name: Literal["huge"] = "huge"

    def build(self) -> nn.Module:
        return Lacking("huge", torch.OutOfMemoryError, ("small", "large"))


class Hoarding(Activation):
    """Source: this file."""

    name: Literal["hoarding"] = "hoarding"

    def build(self) -> nn.Module:
        return Lacking("hoarding", MemoryError, ("small", "large"))


STUDY = Study(
    name="lacking",
    question="Where is there memory?",
    base=BASE.replace({"model.activation": Large()}),
    factors=(factor("activation", "model.activation", Large(), Huge(), "relu", Hoarding()),),
    seeds=3,
)
'''


@contextlib.contextmanager
def two_cards(folder: Path) -> Iterator[str]:
    """Let there be a cluster of a small and a large card, and yield its address."""
    head = {"num_cpus": 0, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        for name, said in (("small", SMALL), ("large", LARGE)):
            tool = folder / name / "nvidia-smi"
            tool.parent.mkdir()
            tool.write_text(f"#!/bin/sh\necho '{said}'\n")
            tool.chmod(0o755)
            path = f"{tool.parent}:{os.environ['PATH']}"
            told = {"PATH": path, "CARD": name, "TRIED": str(folder / "tried")}
            cluster.add_node(num_cpus=1, num_gpus=1, env_vars=told)
        yield str(cluster.address)
    finally:
        ray.shutdown()  # type: ignore[no-untyped-call]
        cluster.shutdown()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("unloaded_studies")
def test_a_trial_is_trained_where_it_fits(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Resources, "device", "cpu")  # no simulated node has a GPU to train on
    file = tmp_path / "lacking.py"
    file.write_text(STUDY)
    study, sources = load_study(str(file))
    places, said = resolve_places(str(state)), io.StringIO()
    with two_cards(tmp_path) as address:
        options = Options(address=address)
        StudyRun(study, sources, places, options, Console(file=said, width=200)).execute()

    records = read_records(places.state)
    level = {t: r.spec["recipe"]["model"]["activation"]["name"] for t, r in records.items()}
    assert Counter((level[trial], record.status) for trial, record in records.items()) == {
        ("large", "finished"): 3, ("relu", "finished"): 3,
        ("huge", "out_of_memory"): 3, ("hoarding", "out_of_memory"): 3,
    }  # fmt: skip
    moved = re.findall(r"Trial (\w+) did not fit on Tesla T4 \(15 GiB\)", said.getvalue())
    tried = Counter((tmp_path / "tried").read_text().splitlines())
    assert Counter(f"{level[trial]} small" for trial in moved) == {
        lacked: count for lacked, count in tried.items() if lacked in ("large small", "huge small")
    }
    assert moved, "one of the first two trials begins on the small card"
    assert len(moved) == len({level[trial] for trial in moved}), "other seeds begin where they fit"
    assert tried["huge large"] == 3, "every seed has had the largest card"
    assert tried["hoarding small"] + tried["hoarding large"] == 3, "the host's memory is the same"
