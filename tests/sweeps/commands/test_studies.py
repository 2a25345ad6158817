from pathlib import Path

import pytest

from sweeps.commands.studies import parse_seeds, resolve_study, study_name
from tests.sweeps.commands.command_line import TINY


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("5", 5), ("0,10,20", (0, 10, 20)), ("7,", (7,)), (" 1, 2 ", (1, 2))],
)
def test_seeds_are_a_number_or_a_list(text: str, seeds: int | tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["x", "", ",", "1.5", "1;2", "0,x"])
def test_other_seeds_are_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"--seeds wants a number or a list such as .*, or auto"):
        parse_seeds(text)


@pytest.mark.parametrize("text", ["0", "-1", "3,3", "-1,2", "1000000,", "1000001", "9" * 20])
def test_impossible_seeds_are_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="seeds") as said:
        resolve_study("losses", seeds=text)
    assert "\n" not in str(said.value)
    assert len(str(said.value)) < 200
    assert "constrained" not in str(said.value)


def test_options_change_the_study() -> None:
    study, sources = resolve_study("quickstart", epochs=4, trials=7, seeds="3,5")
    original, _ = resolve_study("quickstart")
    assert sources == ()
    assert study.base.epochs == 4
    assert study.search is not None
    assert original.search is not None
    assert study.search == original.search.model_validate(
        original.search.model_dump() | {"trials": 7}
    )
    assert study.seed_list == (3, 5)
    assert study.factors == original.factors


def test_another_dataset_brings_its_own_defaults() -> None:
    study, _ = resolve_study("activations", dataset="shapes")
    assert study.base.dataset.name == "shapes"
    assert {arm.recipe.dataset.name for arm in study.arms()} == {"shapes"}


def test_without_options_a_study_is_as_it_was_written() -> None:
    from search_spaces.studies.losses import STUDY

    assert resolve_study("losses") == (STUDY, ())


def test_trials_of_a_study_without_search_are_a_sentence() -> None:
    with pytest.raises(ValueError, match="--trials: study losses has no search"):
        resolve_study("losses", trials=5)


@pytest.mark.usefixtures("unloaded_studies")
def test_results_are_asked_for_by_name_or_by_file(tmp_path: Path) -> None:
    (tmp_path / "file.py").write_text(TINY, encoding="utf-8")
    assert study_name(str(tmp_path / "file.py")) == "tiny"
    assert study_name("gone") == "gone"  # results outlive the file of a study
