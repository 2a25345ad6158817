from pathlib import Path

import pytest

from cifar_models.provenance import read_recipe
from sweeps.export.bundle import read_bundle, requirements, write_bundle
from sweeps.record.results import load
from tests.sweeps.record.recorded import cells, record_study
from tests.sweeps.record.small import open_runs


def test_a_bundle_holds_what_each_seed_of_the_best_gave(recorded: Path, tmp_path: Path) -> None:
    results = load("small", f"sqlite:///{recorded}/mlflow.db")
    written = write_bundle(results, open_runs(recorded), tmp_path / "best")
    assert read_bundle(tmp_path / "best") == written
    best = [cell.spec for cell in cells() if cell.level == "elu"]
    assert read_recipe(tmp_path / "best" / "recipe.yaml")[0] == best[0].recipe
    assert written.variant == "activation = elu"
    assert (written.numerics, written.data) == (best[0].numerics, best[0].data)
    assert (written.device, written.torch) == ("a processor", "2.15.0")
    accuracies = {s: metrics["validation/accuracy"] for s, metrics in written.seeds.items()}
    assert accuracies == {0: 0.7, 1: 0.71, 2: 0.72}
    assert written.seeds[1]["test/accuracy"] == 0.71 - 0.02
    assert "seconds" not in written.seeds[0]
    assert not (tmp_path / "best" / "changes.diff").exists()


def test_a_bundle_has_what_the_checkout_had_beside_its_commit(state: Path, tmp_path: Path) -> None:
    runs = record_study(state)
    results = load("small", f"sqlite:///{state}/mlflow.db")
    runs.name_changes(results.parent, "+ a line more\n")
    write_bundle(results, runs, tmp_path)
    assert (tmp_path / "changes.diff").read_text() == "+ a line more\n"


def test_the_versions_that_trained_come_before_those_that_are_here() -> None:
    lines = requirements({"cifar-sweeps": "0.1", "torch": "1.2.3"}, "abc").splitlines()
    assert lines[0] == "# cifar-sweeps 0.1, commit abc"
    assert "torch==1.2.3" in lines
    assert any(line.startswith("pandas==") for line in lines)
    assert not any(line.startswith("cifar-sweeps==") for line in lines)


def test_a_folder_that_is_no_bundle_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected\.yaml"):
        read_bundle(tmp_path)
    (tmp_path / "expected.yaml").write_text("format: 1\nstudy: small\n")
    with pytest.raises(ValueError, match=r"not of a bundle: .*variant"):
        read_bundle(tmp_path)
