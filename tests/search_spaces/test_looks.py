"""Seeds as many as it takes."""

import json

import pytest

from cifar_models.splits import Split
from search_spaces import Factorial, Study
from search_spaces.bases import SMALL_CNN
from search_spaces.claims import Ordering
from search_spaces.looks import FORMS, SequentialSeeds
from tests.search_spaces.test_study import STUDY, refused


def auto(text: str) -> Study:
    return STUDY.replace(seeds=text)


def test_auto_has_looks_of_its_own_and_one_may_give_others() -> None:
    assert auto("auto").looks == SequentialSeeds().looks == (7, 10, 14, 20)
    assert auto("auto:4,8").looks == (4, 8)
    assert auto("auto").seed_list == tuple(range(20))
    assert STUDY.looks == ()
    assert STUDY.replace(seeds=SequentialSeeds(looks=(3, 6))).looks == (3, 6)


def test_the_rule_is_in_what_is_recorded() -> None:
    told = auto("auto").model_dump(mode="json")
    assert told["seeds"]["looks"] == [7, 10, 14, 20]
    assert "O'Brien-Fleming" in told["seeds"]["rule"]
    assert "about 0.05 for normally distributed differences" in told["seeds"]["rule"]
    assert Study.model_validate(json.loads(json.dumps(told))) == auto("auto")


@pytest.mark.parametrize(
    "text", ["often", "auto:", "auto:x", "auto 5", "auto:3,", "automatic", "5"]
)
def test_what_is_not_read_is_a_sentence(text: str) -> None:
    assert f"seeds want {FORMS}; got" in refused(seeds=text)


@pytest.mark.parametrize("looks", ["1,5", "5,4", "5,5", "19,20", "1,20"])
def test_looks_increase_by_a_tenth_at_least(looks: str) -> None:
    assert "looks must be two to four increasing numbers" in refused(seeds=f"auto:{looks}")


@pytest.mark.parametrize("looks", ["5", "2,4,6,8,10"])
def test_there_are_two_to_four_looks(looks: str) -> None:
    assert "looks must be two to four increasing" in refused(seeds=f"auto:{looks}")


def test_there_are_not_more_seeds_than_an_ablation_has() -> None:
    assert "below 1,000,000" in refused(seeds="auto:500000,1000000")


def test_without_validation_images_nothing_can_be_decided() -> None:
    blind = SMALL_CNN.replace({"split": Split(validation=0)})
    assert "needs validation images" in refused(base=blind, search=None, seeds="auto")


def test_the_best_epoch_of_the_deciding_images_decides_nothing() -> None:
    assert "give selection 'last', or a number" in refused(selection="best", seeds="auto")


def test_what_wants_equal_seeds_gets_a_number() -> None:
    claims = (Ordering(factor="activation", levels=("mish", "relu")),)
    for changes in (
        {"factors": ()},
        {"design": Factorial()},
        {"claims": claims},
        {"reruns": "b_activation"},
    ):
        assert "give a number" in refused(seeds="auto", **changes)
