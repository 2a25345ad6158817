import io
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from cifar_models.__main__ import main
from cifar_models.component import forget
from cifar_models.numerics import Numerics, native
from cifar_models.recipe import Recipe
from cifar_models.source_file import SourceFile
from tests.cifar_models.small import ONE_PHASE, measured, start, write

CPU = ["--device", "cpu", "--threads", "1"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "recipe.yaml", ONE_PHASE.to_yaml())


def printed(output: str) -> dict[str, float]:
    """Return the metrics that the command printed."""
    pairs = [line.split() for line in output.splitlines()]
    return {p[0]: float(p[1]) for p in pairs if len(p) == 2 and p[0] != "recipe"}


def exported(tmp_path: Path, recipe: Recipe = ONE_PHASE, **provenance: object) -> str:
    """Write a recipe with provenance and return its path."""
    text = yaml.safe_dump(recipe.to_plain() | {"provenance": provenance})
    return str(write(tmp_path / "exported.yaml", text))


def test_a_recipe_is_trained_and_measured(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(file), "--seed", "4", *CPU]) == 0
    output, progress = capsys.readouterr()
    training = start(ONE_PHASE, seed=4, numerics=Numerics(precision=native("cpu")))
    list(training)
    expected = measured(training)[-1]
    for name in ("validation/accuracy", "validation/loss"):
        assert printed(output)[name] == pytest.approx(expected[name], rel=1e-5)
    assert not any(name.startswith("test/") for name in printed(output))
    assert f"seed 4, device cpu, precision {native('cpu')}" in output
    assert [line.split(":")[0] for line in progress.splitlines()] == ["epoch 1/2", "epoch 2/2"]


def test_the_test_images_are_measured_on_request(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(file), "--test", *CPU]) == 0
    assert {"test/accuracy", "test/loss", "test/macro_f1"} <= printed(
        capsys.readouterr().out
    ).keys()


