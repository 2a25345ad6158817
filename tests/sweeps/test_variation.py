"""The words for what varies with the seed."""

from typing import Any

import pytest

from search_spaces import Study, VarianceBySource, factor
from search_spaces.bases import TINY_CNN
from sweeps.publication import table_of
from sweeps.record.results import Results
from sweeps.variation import varied
from tests.sweeps.analysis import frames

FACTORS = (factor("activation", "model.activation", "relu", "tanh"),)
STUDY = Study(name="s", question="Q?", base=TINY_CNN, factors=FACTORS)
ALL_FIXED = {"init": 1, "order": 1, "augment": 1, "mixing": 1, "dropout": 1}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {},
            "Initialisation, data order, augmentation, mixing and dropout vary with the seed; the "
            "split is fixed (split seed 0)",
        ),
        (
            {"split.seed": "trial"},
            "Initialisation, data order, augmentation, mixing, dropout and the split vary with the "
            "seed",
        ),
        (
            {"fixed_streams": {"init": 3}, "split.seed": 2},
            "Data order, augmentation, mixing and dropout vary with the seed; initialisation "
            "(seed 3) and the split (split seed 2) are fixed",
        ),
        (
            {"fixed_streams": {**ALL_FIXED, "order": None}, "split.seed": "trial"},
            "Data order and the split vary with the seed; initialisation (seed 1), augmentation "
            "(seed 1), mixing (seed 1) and dropout (seed 1) are fixed",
        ),
    ],
)
def test_it_follows_from_the_recipe(changes: dict[str, Any], words: str) -> None:
    study = STUDY.replace(base=TINY_CNN.replace(changes))
    assert varied(study.model_dump(mode="json")) == words


def test_nothing_may_vary() -> None:
    study = STUDY.replace(base=TINY_CNN.replace({"fixed_streams": ALL_FIXED}))
    assert varied(study.model_dump(mode="json")).startswith("Nothing varies with the seed; ")


def test_levels_that_change_it_are_told_of() -> None:
    pinned = factor("start", "fixed_streams.init", drawn=None, fixed=0)
    told = varied(STUDY.replace(factors=(pinned,)).model_dump(mode="json"))
    assert told.startswith("In the base recipe initialisation, data order")


def test_a_study_of_sources_has_a_table_of_spreads() -> None:
    study = STUDY.replace(factors=(), design=VarianceBySource(sources=("init",)))
    plain = study.model_dump(mode="json")
    trials = frames.trials({"source": {"all": [0.6, 0.7], "initialisation": [0.65, 0.7]}})
    trials["split"] = trials["level"]  # of all it follows the seed
    images = {"train": 10, "validation": 5, "test": 5}
    table = table_of(Results(plain, {}, images, trials, trials.iloc[:0], "parent"))
    assert table.by_source
    assert "Each level lets one source vary with the seed and fixes the others" in table.caption
    assert "augmentation, mixing, dropout and the split vary; none: nothing does" in table.caption
