from pathlib import Path

from search_spaces.study import SEARCH_SEED, SELECTION_SEED
from sweeps.record.labels import labels, run_name
from tests.sweeps.record.recorded import record_study
from tests.sweeps.record.small import spec


def cell(trial: str, role: str, factor: str = "", level: str = "") -> dict[str, str]:
    return {"trial": trial, "role": role, "factor": factor, "level": level}


def test_a_trial_is_told_by_its_role_and_its_levels() -> None:
    found = labels("s", [
        cell("a", "search"), cell("b", "ablation", "activation", "relu"),
        cell("b", "ablation", "flips", "off"), cell("c", "ablation", "flips", "on"),
    ])  # fmt: skip
    assert found == {
        "a": {"role.s": "search"},
        "b": {"role.s": "ablation", "level.s": "activation=relu, flips=off"},
        "c": {"role.s": "ablation", "level.s": "flips=on"},
    }


def test_a_run_is_called_after_its_level_or_its_role() -> None:
    recipe = spec().recipe.signature[:6]
    assert run_name(spec(3), "flips=on") == "flips=on seed 3"
    assert run_name(spec(3), "") == f"{recipe} seed 3"
    assert run_name(spec(SEARCH_SEED), "") == f"search {recipe}"
    assert run_name(spec(SELECTION_SEED + 1), "") == f"selection {recipe}"


def test_runs_of_a_level_can_be_filtered_and_have_its_name_and_data(tmp_path: Path) -> None:
    runs = record_study(tmp_path)
    found = runs.find(**{"role.small": "ablation", "level.small": "activation=elu"})
    assert sorted(run.info.run_name for run in found) == [f"activation=elu seed {n}" for n in "012"]
    (named,) = {entry.dataset.name for run in found for entry in run.inputs.dataset_inputs}
    assert named == "shapes"
