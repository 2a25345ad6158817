import re
from pathlib import Path
from typing import get_args

import pytest

from search_spaces.loading import built_in
from search_spaces.published import find, published
from sweeps.analysis.rendering.conclusions import page
from sweeps.analysis.reproduction import Budget
from sweeps.reproduction import (
    conclusions,
    document,
    listing,
    make,
    read_all,
    recorded_name,
    recordings,
    study_at,
    what_it_is,
    write,
)
from tests.sweeps.analysis.reproduced import compared

DOCS = Path(__file__).parents[2] / "docs"


def test_budgets_are_recorded_apart() -> None:
    full, quick = (study_at("c_loss", budget) for budget in ("full", "quick"))
    assert (full.name, quick.name) == ("c_loss", "c_loss-quick")
    assert full == built_in()["c_loss"]
    assert quick.seed_list == (0, 1)
    names = {recorded_name(name, budget) for name in published() for budget in get_args(Budget)}
    assert len(names) == 2 * len(published())


@pytest.mark.parametrize("budget", get_args(Budget))
def test_seeds_can_be_others(budget: Budget) -> None:
    assert study_at("c_loss", budget, 4).seed_list == (0, 1, 2, 3)
    assert study_at("c_loss", budget, (5, 7)).seed_list == (5, 7)


def test_the_quick_budget_wants_two_seeds() -> None:
    with pytest.raises(ValueError, match="at least 2 seeds, got 1"):
        study_at("c_loss", "quick", (5,))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("c_module-augmentation", "measured by a benchmark: python -m benchmarks input"),
        ("c_external-references", "not measured: there is nothing to run."),
        ("d_theory-bn-scale", "python -m pytest tests/cifar_models/test_norms.py"),
    ],
)
def test_what_no_study_runs_says_what_it_is(name: str, said: str) -> None:
    sentence = what_it_is(find(name))
    assert said in sentence
    assert sentence.startswith(f"{name} ({find(name).where}) is ")


def test_comparisons_are_written_in_every_format_and_read_again(tmp_path: Path) -> None:
    found = compared()
    folder = tmp_path / "new"
    files = write(found, folder)
    assert {file.name for file in files} == {
        f"b_activation.{suffix}" for suffix in ("md", "csv", "json")
    }
    write(compared(budget="quick"), folder)
    (folder / "other.json").write_text("{}")
    again = read_all(folder)
    assert list(again) == [("b_activation", "quick"), ("b_activation", "full")]
    assert again["b_activation", "full"] == found
    assert read_all(tmp_path / "none") == {}


def test_a_file_of_another_version_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "b_loss.json").write_text('{"format": 0}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"b_loss.json is no comparison of this version"):
        read_all(tmp_path)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "b_loss.json").write_bytes(b"\xff")
    with pytest.raises(ValueError, match=r"b_loss.json is no comparison .*no UTF-8 text"):
        read_all(tmp_path)


def test_a_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    make(tmp_path / "new" / "one")
    assert not list((tmp_path / "new" / "one").iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"cannot write .*file: .*; give another --out"):
        make(tmp_path / "file")
    with pytest.raises(ValueError, match=r"cannot write /proc: .*; give another --out"):
        make(Path("/proc"))  # a folder that takes no files


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"cannot write .*file/x: .*; give another --out"):
        write(compared(), tmp_path / "file" / "x")


def test_every_result_is_listed_with_command_and_state() -> None:
    full, quick = compared(), compared(budget="quick")
    rows = {row["id"]: row for row in listing({("b_activation", "quick"): quick})}
    assert list(rows) == list(published())
    assert rows["b_activation"]["state"] == "quick"
    assert rows["b_activation"]["command"] == "sweeps reproduce --study b_activation"
    assert rows["b_activation"]["claims"] == (
        "leaky_relu > relu > tanh: not as claimed (direction only)"
    )
    assert rows["b_loss"]["state"] == "not run"
    assert rows["a_loss-landscape"]["state"] == "diagnostic"
    assert rows["a_loss-landscape"]["command"] == "sweeps reproduce --study a_loss-landscape"
    assert rows["c_module-augmentation"]["command"] == "python -m benchmarks input"
    both = {("b_activation", "quick"): quick, ("b_activation", "full"): full}
    (row,) = (row for row in listing(both) if row["id"] == "b_activation")
    assert row["state"] == "quick, full"
    assert row["claims"] == "leaky_relu > relu > tanh: undecided at n = 3"


def test_the_document_has_every_id_and_then_every_comparison() -> None:
    text = document({("b_activation", "full"): compared()})
    assert ids(text) == list(published())
    assert re.findall("^## (.*)$", text, re.M) == [
        "All published results", "b_activation, full budget",
    ]  # fmt: skip
    assert text.index("## b_activation") < text.index("| relu (baseline) | 3 | 75.00 |")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def ids(text: str) -> list[str]:
    table = text.split("## All published results")[1].split("\n## ")[0]
    return [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines()[4:] if line]


def test_the_committed_document_is_what_the_command_makes() -> None:
    text = (DOCS / "reproduction.md").read_text(encoding="utf-8")
    assert ids(text) == list(published())
    assert text == document(read_all(DOCS / "reproduction"))


def test_the_committed_conclusions_are_what_the_command_makes() -> None:
    folder = DOCS / "reproduction"
    recorded = recordings(folder)
    told = conclusions(read_all(folder), recorded)
    assert (DOCS / "conclusions.md").read_text(encoding="utf-8") == page(told, recorded)
    claims = [(study.reruns, one.sentence()) for study in built_in().values()
              if study.reruns for one in study.claims]  # fmt: skip
    assert sorted((one.study, one.claim) for one in told) == sorted(claims)


def test_a_full_budget_brings_a_noise_of_its_own() -> None:
    (claim,) = built_in()["b_activation"].claims
    for budget, source in (("full", "ours"), ("quick", None)):
        ran = compared(budget=budget)  # type: ignore[arg-type]
        judged = ran.claims[0].model_copy(update={"claim": claim.sentence()})
        found = ran.model_copy(update={"claims": (judged,)})
        (told,) = [
            one for one in conclusions({(found.id, found.budget): found}, ())
            if one.study == "b_activation"
        ]  # fmt: skip
        assert told.again is found
        assert [one.noise.source if one.noise else None for one in told.examined] == [source] * 2
        assert [one.ours for one in told.examined] == list(found.claims[0].findings)


def test_recordings_of_another_version_are_a_sentence(tmp_path: Path) -> None:
    assert recordings(tmp_path) == ()
    (tmp_path / "seed_noise.yaml").write_text("format: 2", encoding="utf-8")
    with pytest.raises(ValueError, match=r"seed_noise.yaml holds no recordings of this version"):
        recordings(tmp_path)
