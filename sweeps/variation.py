"""What varies with the seed in a study, and what is fixed: as words for a caption."""

from collections.abc import Sequence
from typing import Any

from cifar_models.fixed_streams import PURPOSES

_SPLIT = "the split"


def by_source(study: dict[str, Any]) -> bool:
    """Whether the levels of a study are sources of variation."""
    return bool(study.get("design", {}).get("name") == "variance_by_source")


def changes_variation(study: dict[str, Any]) -> bool:
    """Whether the levels of a study differ in what varies with the seed."""
    levels = [level for factor in study.get("factors", []) for level in factor["levels"]]
    paths = {path for level in levels for path in level["changes"]}
    return any(f"{path}.".startswith(("fixed_streams.", "split.seed.")) for path in paths)


def varied(study: dict[str, Any]) -> str:
    """Say which sources of variation differ between the seeds of a study, without a full stop.

    Args:
        study: as plain data.
    """
    if by_source(study):
        return (
            "Each level lets one source vary with the seed and fixes the others at seed 0; all: "
            f"{_listed([*PURPOSES.values(), _SPLIT])} vary; none: nothing does"
        )
    base = study["base"]
    own = {name: seed for name, seed in base.get("fixed_streams", {}).items() if seed is not None}
    varying = [word for purpose, word in PURPOSES.items() if purpose not in own]
    fixed = [(PURPOSES[name], f"seed {seed}") for name, seed in own.items()]
    cut = base["split"]["seed"]
    if cut == "trial":
        varying.append(_SPLIT)
    else:
        fixed.append((_SPLIT, f"split seed {cut}"))
    told = "; ".join(part for part in (_vary(varying), _are_fixed(fixed)) if part)
    if changes_variation(study):
        return f"In the base recipe {told}"
    return f"{told[0].upper()}{told[1:]}"


def _vary(words: Sequence[str]) -> str:
    if not words:
        return "nothing varies with the seed"
    return f"{_listed(words)} {'vary' if len(words) > 1 else 'varies'} with the seed"


def _are_fixed(fixed: Sequence[tuple[str, str]]) -> str:
    match fixed:
        case []:
            return ""
        case [(word, seed)]:
            return f"{word} is fixed ({seed})"
        case _:
            return f"{_listed([f'{word} ({seed})' for word, seed in fixed])} are fixed"


def _listed(words: Sequence[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