def test_a_terminal_shows_a_bar(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main([str(file), *CPU]) == 0
    assert "2/2" in terminal.getvalue()
    assert "epoch 1/2:" not in terminal.getvalue()
    capsys.readouterr()


def test_a_stopped_training_goes_on(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main([str(file), *CPU]) == 0
    undisturbed = printed(capsys.readouterr().out)
    out = str(tmp_path / "made" / "c.pt")
    with monkeypatch.context() as patch:
        patch.setattr("cifar_models.__main__._line", _interrupt_after(1))
        assert main([str(file), "--checkpoint", out, *CPU]) == 130
    assert f"interrupted; go on with --resume {out}" in capsys.readouterr().err
    assert main([str(file), "--resume", out, *CPU]) == 0
    output, progress = capsys.readouterr()
    assert "epoch 1/2" not in progress
    costs = {"seconds", "images_per_second", "peak_memory"}
    for name in undisturbed.keys() - costs:
        assert printed(output)[name] == undisturbed[name]


def _interrupt_after(epochs: int):  # type: ignore[no-untyped-def]
    seen: list[object] = []

    def line(result: object) -> str:
        seen.append(result)
        if len(seen) > epochs:
            raise KeyboardInterrupt
        return ""

    return line


def test_an_exported_recipe_gives_its_number_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    training = start(ONE_PHASE.replace({"epochs": 4}), seed=5)
    list(training)
    epoch = training.best_epoch
    assert epoch < 4, "else this tells nothing about the selection"
    metrics = {**training.history[epoch - 1].metrics, "test/accuracy": 0.0}
    provenance = {
        "seed": 5,
        "numerics": training.numerics.model_dump(),
        "metrics": metrics,
        "data": training.recipe.dataset.build(None).fingerprint,
        "selection": "best",
        "trial": "0123456789abcdef",
    }
    path = exported(tmp_path, training.recipe, **provenance)
    assert main([path]) == 0
    output = capsys.readouterr().out
    assert f"epoch {epoch} of 4" in output
    assert "reproduced exactly: " in output
    assert "validation/accuracy" in output.partition("reproduced exactly: ")[2]
    assert "seconds" not in output.partition("reproduced exactly: ")[2]

    assert main([path, "--seed", "6"]) == 0
    output = capsys.readouterr().out
    assert "not reproduced: validation/loss is" in output
    assert "reproduced exactly" not in output


def test_other_data_than_recorded_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([exported(tmp_path, data="f00"), *CPU]) == 2
    error = capsys.readouterr().err
    assert "the data are not those of the recorded training" in error
    assert error.count("\n") == 1


def test_a_diverging_training_has_its_own_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = ONE_PHASE.replace({"optimizer.lr": 1e30, "model.norm": "none"})
    assert main([exported(tmp_path, recipe), *CPU]) == 1
    assert "diverged in epoch 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "options", "sentence"),
    [
        ({}, ["--threads", "0"], "--threads must be at least 1, got 0"),
        ({}, ["--seed", "-1"], "--seed must not be negative, got -1"),
        ({}, ["--resume", "/none/c.pt"], "No such file or directory"),
        ({}, ["--checkpoint", "/proc/none/c.pt"], "/proc/none"),
        ({"batch_size": 1000}, [], "batch_size 1000 is larger than the 100 training images"),
        ({"split.validation": 500}, [], "split.validation"),
        (
            {"model": {"name": "plain_cnn", "kernel_size": 31, "padding": "valid"}},
            [],
            "conv2 needs a map of at least 31x31",
        ),
        ({"model.kernel_size": 1_000_000}, [], "weights, more than any machine holds"),
        ({"model.channels": [99999999999999]}, [], "weights, more than any machine holds"),
        ({"model.channels": [10**22]}, [], "the network plain_cnn cannot be built: empty()"),
        ({"dataset": "cifar10"}, ["--data-dir", "/dev/null/none"], "/dev/null/none"),
    ],
)
def test_bad_input_is_one_sentence(
    changes: dict[str, object],
    options: list[str],
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "recipe.yaml", ONE_PHASE.replace(changes).to_yaml())
    assert main([str(path), *options]) == 2
    output, error = capsys.readouterr()
    assert sentence in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert "epoch" not in output
    assert [item.name for item in tmp_path.iterdir()] == ["recipe.yaml"]


@pytest.mark.parametrize(
    ("raised", "code"), [("it: can't allocate memory: 9 bytes.\nframe #0", 2), ("other", None)]
)
def test_too_little_memory_is_one_sentence(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    raised: str, code: int | None,
) -> None:  # fmt: skip
    def build(*_: object) -> None:
        raise RuntimeError(raised)

    monkeypatch.setattr("cifar_models.training.build_classifier", build)
    if code is None:
        with pytest.raises(RuntimeError, match=raised):
            main([str(file), *CPU])
        return
    assert main([str(file), *CPU]) == code
    assert capsys.readouterr().err == (
        "error: not enough memory for this recipe: it: can't allocate memory: 9 bytes.\n"
    )


def test_a_file_that_is_no_recipe_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "r.yaml", "model: !!python/name:os.system\n")
    assert main([str(path)]) == 2
    assert main([str(tmp_path / "none.yaml")]) == 2
    error = capsys.readouterr().err
    assert "not safe YAML" in error
    assert "cannot read" in error
    assert error.count("\n") == 2


COMPONENTS = """
from typing import Literal

from torch import nn

from cifar_models.activations import Activation


class Cube(Activation):
    name: Literal["own_cube"] = "own_cube"

    def build(self) -> nn.Module:
        return nn.Tanh()
"""


def test_own_components_come_from_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    text = file.read_text().replace("name: relu", "name: own_cube")
    recipe = str(write(tmp_path / "own.yaml", text))
    assert main([recipe, *CPU]) == 2
    assert "unknown activation 'own_cube'" in capsys.readouterr().err
    source = SourceFile("own.py", COMPONENTS)
    try:
        components = str(write(tmp_path / "own.py", COMPONENTS))
        assert main([recipe, "--components", components, *CPU]) == 0
    finally:
        forget(source.module_name)
        sys.modules.pop(source.module_name, None)
    assert "validation/accuracy" in printed(capsys.readouterr().out)
    wrong = str(write(tmp_path / "wrong.py", "1 / 0"))
    assert main([recipe, "--components", wrong, *CPU]) == 2
    assert "wrong.py fails (line 1): ZeroDivisionError" in capsys.readouterr().err


def test_help_needs_no_torch() -> None:
    code = (
        "import sys; from cifar_models.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: assert not {'torch', 'pydantic', 'yaml'} & sys.modules.keys()"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--resume CHECKPOINT" in run.stdout
