"""The design that lets one source of variation at a time vary."""

import pytest

from cifar_models.fixed_streams import PURPOSES
from search_spaces import Study, VarianceBySource, factor
from search_spaces.bases import TINY_CNN
from search_spaces.sources import Source

STUDY = Study(name="noise", question="What varies?", base=TINY_CNN, design=VarianceBySource())


def varying(study: Study) -> dict[str, set[str]]:
    """What varies with the seed at each level."""
    found = {}
    for arm in study.arms():
        fixed = arm.recipe.fixed_streams.model_dump(exclude_none=True)
        split = {"split"} if arm.recipe.split.seed == "trial" else set()
        assert split or arm.recipe.split.seed == 0
        assert set(fixed.values()) <= {0}
        found[arm.level] = split | (PURPOSES.keys() - fixed.keys())
    return found


def test_each_level_lets_one_source_vary_between_all_of_them_and_none() -> None:
    assert varying(STUDY) == {
        "all": {"split", *PURPOSES},
        "split": {"split"},
        "initialisation": {"init"},
        "data order": {"order"},
        "augmentation": {"augment"},
        "none": set(),
    }
    assert [arm.level for arm in STUDY.arms() if arm.baseline] == ["all"]
    assert {arm.factor for arm in STUDY.arms()} == {"source"}


@pytest.mark.parametrize("source", ["mixing", "dropout"])
def test_other_sources_can_be_asked_for(source: Source) -> None:
    study = STUDY.replace(design=VarianceBySource(sources=(source,)))
    assert varying(study)[source] == {source}
    assert len(study.arms()) == 3


def test_what_the_base_recipe_fixes_does_not_matter() -> None:
    fixed = TINY_CNN.replace({"fixed_streams": {"init": 3}, "split.seed": 5})
    assert STUDY.replace(base=fixed).arms() == STUDY.arms()


def test_it_survives_its_file_and_takes_no_factors() -> None:
    assert Study.model_validate(STUDY.model_dump(mode="json")) == STUDY
    with pytest.raises(ValueError, match="no factors"):
        STUDY.replace(factors=(factor("activation", "model.activation", "relu"),))
    with pytest.raises(ValueError, match="neither factors nor a search"):
        STUDY.replace(design="one_factor")
