from pathlib import Path

import pytest
import yaml

from cifar_models.provenance import read_recipe
from tests.sweeps.commands.command_line import call


def test_the_best_two_are_written_and_the_commands_told(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = call("export", "--study", "small", "--storage", recorded, "--top", 2)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "best.yaml   python -m cifar_models best.yaml",
        "best-2.yaml   python -m cifar_models best-2.yaml",
    ]
    assert {path.name for path in tmp_path.iterdir()} == {"best.yaml", "best-2.yaml"}
    recipe, provenance = read_recipe(tmp_path / "best.yaml")
    assert recipe.model.model_dump()["activation"]["name"] == "elu"
    assert provenance.metrics["validation/accuracy"] == 0.7


def test_out_may_lie_in_a_new_folder(recorded: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "recipe.yaml"
    call("export", "--study", "small", "--storage", recorded, "--out", out)
    assert yaml.safe_load(out.read_text(encoding="utf-8"))["provenance"]["study"] == "small"


def test_a_bundle_is_a_folder_that_verify_reads(recorded: Path, tmp_path: Path) -> None:
    result = call("export", "--study", "small", "--storage", recorded, "--bundle", tmp_path / "b")
    assert result.stdout == f"{tmp_path / 'b'}   sweeps verify {tmp_path / 'b'} --seeds 3\n"
    told = call("verify", tmp_path / "b")
    assert told.exit_code == 2  # the record is made up, its data are none
    assert "the data are not those of the bundle" in told.stderr


def test_weights_that_are_gone_are_a_sentence(recorded: Path, tmp_path: Path) -> None:
    out = tmp_path / "best.yaml"
    result = call("export", "--study", "small", "--storage", recorded, "--out", out, "--weights")
    assert result.exit_code == 2
    assert "there are no weights of trial" in result.stderr


def test_a_bundle_takes_no_other_wish(recorded: Path, tmp_path: Path) -> None:
    result = call("export", "--study", "small", "--storage", recorded, "--top", 2,
                  "--bundle", tmp_path / "b")  # fmt: skip
    assert result.exit_code == 2
    assert "--bundle writes the best alone" in result.stderr
