"""Which trials belong to which study, as MLflow has it: what each study cites and shares."""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeps.record.mlflow_runs import Runs

if TYPE_CHECKING:
    from cifar_models.source_file import SourceFile
    from search_spaces.study import Study

_SCRIPTS = ("sweeps", "ablation.py", "__main__.py")
"""What is run again by its words; a notebook is not."""
_SECRET = re.compile(r"(?<=://)([^/?#:]*:).*@|([?&][^=&]*=)[^&]*")
"""What stands in a URL between a user's name and a host, or as a value after its path."""
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


def membership_text(
    study: "Study",
    sources: "Sequence[SourceFile]",
    sizes: Mapping[str, int],
    classes: Sequence[str],
    cells: Sequence[dict[str, Any]],
) -> str:
    """Return what a study's parent run keeps: the study itself, and which trials are which level.

    Args:
        study: As it is run.
        sources: The user's own files.
        sizes: Images of each part of the split.
        classes: Their names, where all trials have the same.
        cells: The trials with their role, variant, factor and level.
    """
    command = sys.argv if Path(sys.argv[0]).name in _SCRIPTS else []
    membership = {
        "format": 1,
        "study": study.model_dump(mode="json"),
        "sources": {source.filename: source.text for source in sources},
        "images": dict(sizes),
        "classes": list(classes),
        "command": [_without_secrets(word) for word in command],
        "cells": list(cells),
    }
    return json.dumps(membership, indent=1)


def _without_secrets(word: str) -> str:
    if "://" not in word:
        return word
    return _SECRET.sub(lambda m: f"{m[1]}***@" if m[1] is not None else f"{m[2]}***", word)


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
