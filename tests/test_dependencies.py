"""The house: imports run downward only, files stay small, importing starts nothing."""

import ast
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("cifar_models", "search_spaces", "sweeps")
FORBIDDEN = {
    "cifar_models": {"search_spaces", "sweeps", "ray", "optuna", "mlflow", "pandas"},
    "search_spaces": {"sweeps", "ray", "optuna", "mlflow"},
    "sweeps/analysis": {"ray", "optuna", "mlflow"},
}
OURS = sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))
BESIDE = sorted((ROOT / "benchmarks").rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Yield the full names of all modules that a file imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_imports_run_downward_only(folder: str) -> None:
    wrong = [
        f"{named(path)} imports {module}"
        for path in (ROOT / folder).rglob("*.py")
        for module in imported(path)
        if module.split(".")[0] in FORBIDDEN[folder]
    ]
    assert not wrong


def test_the_analysis_knows_nothing_of_the_rest_of_sweeps() -> None:
    wrong = [
        f"{named(path)} imports {module}"
        for path in (ROOT / "sweeps/analysis").rglob("*.py")
        for module in imported(path)
        if module.startswith("sweeps.") and not module.startswith("sweeps.analysis")
    ]
    assert not wrong


def test_the_analysis_computes_without_drawing() -> None:
    files = (ROOT / "sweeps/analysis").glob("*.py")
    assert not [p for p in files for name in imported(p) if name.startswith("sweeps.analysis.plot")]


def test_tests_and_benchmarks_are_never_imported() -> None:
    for never, files in (("tests", [*OURS, *BESIDE]), ("benchmarks", OURS)):
        assert not [path for path in files for name in imported(path) if name.startswith(never)]


@pytest.mark.parametrize("path", [*OURS, *BESIDE], ids=named)
def test_files_are_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", [*OURS, *BESIDE], ids=named)
def test_functions_are_short(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.body[0].lineno + 1
            documented = ast.get_docstring(node)
            if documented:
                assert node.body[0].end_lineno is not None
                length = node.end_lineno - node.body[0].end_lineno
            assert length < 40, f"{node.name} has {length} lines beside its docstring"


def test_the_script_folder_shadows_no_module_of_the_standard_library() -> None:
    """``python sweeps/ablation.py`` puts ``sweeps/`` first on the path."""
    names = {module.name for module in pkgutil.iter_modules([str(ROOT / "sweeps")])}
    libraries = {"ray", "optuna", "mlflow", "torch", "pandas", "numpy", "pydantic", "typer", "rich"}
    assert not names & (set(sys.stdlib_module_names) | libraries)


NOTHING_STARTED = """
import importlib, os, pkgutil, sys, threading
before = threading.active_count(), set(os.listdir("."))
layer = sys.argv[1]
package = importlib.import_module(layer)
if layer == "sweeps":
    for module in ("analysis.rendering", "commands.studies", "publication", "record.results"):
        importlib.import_module(f"sweeps.{module}")
    slow = {"torch", "matplotlib", "ray"} & sys.modules.keys()
    assert not slow, f"a table would take two seconds longer: {slow}"
for module in pkgutil.walk_packages(package.__path__, f"{layer}."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
assert (threading.active_count(), set(os.listdir("."))) == before
if sys.argv[1] == "sweeps":
    import ray
    assert not ray.is_initialized()
else:
    heavy = {"ray", "optuna", "mlflow", "pandas"} & sys.modules.keys()
    assert not heavy, heavy
import torch
assert torch.get_rng_state().equal(torch.Generator().manual_seed(torch.initial_seed()).get_state())
assert not torch.cuda.is_initialized()
"""


@pytest.mark.parametrize("layer", LAYERS)
def test_importing_starts_nothing(layer: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", NOTHING_STARTED, layer],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == run.stderr == ""
