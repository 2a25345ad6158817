"""How to run many trainings: Ray Tune, Optuna and MLflow, and the tables that come of it.

``from sweeps import results, run`` serves notebooks; what it imports, it imports when asked.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sweeps.interactive import StudyResults, results, run

# Read when CUDA starts, in the driver and in every worker: a GPU has the number that Ray and
# nvidia-smi know it by. CUDA alone would count from the fastest.
os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")

__all__ = ["StudyResults", "results", "run"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("sweeps.interactive"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
