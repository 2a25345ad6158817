"""Searches in a file of the driver's own, or in a database that the user names."""

import optuna
import pytest
from optuna.exceptions import StorageInternalError

from sweeps.execution.suggestions import claim, find_search, open_suggestions, unanswered
from sweeps.record.places import Places, resolve_places


def places(folder: object, state: str = "state") -> Places:
    return resolve_places(f"{folder}/{state}", optuna_uri=f"sqlite:///{folder}/optuna.db")


def search(where: Places, name: str = "one") -> optuna.Study:
    storage = open_suggestions(where.suggestions)
    return optuna.create_study(storage=storage, study_name=name, load_if_exists=True)


@pytest.mark.parametrize("place", ["{}/optuna.jsonl", "sqlite:///{}/optuna.db"])
def test_a_search_is_found_by_its_name(tmp_path: object, place: str) -> None:
    place = place.format(tmp_path)
    assert find_search(place, "one") is None
    begun = optuna.create_study(storage=open_suggestions(place), study_name="one")
    begun.add_trial(optuna.trial.create_trial(value=0.5))
    assert find_search(place, "two") is None
    found = find_search(place, "one")
    assert found is not None
    assert found.best_value == 0.5


def test_a_search_in_a_database_belongs_to_one_state_folder(tmp_path: object) -> None:
    mine, others = places(tmp_path), places(tmp_path, "another")
    claim(search(mine), mine)
    assert claim(search(mine), mine).study_name == "one"
    with pytest.raises(ValueError, match=r"belongs to .*/state: run it there"):
        claim(search(others), others)
    claim(search(others, "two"), others)


def test_a_search_in_the_drivers_file_goes_where_its_folder_goes(tmp_path: object) -> None:
    where = resolve_places(f"{tmp_path}")
    claim(search(where), where)
    assert not search(where).user_attrs


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg://me:secret@127.0.0.1:1/optuna", "does not answer|not installed"),
        ("nowhere://me:secret@here/optuna", "wants the URL of a database"),
        ("://", "wants the URL of a database"),
        ("sqlite:////nowhere/optuna.db", "does not answer: .*unable to open database file"),
    ],
)
def test_a_database_that_cannot_be_had_is_a_sentence(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as error:
        open_suggestions(url)
    assert "secret" not in str(error.value)
    assert "\n" not in str(error.value)


def test_what_has_gone_away_is_told_by_its_cause() -> None:
    error = StorageInternalError("An exception is raised during the commit.")
    error.__cause__ = OSError("connection refused\nIs the server running?")
    assert str(unanswered(error)) == "Optuna's database does not answer: connection refused"
