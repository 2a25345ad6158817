"""Nodes whose GPUs have more memory: where a trial goes on that did not fit on a smaller one.

A cluster may have cards of several sizes, and Ray hands out any of them. Nodes are asked when a
trial first lacks memory; the journal keeps on how large a card it did not fit, so that its like
begin on a larger one: other seeds, and recipes that differ in real numbers alone.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

from cifar_models.recipe import Recipe
from sweeps.execution.cost import pace
from sweeps.execution.nvidia_smi import ask_nodes, nodes_with_gpus
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal

_FIELDS = "memory.total,name"
_SECONDS = 60.0
_GIB = 1024

Answers = dict[str, list[str]]


class Card(NamedTuple):
    """A kind of GPU."""

    memory: int
    """In MiB."""
    model: str

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.model} ({self.memory / _GIB:.0f} GiB)"


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
        nodes: Callable[[], Collection[str]] = nodes_with_gpus,
        ask: Callable[[Iterable[str], str, float], Answers] = ask_nodes,
    ) -> None:  # fmt: skip
        self._journal, self._nodes, self._ask = journal, nodes, ask
        self._known: dict[str, Card | None] = {}

    @cached_property
    def _lacked(self) -> dict[str, int]:
        """MiB of the largest card on which a kind of recipe did not fit."""
        lacked: dict[str, int] = {}
        for record in self._journal.trials.values():
            for kind, memory in record.outgrown.items():
                lacked[kind] = max(memory, lacked.get(kind, 0))
        return lacked

    def too_small(self, spec: TrialSpec) -> tuple[str, ...]:
        """Return the nodes where a trial shall not go, as far as others of its kind tell."""
        lacked = self._lacked and self._lacked.get(_kind(spec.recipe))
        if not lacked:
            return ()
        nodes = self._nodes()
        enough = roomy(self._cards(nodes), lacked)
        return tuple(sorted(set(nodes) - set(enough)))

    def outgrown(self, spec: TrialSpec, node: str) -> str:
        """Take notice that a trial did not fit on a node's card, which it had for itself.

        Returns:
            A sentence that says where it goes on; empty if no other node has more memory.
        """
        nodes = self._nodes()
        if len(nodes) < 2:  # nothing to ask for
            return ""
        cards, kind = self._cards({*nodes, node}), _kind(spec.recipe)
        if node not in cards:
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

    def _cards(self, nodes: Iterable[str]) -> dict[str, Card]:
        """Return what is known of nodes; each is asked once."""
        wanted = list(nodes)
        unasked = [node for node in wanted if node not in self._known]
        if unasked:
            answers = self._ask(unasked, _FIELDS, _SECONDS)
            self._known |= {node: parse_card(lines) for node, lines in answers.items()}
        known = ((node, self._known.get(node)) for node in wanted)
        return {node: card for node, card in known if card}


def _kind(recipe: Recipe) -> str:
    """Return what decides how much memory a trial takes, as a short name."""
    return hashlib.sha256(pace(recipe).encode()).hexdigest()[:16]
