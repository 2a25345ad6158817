"""How a benchmark is measured and told: load, windows, results, report.

A benchmark is a file ``benchmarks/NAME.py``::

    def measure(options: Options) -> list[Case]:
        with apart(stock, ours) as arms:  # functions that return an Arm; or several Arms here
            windows = alternate(arms, rounds=options.pick(2, 5, 15))
        ratio = compare(windows, "ours", over="stock", at_least=4)
        return [Case(name="LeNet5", unit="images", windows=tuple(windows), figures=(ratio,))]


    BENCHMARK = Benchmark("The same work by the stock loop and by ours.", measure)
"""

from benchmarks.harness.benchmark import Benchmark, Options, Scale
from benchmarks.harness.processes import apart
from benchmarks.harness.results import Case, Figure, Result, compare
from benchmarks.harness.windows import Arm, Window, alternate, rates, ratios

__all__ = [
    "Arm",
    "Benchmark",
    "Case",
    "Figure",
    "Options",
    "Result",
    "Scale",
    "Window",
    "alternate",
    "apart",
    "compare",
    "rates",
    "ratios",
]
