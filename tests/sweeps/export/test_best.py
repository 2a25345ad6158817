from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml

from cifar_models.provenance import read_recipe
from sweeps.export.best import export_best, ranking, training_command
from sweeps.record.journal import Journal
from sweeps.record.results import Results, load
from tests.sweeps.analysis import frames
from tests.sweeps.record.recorded import STUDY, cells, mirror, record_study
from tests.sweeps.record.small import open_runs, record, spec


def loaded(state: Path) -> Results:
    return load("small", f"sqlite:///{state}/mlflow.db")


def of(trials: pd.DataFrame, metric: str = "accuracy") -> Results:
    study = {"name": "small", "metric": metric}
    return Results(study, {}, {}, trials, pd.DataFrame(), "parent")


def test_the_best_validation_mean_comes_first() -> None:
    ranked = ranking(of(frames.small()))
    assert ranked["level"].to_list() == ["leaky_relu", "relu", "tanh"]
    assert ranked["mean"].to_list() == pytest.approx([0.76, 0.73, 0.73])
    assert ranked["n"].to_list() == [3, 3, 3]


def test_a_lower_loss_is_better() -> None:
    ranked = ranking(of(frames.small(), "loss"))
    assert ranked["level"].iloc[0] == "leaky_relu"
    assert ranked["mean"].is_monotonic_increasing


def test_the_metric_says_which_way_is_better() -> None:
    trials = frames.small()
    errors = trials.assign(**{"validation/calibration_error": 1 - trials["validation/accuracy"]})
    ranked = ranking(of(errors, "calibration_error"))
    assert ranked["level"].iloc[0] == "leaky_relu"
    own = trials.assign(**{"validation/mine": trials["validation/accuracy"]})
    with pytest.raises(ValueError, match=r"the metric mine is not at hand.*--study FILE\.py"):
        ranking(of(own, "mine"))


def test_a_variant_without_all_seeds_is_not_ranked() -> None:
    trials = frames.blank(frames.small(), "leaky_relu", 10, "diverged")
    assert ranking(of(trials))["level"].to_list() == ["relu", "tanh"]


def test_levels_that_ended_at_different_looks_are_ranked_over_the_seeds_that_all_have() -> None:
    trials = frames.small()
    early = trials[~((trials["level"] == "leaky_relu") & (trials["seed"] == 12))]
    late = early["seed"] == 12
    early.loc[late, "validation/accuracy"] += 0.5
    results = replace(of(early), study=of(early).study | {"seeds": {"looks": [2, 3]}})
    ranked = ranking(results)
    assert ranked["level"].to_list() == ["leaky_relu", "tanh", "relu"]
    assert ranked["mean"].to_list() == pytest.approx([0.745, 0.725, 0.72])
    assert ranked["n"].to_list() == [2, 2, 2]
    lost = frames.blank(early, "leaky_relu", 11, "diverged")
    assert ranking(replace(results, trials=lost))["n"].to_list() == [3, 3]
    assert len(ranking(of(early))) == 2  # of a fixed number of seeds it lacks one


def test_a_baseline_of_two_factors_counts_once() -> None:
    trials = frames.small()
    again = trials[trials["baseline"]].assign(factor="norm", level="on")
    ranked = ranking(of(pd.concat([trials, again], ignore_index=True)))
    assert ranked.set_index("level").loc["relu", "n"] == 3
    assert len(ranked) == 3


def test_search_trials_are_not_ranked() -> None:
    trials = frames.small()
    lucky = trials.iloc[:1].assign(
        role="search", variant="lucky", seed=1_000_000, **{"validation/accuracy": 0.99}
    )
    assert "lucky" not in set(ranking(of(pd.concat([trials, lucky])))["variant"])


def test_without_validation_or_finished_trials_there_is_no_best() -> None:
    trials = frames.small()
    with pytest.raises(ValueError, match=r"no validation data.*chosen on the test set"):
        ranking(of(trials.drop(columns="validation/accuracy")))
    with pytest.raises(ValueError, match="no validation data"):
        ranking(of(trials.assign(**{"validation/accuracy": float("nan")})))
    with pytest.raises(ValueError, match="no finished trial of its ablation"):
        ranking(of(trials.assign(status="diverged")))


