import pytest

from search_spaces.loading import built_in
from search_spaces.published import find, published, reports

STUDIES = [result for result in published().values() if result.kind == "study"]


@pytest.mark.parametrize("result", STUDIES, ids=lambda result: result.id)
def test_each_study_exists_and_has_every_printed_level(result) -> None:  # type: ignore[no-untyped-def]
    study = built_in()[result.id]
    assert study.reruns == result.id
    assert set(result.printed) <= {arm.level for arm in study.arms()}
    assert study.base.dataset.name == result.report.data
    assert study.claims


def test_every_rerun_was_published() -> None:
    reruns = {study.reruns for study in built_in().values() if study.reruns}
    run = ("study", "diagnostic")
    assert reruns == {name for name, result in published().items() if result.kind in run}


def test_each_diagnostic_is_a_study_that_is_looked_at() -> None:
    found = [result for result in published().values() if result.kind == "diagnostic"]
    assert len(found) == 12
    for result in found:
        study = built_in()[result.id]
        assert study.diagnostics
        assert study.base.dataset.name == result.report.data


def test_fractions_are_fractions() -> None:
    for result in published().values():
        for measures in result.printed.values():
            for measure, value in measures.items():
                if measure.endswith(("accuracy", "macro_f1")):
                    assert 0 < value < 1


def test_numbers_by_seed_are_printed_as_means() -> None:
    seeds = find("d_seeds")
    assert seeds.printed["as published"]["train_accuracy"] == pytest.approx(0.5689)
    assert seeds.by_seed["as published"]["accuracy"] == (0.4942, 0.4865, 0.4739)
    assert find("d_headline").by_seed == {}
    for result in published().values():
        for measures in result.by_seed.values():
            assert len(set(map(len, measures.values()))) == 1


def test_what_is_no_study_says_so() -> None:
    kinds = {result.kind for result in published().values()}
    assert kinds == {"study", "diagnostic", "benchmark", "citation", "property"}
    assert set(reports()) == {name.partition("_")[0] for name in published()}


def test_an_unknown_id_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="no report has 'a_los': did you mean 'a_loss'"):
        find("a_los")
