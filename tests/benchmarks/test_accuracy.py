import json
from pathlib import Path

import pytest

from benchmarks import accuracy
from benchmarks.accuracy import MOST, RECIPES, SECOND, Run, classic, ours
from benchmarks.harness import Options
from cifar_models.datasets import Shapes

RUN = Run("ours", "abc", "fp32", seed=3, train_images=10, torch="2.11")
KNOWN = accuracy._remembered


def test_a_run_that_is_in_the_file_is_not_run_again(tmp_path: Path) -> None:
    assert KNOWN(RUN, lambda seed: 60.0 + seed, tmp_path) == 63.0
    assert KNOWN(RUN, lambda _: pytest.fail("run again"), tmp_path) == 63.0
    other = Run("classic", "abc", "fp32", seed=3, train_images=10, torch="2.11")
    assert KNOWN(other, lambda _: 50.0, tmp_path) == 50.0
    lines = (tmp_path / "accuracy.jsonl").read_text().splitlines()
    assert [json.loads(line)["accuracy"] for line in lines] == [63.0, 50.0]


def test_a_line_that_a_kill_cut_off_is_run_again(tmp_path: Path) -> None:
    KNOWN(RUN, lambda _: 60.0, tmp_path)
    path = tmp_path / "accuracy.jsonl"
    path.write_text(path.read_text()[:40])
    assert KNOWN(RUN, lambda _: 61.0, tmp_path) == 61.0
    assert KNOWN(RUN, lambda _: pytest.fail("run again"), tmp_path) == 61.0


def test_without_a_folder_nothing_is_kept() -> None:
    assert KNOWN(RUN, lambda _: 60.0, None) == 60.0


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Return a function that lets runs give accuracies that depend on the seed, times a factor."""
    data = Shapes(train_size=128, test_size=100).build(None)

    def pretend(deviation: float, bias: float = 0.0) -> None:
        noise = [deviation * (seed % 3 - 1) for seed in range(300)]
        monkeypatch.setattr(accuracy, "cifar10", lambda _: data)
        monkeypatch.setattr(accuracy, "classic", lambda _r, seed, _d, _o: 60 + noise[seed])
        monkeypatch.setattr(accuracy, "ours", lambda _r, seed, _d, _o: 60 + bias + noise[seed])

    return pretend


def test_n_follows_from_the_pilot(pretended) -> None:  # type: ignore[no-untyped-def]
    counts = []
    for deviation in (0.01, 0.4, 5.0):
        pretended(deviation)
        case = accuracy.measure(Options())[0]
        counts.append(case.figures[0].n)
    assert counts[0] == accuracy.PILOT
    assert accuracy.PILOT < counts[1] < MOST
    assert counts[2] == MOST


def test_a_bias_is_no_equivalence(pretended) -> None:  # type: ignore[no-untyped-def]
    pretended(0.2)
    assert [case.figures[-1].met for case in accuracy.measure(Options())] == [True, True]
    pretended(0.2, bias=0.6)
    first, second, *_ = accuracy.measure(Options())
    for case in (first, second):
        assert case.figures[-1].met is False
        assert "not shown" in case.notes[0]
        assert "+0.60 points" in case.notes[0]


def test_what_is_not_shown_is_looked_at_again_with_fresh_seeds_at_half_of_alpha(
    pretended,  # type: ignore[no-untyped-def]
) -> None:
    pretended(0.7, bias=0.3)
    first, second, *_ = accuracy.measure(Options())
    assert (first.figures[-1].met, second.figures[-1].met) == (False, True)
    assert [figure.n for figure in second.figures[:2]] == [90, 210]
    assert "95 % interval" in second.figures[-1].name
    assert "alpha 0.025" in second.notes[0]
    assert min(seed for seeds in SECOND.values() for seed in seeds) >= MOST


@pytest.mark.timeout(120)
def test_both_sides_train_and_are_tested() -> None:
    data = Shapes(train_size=512, test_size=100).build(None)
    recipe = RECIPES["3-conv CNN (8, 16, 32)"].with_epochs(1)
    assert 0 < classic(recipe, 0, data, Options(threads=1)) < 100
    assert 0 < ours(recipe, 0, data, Options(threads=1)) < 100
