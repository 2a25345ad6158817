"""What MLflow's UI calls a trial, so that runs can be told apart, filtered and grouped there."""

from collections.abc import Iterable, Mapping
from typing import Any

from search_spaces.study import SEARCH_SEED, SELECTION_SEED, TUNING_SEED
from sweeps.record.identity import TrialSpec

_STREAMS = {"tuning": TUNING_SEED, "selection": SELECTION_SEED, "search": SEARCH_SEED}
"""Where the seeds of each role but the ablation begin, the last first."""


def labels(study: str, cells: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Return the tags that say what trials are to a study.

    Args:
        study: its name.
        cells: what its parent run keeps of them.

    Returns:
        By trial ``role.<study>``, and ``level.<study>`` where it stands for one, as
        ``activation=tanh``: equal for all its seeds. A baseline names its level of each factor.
    """
    found: dict[str, dict[str, str]] = {}
    for cell in cells:
        tags = found.setdefault(cell["trial"], {f"role.{study}": cell["role"]})
        if cell["factor"]:
            key, level = f"level.{study}", f"{cell['factor']}={cell['level']}"
            tags[key] = f"{tags[key]}, {level}" if key in tags else level
    return found


def run_name(spec: TrialSpec, level: str) -> str:
    """Return the name of a trial's run: what it stands for in the study that first trains it."""
    recipe = spec.recipe.signature[:6]
    for role, first in _STREAMS.items():
        if spec.seed >= first:
            return " ".join(word for word in (role, level, recipe) if word)
    return f"{level or recipe} seed {spec.seed}"
