"""Does a table confirm what was written down beforehand, or is it an exploration?"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pandas as pd


def standing(
    digest: str, written: float, frozen: Mapping[str, Any], study: Mapping[str, Any],
    trials: pd.DataFrame, curves: pd.DataFrame,
) -> str:  # fmt: skip
    """Say so in a sentence.

    Args:
        digest: name of what was written down.
        written: when, in seconds since 1970.
        frozen: fields of the study as they were written down.
        study: the study as it was run.
        trials: one row a (trial, membership); those of the ablation count.
        curves: one row a (trial, epoch), with ``time`` in seconds since 1970; trials that have not
            ended have none.

    Source: Nosek et al. 2018, "The preregistration revolution", PNAS 115(11).
    """
    when = datetime.fromtimestamp(written, UTC).strftime("%Y-%m-%d %H:%M UTC")
    name = f"as {digest[:16]} on {when}"
    changed = [field for field, value in frozen.items() if study.get(field) != value]
    if changed:
        return f"Exploratory: it was written down {name} with other {', '.join(changed)}"
    ours = set(trials.loc[trials["role"] == "ablation", "trial"])
    ended = curves[curves["trial"].isin(ours)]
    timed = ended.groupby("trial")["time"].min() if "time" in ended else pd.Series(dtype=float)
    before = int((timed < written).sum())
    if before:
        return (
            f"Exploratory: it was written down {name}, when {before} of its {len(ours)} trials had "
            "been trained"
        )
    return f"Confirmatory: it was written down {name}, before its first trial"
