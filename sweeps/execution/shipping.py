"""This project's own source, sent to the workers of a cluster: all compute with the driver's."""

from pathlib import Path
from typing import Any

import cifar_models
import search_spaces
import sweeps

_PACKAGES = (cifar_models, search_spaces, sweeps)


def runtime_env() -> dict[str, Any]:
    """Return what Ray brings to every worker, as `ray.init` takes it.

    The packages that this process has imported, installed or of a working tree, go before what is
    installed on a node: that may be older, and would give other numbers under the same name. What
    the packages need has to be installed there. A user's own study file travels as text with the
    trials.
    """
    folders = [str(Path(path).resolve()) for package in _PACKAGES for path in package.__path__]
    return {"py_modules": folders, "excludes": ["__pycache__"]}
