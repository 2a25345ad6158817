"""What a trial costs beside stock, and what the drivers hold."""

import pytest

from benchmarks import thousand
from benchmarks.control import Spent
from benchmarks.harness import Options
from tests.benchmarks.harness.measured import window


def test_ours_is_set_beside_stock(monkeypatch: pytest.MonkeyPatch) -> None:
    def each(trials: int, options: Options) -> object:
        costs = {thousand.STOCK: (0.1, 1.0), thousand.OURS: (0.11, 0.5)}
        return {
            name: (Spent(seconds * trials, 100 + megabytes * trials), window(name, 0, 1.0))
            for name, (seconds, megabytes) in costs.items()
        }

    monkeypatch.setattr(thousand, "_each", each)
    (case,) = thousand.measure(Options())
    more = next(figure for figure in case.figures if figure.unit == " %")
    assert more.median == pytest.approx(10.0)
    assert more.met
    memory = case.figures[-1]
    assert memory.median == pytest.approx(0.5 * (1000 - thousand.FEW))
    assert not memory.met  # 495 MB