def test_an_exported_recipe_says_where_it_comes_from(recorded: Path, tmp_path: Path) -> None:
    results, runs = loaded(recorded), open_runs(recorded)
    (file,) = export_best(results, runs, tmp_path / "below" / "best.yaml")
    recipe, provenance = read_recipe(file)
    best = next(cell.spec for cell in cells() if cell.level == "elu" and cell.spec.seed == 0)
    assert recipe == best.recipe
    assert (provenance.seed, provenance.numerics, provenance.data) == (0, best.numerics, best.data)
    assert (provenance.trial, provenance.selection) == (best.id, "last")
    assert provenance.metrics["validation/accuracy"] == 0.7
    assert provenance.metrics["test/accuracy"] == 0.7 - 0.02
    said = yaml.safe_load(file.read_text(encoding="utf-8"))["provenance"]
    run = runs.trial(best.id)
    assert run is not None
    assert said["run_id"] == run.info.run_id
    assert said["variant"] == "activation = elu"
    assert said["mean"] == {"validation/accuracy": pytest.approx(0.71), "seeds": 3}
    assert said["versions"] == {"cifar-sweeps": "0.1", "torch": "2.15.0"}  # not the exporter's own
    assert said["device"] == "a processor"
    assert said["git_commit"] == "abc"


def test_top_writes_a_file_for_each_place(recorded: Path, tmp_path: Path) -> None:
    files = export_best(loaded(recorded), open_runs(recorded), tmp_path / "best.yaml", top=2)
    assert [file.name for file in files] == ["best.yaml", "best-2.yaml"]
    assert [read_recipe(file)[0].model.model_dump()["activation"]["name"] for file in files] == [
        "elu",
        "relu",
    ]
    assert len(export_best(loaded(recorded), open_runs(recorded), tmp_path / "a.yaml", top=9)) == 3


def test_a_file_that_cannot_be_written_is_a_sentence(recorded: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot write .*: Is a directory"):
        export_best(loaded(recorded), open_runs(recorded), tmp_path)


def test_a_run_without_its_spec_is_a_sentence(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = open_runs(recorded)
    monkeypatch.setattr(runs, "text", lambda *_: None)
    with pytest.raises(ValueError, match=r"does not give recipe.yaml and trial.json of run"):
        export_best(loaded(recorded), runs, tmp_path / "best.yaml")
    assert list(tmp_path.iterdir()) == []


def test_a_trial_that_failed_is_no_provenance(state: Path, tmp_path: Path) -> None:
    study = STUDY.replace(seeds=2)
    runs = record_study(state, study)
    journal = Journal(state)
    first = cells(study)[0].spec
    assert first == spec()
    journal.append("forgotten", first.id)
    runs.retire(first.id)
    record(journal, first, 0.1, end="diverged")
    mirror(runs, journal, study, cells(study))
    journal.close()
    files = export_best(loaded(state), runs, tmp_path / "best.yaml", top=3)
    assert len(files) == 2  # relu has one seed of two


def test_a_users_file_goes_beside_the_recipe_and_never_over_an_edited_one(
    recorded: Path, tmp_path: Path
) -> None:
    results = replace(loaded(recorded), sources={"own.py": "A = 1\n"})
    out = tmp_path / "with space" / "best.yaml"
    for _ in range(2):
        export_best(results, open_runs(recorded), out)
        assert {path.name for path in out.parent.iterdir()} == {"best.yaml", "own.py"}
    assert training_command(results, out) == (
        f"python -m cifar_models '{out}' --components '{out.parent / 'own.py'}'"
    )
    (out.parent / "own.py").write_text("A = 2\n", encoding="utf-8")
    export_best(results, open_runs(recorded), out)
    assert (out.parent / "own.py").read_text(encoding="utf-8") == "A = 2\n"
    (other,) = out.parent.glob("own-*.py")
    assert other.read_text(encoding="utf-8") == "A = 1\n"
    assert str(other) in training_command(results, out)


def test_a_recorded_file_name_leads_nowhere_else(recorded: Path, tmp_path: Path) -> None:
    results = replace(loaded(recorded), sources={"../../evil.py": "A = 1\n"})
    export_best(results, open_runs(recorded), tmp_path / "a" / "b" / "best.yaml")
    assert (tmp_path / "a" / "b" / "evil.py").exists()
