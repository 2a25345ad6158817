"""Which trials belong to which study, as MLflow has it: what each study cites and shares."""

from collections.abc import Mapping
from dataclasses import dataclass

from sweeps.record.mlflow_runs import Runs

MEMBER = "in."
"""How a tag begins that says for which study a trial was run."""


@dataclass(frozen=True)
class Membership:
    """The trials of a study."""

    trials: frozenset[str]
    """All that it ever asked for."""
    cited: frozenset[str]
    """Those whose numbers stand in its table."""
    rule: str = "last"
    """Which epoch of them is evaluated."""


def memberships(runs: Runs) -> dict[str, Membership]:
    """Return every study's trials by its name.

    Of a study whose table is not to be had, all trials count as cited: nothing of it is lost.
    """
    asked: dict[str, set[str]] = {}
    for run in runs.find(kind="trial"):
        for tag in run.data.tags:
            if tag.startswith(MEMBER):
                asked.setdefault(tag.removeprefix(MEMBER), set()).add(run.data.tags["trial"])
    found = {
        study: Membership(frozenset(trials), frozenset(trials)) for study, trials in asked.items()
    }
    for parent in runs.find(kind="study"):
        study = parent.data.tags["study"]
        trials = asked.get(study, set())
        kept = runs.membership(parent)
        if kept is None:
            found[study] = Membership(frozenset(trials), frozenset(trials))
            continue
        members = {cell["trial"] for cell in kept["cells"]}
        cited = {cell["trial"] for cell in kept["cells"] if cell["role"] == "ablation"}
        rule = kept["study"]["selection"]
        found[study] = Membership(frozenset(trials | members), frozenset(cited), rule)
    return found


def unshared(study: str, members: Mapping[str, Membership]) -> set[str]:
    """Return the trials of a study that no other study asked for."""
    others = (other.trials for name, other in members.items() if name != study)
    return set(members[study].trials).difference(*others)
