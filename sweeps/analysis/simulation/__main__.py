"""`python -m sweeps.analysis.simulation`: try the statistics, write the page."""

import argparse
import sys
from pathlib import Path

from sweeps.analysis.simulation.page import broken, page
from sweeps.analysis.simulation.rates import STUDIES, planted, tried
from sweeps.analysis.simulation.sequences import saved


def main() -> int:
    """Write the page, or print it; the status is 1 where a promise is not kept."""
    parser = argparse.ArgumentParser(prog="python -m sweeps.analysis.simulation")
    parser.add_argument("--out", type=Path, help="write to a file instead of printing")
    parser.add_argument("--studies", type=int, default=STUDIES, help="how many each rate is of")
    options = parser.parse_args()
    if options.studies < 100:
        parser.error("--studies must be at least 100: a rate of fewer says nothing")
    trials, found = list(tried(options.studies)), list(planted(options.studies))
    spared = list(saved(options.studies))
    text = page(trials, found, spared)
    if options.out is None:
        print(text, end="")
    else:
        options.out.write_text(text, encoding="utf-8")
    return 1 if broken(trials, found, spared) else 0


if __name__ == "__main__":
    sys.exit(main())
