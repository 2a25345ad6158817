"""Searches in a file of the driver's own, or in a database that the user names."""

from pathlib import Path

import optuna
import pytest
from optuna.exceptions import StorageInternalError

from sweeps.execution.suggestions import claim, find_search, open_suggestions, unanswered
from sweeps.record.places import Places, resolve_places


def places(folder: str) -> Places:
    return resolve_places(folder, optuna_uri="postgresql+psycopg://me:secret@host/optuna")


@pytest.fixture
def search() -> optuna.Study:
    return optuna.create_study(study_name="one")


@pytest.mark.parametrize("place", ["{}/optuna.jsonl", "sqlite:///{}/optuna.db"])
def test_a_search_is_found_by_its_name(tmp_path: Path, place: str) -> None:
    place = place.format(tmp_path)
    assert find_search(place, "one") is None
    begun = optuna.create_study(storage=open_suggestions(place), study_name="one")
    begun.add_trial(optuna.trial.create_trial(value=0.5))
    assert find_search(place, "two") is None
    found = find_search(place, "one")
    assert found is not None
    assert found.best_value == 0.5


def test_a_search_in_a_database_belongs_to_one_state_folder(
    search: optuna.Study, tmp_path: Path
) -> None:
    for name in ("mine", "others"):
        (tmp_path / name).mkdir()
    claim(search, places(f"{tmp_path}/mine"))
    with pytest.raises(ValueError, match=r"belongs to the state folder .*/mine: give that"):
        claim(search, places(f"{tmp_path}/others"))
    (tmp_path / "mine").rename(tmp_path / "moved")
    assert claim(search, places(f"{tmp_path}/moved")) is search


def test_a_search_in_the_drivers_file_goes_where_its_folder_goes(search: optuna.Study) -> None:
    claim(search, resolve_places("/mine"))
    claim(search, resolve_places("/others"))


def test_looking_for_a_search_makes_no_database(tmp_path: Path) -> None:
    assert find_search(f"sqlite:///{tmp_path}/optuna.db", "one") is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg://me:secret@127.0.0.1:1/optuna", "does not answer|not installed"),
        ("nowhere://me:secret@here/optuna", "wants the URL of a database"),
        ("://", "wants the URL of a database"),
        ("postgresql+psycopg://me:secret@host:port/optuna", "wants the URL of a database"),
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
