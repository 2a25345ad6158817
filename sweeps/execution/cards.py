"""Nodes whose GPUs have more memory: where a trial goes on that did not fit on a smaller one.

A cluster may have cards of several sizes, and Ray hands out any of them. Nodes are asked when a
trial first lacks memory; the journal keeps on how large a card it did not fit, so that its like
begin on a larger one: other seeds, and recipes that differ in real numbers alone.
"""

import hashlib
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property, partial
from typing import NamedTuple

from cifar_models.recipe import Recipe
from sweeps.execution.cost import pace
from sweeps.execution.nodes import ask_nodes, nodes_with
from sweeps.execution.nvidia_smi import ask
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal

_nodes_with_gpus = partial(nodes_with, "GPU")
_ask_gpus = partial(ask, "memory.total,name")
_FIRST, _AGAIN = 30.0, 10.0
"""Seconds that nodes have to answer: meanwhile no result is heard and no trial handed out."""
_GIB = 1024

Answers = dict[str, list[str]]


class Card(NamedTuple):
    """A kind of GPU."""

    memory: int
    """In MiB."""
    model: str

    def __str__(self) -> str:
        """Return it for people."""
        if self == UNTOLD:
            return self.model
        return f"{self.model} ({self.memory / _GIB:.0f} GiB)"


UNTOLD = Card(sys.maxsize, "a GPU whose machine has not answered yet")
"""It may be as large as any."""


def parse_card(lines: Iterable[str]) -> Card | None:
    """Return the smallest GPU of a node, None where the tool says nothing of use."""
    try:
        parts = (line.split(",", 1) for line in lines)
        return min((Card(int(memory), name.strip()) for memory, name in parts), default=None)
    except ValueError:
        return None


def roomy(cards: Mapping[str, Card], lacked: int) -> dict[str, Card]:
    """Return the nodes with cards on which a trial may fit, or else those with the largest.

    Args:
        cards: By node.
        lacked: MiB of the largest card that it did not fit on.
    """
    largest = max((card.memory for card in cards.values()), default=0)
    least = min(lacked + 1, largest)
    return {node: card for node, card in cards.items() if card.memory >= least}


class Cards:
    """Those of the cluster, and which kinds of recipes did not fit on them.

    Args:
        journal: Keeps the latter.
        nodes: Returns the ids of those that live and have GPUs.
        ask: Asks some of them.
    """

    def __init__(
        self, journal: Journal,
        nodes: Callable[[], Collection[str]] = _nodes_with_gpus,
        ask: Callable[[Iterable[str], Callable[[], list[str]], float], Answers] = ask_nodes,
    ) -> None:  # fmt: skip
        self._journal, self._nodes, self._ask = journal, nodes, ask
        self._known: dict[str, Card | None] = {}
        self._asked: set[str] = set()

    @cached_property
    def _lacked(self) -> dict[str, int]:
        """MiB of the largest card on which a kind of recipe did not fit."""
        lacked: dict[str, int] = {}
        for record in self._journal.trials.values():
            for kind, memory in record.outgrown.items():
                lacked[kind] = max(memory, lacked.get(kind, 0))
        return lacked

    def too_small(self, spec: TrialSpec) -> tuple[str, ...]:
        """Return the nodes where a trial shall not go, as far as others of its kind tell.

        A node that has not answered is none of them, and is not waited for again.
        """
        lacked = self._lacked and self._lacked.get(_kind(spec.recipe))
        if not lacked:
            return ()
        nodes = self._nodes()
        self._learn(set(nodes) - self._asked)
        enough = roomy(self._cards(nodes), lacked)
        return tuple(sorted(set(nodes) - set(enough)))

    def outgrown(self, spec: TrialSpec, node: str) -> str:
        """Take notice that a trial did not fit on a node's card, which it had for itself.

        Returns:
            A sentence that says where it goes on; empty if no other node can have more memory.
        """
        nodes = self._nodes()
        if len(nodes) < 2:  # nothing to ask for
            return ""
        self._learn({*nodes, node})
        cards, kind = self._cards({*nodes, node}), _kind(spec.recipe)
        if cards.get(node, UNTOLD) == UNTOLD:
            return ""
        lacked = max(cards[node].memory, self._lacked.get(kind, 0))
        if lacked > self._lacked.get(kind, 0):
            self._journal.append("outgrown", spec.id, kind=kind, memory=lacked)
            self._lacked[kind] = lacked
        larger = {c for n, c in cards.items() if n in nodes and c.memory > lacked}
        if not larger:
            return ""
        kinds = " or ".join(map(str, sorted(larger)))
        return f"Trial {spec.id} did not fit on {cards[node]}: it goes on where there is {kinds}."

    def _learn(self, nodes: set[str]) -> None:
        """Ask those of the nodes that have not answered before."""
        seconds = _AGAIN if nodes <= self._asked else _FIRST
        self._asked |= nodes
        if silent := sorted(nodes - self._known.keys()):
            answers = self._ask(silent, _ask_gpus, seconds)
            self._known |= {node: parse_card(lines) for node, lines in answers.items()}

    def _cards(self, nodes: Iterable[str]) -> dict[str, Card]:
        """Return the cards of nodes, but of those whose answer was of no use."""
        known = ((node, self._known.get(node, UNTOLD)) for node in nodes)
        return {node: card for node, card in known if card}


def _kind(recipe: Recipe) -> str:
    """Return what decides how much memory a trial takes, as a short name."""
    return hashlib.sha256(pace(recipe).encode()).hexdigest()[:16]
