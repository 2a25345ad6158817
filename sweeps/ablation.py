"""THE script: ``ray submit cluster.yaml sweeps/ablation.py -- --study NAME``.

``python sweeps/ablation.py`` runs it on this machine; it is ``sweeps run``.
"""

import sys
from pathlib import Path

# Python puts this file's own folder first: there, `sweeps` would be no package.
_HERE = Path(__file__).resolve().parent
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != _HERE]

from sweeps.commands.options import alone  # noqa: E402
from sweeps.commands.run import run  # noqa: E402

if __name__ == "__main__":
    alone(run)()
