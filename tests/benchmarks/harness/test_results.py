import json
from pathlib import Path

import pytest

from benchmarks.harness import Figure, Result, compare
from benchmarks.harness.results import machine, versions
from tests.benchmarks.harness.measured import CASE, result, window


def test_figure_tells_median_spread_and_target() -> None:
    figure = Figure(name="ratio", values=(5.0, 3.0, 4.5), at_least=4.0)
    assert (figure.n, figure.median, figure.spread, figure.met) == (3, 4.5, (3.0, 5.0), True)


@pytest.mark.parametrize(
    ("target", "met"),
    [
        ({"at_least": 3.0}, True),
        ({"at_least": 3.1}, False),
        ({"at_most": 3.0}, True),
        ({"at_most": 2.9}, False),
        ({"at_least": 2.0, "at_most": 2.9}, False),
        ({}, None),
    ],
)
def test_the_median_is_what_meets_a_target(target: dict[str, float], met: bool | None) -> None:
    assert Figure(name="f", values=(1.0, 3.0, 9.0), **target).met is met  # type: ignore[arg-type]


def test_comparison_is_polluted_only_by_windows_that_count() -> None:
    windows = list(CASE.windows)
    assert compare(windows, "ours", over="stock", at_least=4).polluted
    clean = [w for w in windows if not w.polluted or w.discarded] + [window("ours", 1, 600.0)]
    figure = compare(clean, "ours", over="stock", at_least=4)
    assert not figure.polluted
    assert figure.values == (4.0, 6.0)
    assert figure.name == "ours over stock"


def test_results_are_read_back_as_written(tmp_path: Path) -> None:
    on_cpu, on_gpu = result(CASE), result(CASE, device="cuda")
    assert on_cpu.write(tmp_path / "new").name == "input-cpu.json"
    on_gpu.write(tmp_path / "new")
    assert Result.read_all(tmp_path / "new") == [on_cpu, on_gpu]


def test_json_holds_what_a_reader_wants(tmp_path: Path) -> None:
    plain = json.loads(result(CASE).write(tmp_path).read_text())
    (case,) = plain["cases"]
    assert len(case["windows"]) == 5
    assert case["figures"][0] | {"n": 2, "median": 5.0, "met": True} == case["figures"][0]
    assert plain["versions"]["torch"]


def test_machine_and_versions_are_told() -> None:
    assert {"cpu", "cores"} <= machine("cpu").keys()
    assert {"python", "torch", "ray", "optuna", "mlflow"} <= versions().keys()
