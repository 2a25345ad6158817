import pytest

from benchmarks.harness import Benchmark, Case
from benchmarks.harness.report import document, number, section, table
from tests.benchmarks.harness.measured import CASE, result

ON_BOTH = Benchmark("Ours and theirs.", lambda _: [CASE], devices=("cpu", "cuda"), notes=("Mind.",))
ON_GPU = Benchmark("Only there.", lambda _: [], devices=("cuda",))


def row(text: str, *beginning: str) -> list[str]:
    """Return the cells of the one row of all tables that begins so."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    (found,) = [cells for cells in rows if cells[: len(beginning)] == list(beginning)]
    return found


def test_section_tells_figures_with_spread_target_and_verdict() -> None:
    text = section("input", ON_BOTH, [result(CASE)])
    ratio = row(text, "LeNet5", "ours over stock")
    assert ratio[2:] == ["5x †", "4x to 6x", "2", ">= 4x", "met"]
    assert row(text, "LeNet5", "cost")[2:] == ["30 ms", "", "1", "<= 25 ms", "**missed**"]
    assert row(text, "LeNet5", "told only")[2:] == ["0.123 %", "", "1", "", ""]
    assert row(text, "LeNet5", "ours")[2:] == ["2", "500 images †", "400", "600"]


def test_section_tells_the_conditions() -> None:
    text = section("input", ON_BOTH, [result(CASE)])
    assert "A processor, 2 cores, 2 threads; 2026-01-01 12:00 UTC" in text
    assert "1 of 5 windows measured again" in text
    assert text.index("- Mind.") < text.index("- A note.")


def test_section_tells_the_commit_where_it_is_known() -> None:
    assert "Commit" not in section("input", ON_BOTH, [result(CASE)])
    timed = result(CASE).model_copy(update={"code": "1a2b3c4", "seconds": 61.5})
    assert "Commit 1a2b3c4, measured in 61.5 s." in section("input", ON_BOTH, [timed])
    remembered = timed.model_copy(update={"cases": (Case(name="Runs of other days"),)})
    assert "Commit 1a2b3c4.\n" in section("input", ON_BOTH, [remembered])


def test_document_tells_how_long_make_bench_took() -> None:
    benchmarks = {"input": ON_BOTH, "nodes": Benchmark("Long.", lambda _: [], only_full=True)}
    timed = result(CASE).model_copy(update={"seconds": 60.0})
    on_gpu = result(CASE, device="cuda").model_copy(update={"seconds": 30.0})
    long = result(CASE, benchmark="nodes")
    said = "What `make bench` measures took 1.5 minutes together."
    assert said in document(benchmarks, [timed, on_gpu, long])
    assert "took" not in document(benchmarks, [result(CASE), on_gpu, long])
    assert "took" not in document(benchmarks, [long])
    assert document(benchmarks, [timed, result(CASE, benchmark="gone")])


def test_a_device_without_result_is_open() -> None:
    cpu, gpu = result(CASE), result(CASE, device="cuda")
    assert "On `cuda` open: no GPU was at hand." in section("input", ON_BOTH, [cpu])
    assert "open" not in section("input", ON_BOTH, [cpu, gpu])
    assert "On `cpu` open: not measured yet." in section("input", ON_BOTH, [gpu])


def test_document_has_a_section_each_and_all_targets_at_a_glance() -> None:
    text = document({"input": ON_BOTH, "speedrun": ON_GPU}, [result(CASE)])
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## Targets at a glance",
        "## input",
        "## speedrun",
    ]
    glance = text.split("## input")[0]
    assert row(glance, "input", "cpu", "LeNet5", "ours over stock")[-1] == "met"
    assert "told only" not in glance
    assert row(glance, "speedrun", "cuda")[3] == "open: no GPU was at hand"


def test_table_is_aligned() -> None:
    lines = table(["a", "long"], [["longer", "b"], ["c", ""]]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[1] == "|--------|------|"


@pytest.mark.parametrize(
    ("value", "text"),
    [(314159.0, "314,159"), (100.4, "100"), (99.96, "100"), (12.34, "12.3"), (0.00312, "0.00312"),
     (-1.5, "-1.5")],
)  # fmt: skip
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text
