"""``python -m benchmarks NAME``: run benchmarks, and make docs/performance.md of their results.

Each of several benchmarks runs in a process of its own, so that none inherits threads, a Ray
session or memory from another.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
DOCUMENT = ROOT / "docs" / "performance.md"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 a benchmark failed, 2 bad input."""
    arguments = _parser().parse_args(argv)
    try:
        return _run(arguments)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="+", metavar="NAME",
        help="a benchmark; `all` (those too long for it only with --full); `report` writes "
        "docs/performance.md; `list`",
    )  # fmt: skip
    scale = parser.add_mutually_exclusive_group()
    scale.add_argument(
        "--quick", dest="scale", action="store_const", const="quick",
        help="try it: figures mean nothing, and are kept only where --out says",
    )  # fmt: skip
    scale.add_argument(
        "--full", dest="scale", action="store_const", const="full", help="more windows, larger runs"
    )
    parser.set_defaults(scale="standard")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="the real CIFAR-10")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: benchmarks/results")
    parser.add_argument(
        "--device", choices=("cpu", "cuda"), help="default: every kind that is present"
    )
    parser.add_argument(
        "--threads", type=int, metavar="N", default=min(2, os.cpu_count() or 1),
        help="that every arm computes with; default: 2",
    )  # fmt: skip
    return parser


def _run(arguments: argparse.Namespace) -> int:
    from benchmarks.harness.benchmark import load, names

    if arguments.names == ["list"]:
        print("\n".join(f"{name:<12}{load(name).compares}" for name in names()))
        return 0
    if arguments.names == ["report"]:
        return _report(arguments.out or RESULTS)
    wanted = arguments.names
    if wanted == ["all"]:
        full = arguments.scale == "full"
        wanted = [name for name in names() if full or not load(name).only_full]
    for name in wanted:
        load(name)  # a wrong name is told before anything runs
    if len(wanted) == 1:
        _measure(wanted[0], arguments)
        return 0
    command = [sys.executable, "-m", "benchmarks", *_options(arguments)]
    codes = [subprocess.run([*command, name], check=False).returncode for name in wanted]
    failed = [name for name, code in zip(wanted, codes, strict=True) if code]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _options(arguments: argparse.Namespace) -> list[str]:
    """Return the options as they would be written, for a process of its own."""
    options = [] if arguments.scale == "standard" else [f"--{arguments.scale}"]
    given = {key: value for key, value in vars(arguments).items() if value is not None}
    for key in given.keys() & {"data_dir", "out", "device", "threads"}:
        options += [f"--{key.replace('_', '-')}", str(given[key])]
    return options


def _measure(name: str, arguments: argparse.Namespace) -> None:
    """Run one benchmark on every device that is wanted; print its section, keep its results."""
    import torch

    from benchmarks.harness.benchmark import Options, load
    from benchmarks.harness.report import section
    from benchmarks.harness.results import Result, machine, now, versions
    from sweeps.record.environment import git_commit

    benchmark = load(name)
    present = {"cpu": True, "cuda": torch.cuda.is_available()}
    out = arguments.out or (None if arguments.scale == "quick" else RESULTS)
    results = []
    for device in benchmark.devices:
        if not present[device] or arguments.device not in (None, device):
            continue
        options = Options(arguments.scale, device, arguments.threads, arguments.data_dir, out)
        began, code, started = now(), (git_commit() or "")[:7], time.perf_counter()
        cases = tuple(benchmark.measure(options))
        result = Result(
            benchmark=name,
            device=device,
            scale=options.scale,
            threads=options.threads,
            cases=cases,
            date=began,
            machine=machine(device),
            versions=versions(),
            code=code,
            seconds=round(time.perf_counter() - started, 1),
        )
        if out:
            result.write(out)
        results.append(result)
    print(section(name, benchmark, results))


def _report(folder: Path) -> int:
    from benchmarks.harness.benchmark import load, names
    from benchmarks.harness.report import document
    from benchmarks.harness.results import Result

    text = document({name: load(name) for name in names()}, Result.read_all(folder))
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(text, encoding="utf-8")
    print(f"wrote {DOCUMENT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
