"""Results as Markdown: a section a benchmark, and docs/performance.md made of all of them."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from benchmarks.harness.benchmark import Benchmark
from benchmarks.harness.results import Case, Figure, Result
from benchmarks.harness.windows import kept

_HEAD = """# Performance

Made by `python -m benchmarks report` from the files in `benchmarks/results/`; a change made here by
hand is lost. `make bench` measures most of it anew, `make bench-full` all, with more windows, and
`python -m benchmarks NAME` one section.

The arms of a case take turns within one run, there and back, and a ratio is taken round by round;
shown are its median, its smallest and largest value, and the number n of rounds. A window in which
others kept more than 7.5 % of the machine's cores busy (15 % of one core on two) is measured again;
† marks figures for which such a window had to be kept.
"""
_OPEN = {
    "cpu": "open: not measured yet",
    "cuda": "open: no GPU was at hand",
}


def document(benchmarks: Mapping[str, Benchmark], results: Sequence[Result]) -> str:
    """Return the whole document: targets at a glance, then a section a benchmark."""
    lines = [_HEAD, *_duration(benchmarks, results), "## Targets at a glance", ""]
    rows = [
        [result.benchmark, result.device, case.name, figure.name, *_told(figure)]
        for name in benchmarks
        for result in _of(name, results)
        for case in result.cases
        for figure in case.figures
        if figure.met is not None
    ]
    open_rows = [
        [name, device, "", _OPEN[device], "", "", "", "", ""]
        for name, benchmark in benchmarks.items()
        for device in _missing(benchmark, _of(name, results))
    ]
    head = ["benchmark", "device", "case", "figure", *_FIGURE_HEAD]
    lines += [table(head, rows + open_rows), ""]
    for name, benchmark in benchmarks.items():
        lines += [section(name, benchmark, _of(name, results)), ""]
    return "\n".join(lines).rstrip() + "\n"


def _duration(benchmarks: Mapping[str, Benchmark], results: Sequence[Result]) -> list[str]:
    """Return how long all that `make bench` measures took, where that is known."""
    names = [name for name, benchmark in benchmarks.items() if not benchmark.only_full]
    measured = [result for name in names for result in _of(name, results)]
    seconds = [result.seconds for result in measured if result.scale == "standard"]
    if not seconds or len(seconds) < len(measured) or not all(seconds):
        return []
    return [f"What `make bench` measures took {sum(seconds) / 60:.1f} minutes together.", ""]


def section(name: str, benchmark: Benchmark, results: Sequence[Result]) -> str:
    """Return what one benchmark compares, and its tables on each device."""
    parts = [f"## {name}", "", benchmark.compares, ""]
    for result in results:
        parts += [_conditions(result), ""]
        arms = [row for case in result.cases for row in _arm_rows(case)]
        if arms:
            head = ["case", "arm", "n", "median a second", "smallest", "largest"]
            parts += [table(head, arms), ""]
        figures = [[c.name, f.name, *_told(f)] for c in result.cases for f in c.figures]
        if figures:
            parts += [table(["case", "figure", *_FIGURE_HEAD], figures), ""]
    parts += [f"On `{device}` {_OPEN[device]}.\n" for device in _missing(benchmark, results)]
    parts += [f"- {note}" for note in _notes(benchmark, results)]
    return "\n".join(parts).rstrip() + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, padded so that it also reads in a terminal."""
    cells = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def number(value: float) -> str:
    """Return a number with three significant digits, whole from 100 on."""
    return f"{value:,.0f}" if abs(value) >= 99.95 else f"{value:.3g}"


_FIGURE_HEAD = ("median", "smallest to largest", "n", "target", "")


def _told(figure: Figure) -> list[str]:
    """Return median, spread, n, target and verdict of a figure as cells."""
    low, high = (f"{number(value)}{figure.unit}" for value in figure.spread)
    bounds = ((">=", figure.at_least), ("<=", figure.at_most))
    targets = [f"{sign} {number(b)}{figure.unit}" for sign, b in bounds if b is not None]
    return [
        f"{number(figure.median)}{figure.unit}{' †' if figure.polluted else ''}",
        f"{low} to {high}" if figure.n > 1 else "",
        str(figure.n),
        ", ".join(targets),
        {True: "met", False: "**missed**", None: ""}[figure.met],
    ]


def _arm_rows(case: Case) -> list[list[str]]:
    rows = []
    for arm in case.arms:
        windows = kept(case.windows, arm)
        rates = [window.rate for window in windows]
        mark = " †" if any(window.polluted for window in windows) else ""
        middle = f"{number(median(rates))} {case.unit}{mark}"
        rows.append([case.name, arm, str(len(rates)), middle, number(min(rates)),
                     number(max(rates))])  # fmt: skip
    return rows


def _conditions(result: Result) -> str:
    """Return where, when and under what load a result was measured: one paragraph."""
    windows = [window for case in result.cases for window in case.windows]
    machine = result.machine
    parts = [
        f"Device `{result.device}`: {machine.get('gpu', machine['cpu'])}, "
        f"{machine['cores']} cores, {result.threads} threads; {result.date} UTC; scale "
        f"{result.scale}; {', '.join(f'{name} {v}' for name, v in result.versions.items())}."
    ]
    if result.code:
        took = f", measured in {number(result.seconds)} s" if windows else ""
        parts.append(f"Commit {result.code}{took}.")
    foreign = [w.foreign for w in windows if w.foreign is not None and not w.discarded]
    if foreign:
        discarded = sum(window.discarded for window in windows)
        parts.append(
            f"Foreign load: {median(foreign):.2f} cores in the median window, at most "
            f"{max(foreign):.2f}; {discarded} of {len(windows)} windows measured again."
        )
    return " ".join(parts)


def _of(name: str, results: Sequence[Result]) -> list[Result]:
    return [result for result in results if result.benchmark == name]


def _missing(benchmark: Benchmark, results: Sequence[Result]) -> list[str]:
    present = {result.device for result in results}
    return [device for device in benchmark.devices if device not in present]


def _notes(benchmark: Benchmark, results: Sequence[Result]) -> list[str]:
    measured = [note for result in results for case in result.cases for note in case.notes]
    return list(dict.fromkeys([*benchmark.notes, *measured]))
