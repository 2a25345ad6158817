"""How a study is run, apart from what it asks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

GpuShare = float | Literal["auto"] | None
"""Of a GPU for each trial. None: a whole one where there are any. ``auto``: a whole one too, until
`sweeps.execution.packing` has measured how many trials it holds."""


@dataclass(frozen=True)
class Options:
    """What a command says of machines, data and time."""

    data_dir: Path | None = None
    address: str | None = None
    cpus_per_trial: int = 1
    gpus_per_trial: GpuShare = None
    max_concurrent: int | None = None
    time_budget: float | None = None
    """Seconds for all phases together."""
    deterministic: bool = False
    fresh: bool = False
    retry: frozenset[str] = frozenset()
    """How trials ended that are to be trained again."""
    trial_time_limit: float | None = None
    """Seconds that one trial may train."""
    min_concurrent: int | None = None
    """Room that a cluster must have before anything begins."""

    def again(self, status: str) -> bool:
        """Whether a trial that ended so is to be trained again."""
        return self.fresh or status in self.retry
