from dataclasses import replace
from pathlib import Path

from sweeps.analysis.simulation.page import COMMAND, broken, page
from sweeps.analysis.simulation.promises import PROMISES
from sweeps.analysis.simulation.rates import Planted, Rate, Trial, planted, tried
from sweeps.analysis.simulation.sequences import Saved
from sweeps.analysis.simulation.worlds import APART, NORMAL

ROOT = Path(__file__).parents[4]
(PROMISE,) = [promise for promise in PROMISES if "paired difference" in promise.title]


def trial(rate: float, **changes: object) -> Trial:
    whole = Trial(PROMISE, NORMAL, 5, Rate(rate, 0.95, 2000))
    return replace(whole, **changes)  # type: ignore[arg-type]


def one(rate: float = 0.8) -> Planted:
    return Planted(1.0, 10, Rate(rate, 0.8, 2000), Rate(0.7, 0.6, 2000), float("nan"))


SAVED = Saved(2.0, 20, 2000, 0.95, 0.96, 0.9, 0.97, 11.5, 0.6)


def test_what_is_not_promised_is_italic_and_what_is_far_off_bold() -> None:
    text = page([trial(0.951), trial(0.9, world=APART)], [one()], [SAVED])
    assert "| normal | 95.1 |" in text
    assert "| skewed apart | ***90.0*** |" in text
    assert "Promised: 95 %; three standard errors are 1.5." in text
    assert "| 10 | 1 | 80.0 | 80.0 | 70.0 | 60.0 | \N{EN DASH} |" in text
    assert "| 20 | 2 | 95.0 | 96.0 | 90.0 | 97.0 | 11.5 | 60.0 |" in text
    assert "Promised: 3 rates. Not kept: none." in text


def test_a_broken_promise_is_named() -> None:
    blind, uncovered = replace(SAVED, found=0.8), replace(SAVED, covered=0.93)
    assert broken([trial(0.9), trial(0.9, world=APART)], [one(0.7)], [blind, uncovered]) == [
        f"{PROMISE.title}, normal, 5 seeds",
        "power at an effect of 1 with 10 seeds",
        *["sequential seeds at an effect of 2 with at most 20"] * 2,
    ]
    assert f"Not kept: {PROMISE.title}, normal" in page([trial(0.9)], [one()], [])


def test_every_promise_has_a_table_with_a_row_a_world() -> None:
    text = page(list(tried(8, seeds=(3, 20))), list(planted(100, (3,))), [SAVED])
    assert text.count("| normal |") == len(PROMISES)
    assert text.count("| skewed apart |") == sum(promise.elsewhere for promise in PROMISES)
    assert text.count("\n## ") == len(PROMISES) + 2


def test_the_page_in_docs_is_one_of_these_and_all_is_kept() -> None:
    text = (ROOT / "docs/statistics.md").read_text(encoding="utf-8")
    assert COMMAND in text
    assert "Not kept: none." in text
    assert text.count("\n## ") == len(PROMISES) + 2
    for promise in PROMISES:
        _, _, section = text.partition(f"{promise.title[1:]}\n")
        heads = " | ".join(f"{seeds} seeds" for seeds in promise.seeds)
        assert f"| chance | {heads} |" in section.partition("\n## ")[0]
