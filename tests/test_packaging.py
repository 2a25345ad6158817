"""What is installed: the dependencies that are imported, the packages that are ours."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("cifar_models", "search_spaces", "sweeps")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]

Requirement = tuple[str, str]
"""Normalised name of a distribution, and the range of its versions."""


def requirement(line: str) -> Requirement:
    match = re.fullmatch(r"([\w.-]+)(?:\[[\w,]+\])?(.*)", line)
    assert match, f"not understood: {line}"
    return normal(match[1]), match[2]


def normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def names(lines: list[str]) -> set[str]:
    return {requirement(line)[0] for line in lines}


def imported(*folders: str) -> set[str]:
    """Return the top-level names of everything that the source of some folders imports."""
    found: set[str] = set()
    for file in (file for folder in folders for file in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Import():
                    found |= {alias.name.split(".")[0] for alias in node.names}
                case ast.ImportFrom(level=0, module=str(module)):
                    found.add(module.split(".")[0])
    return found


def distributions(modules: set[str]) -> set[str]:
    """Return the distributions that third-party modules come from.

    A module that several installed distributions claim counts as the one of its own name.
    """
    owners = metadata.packages_distributions()
    found = set()
    for module in modules - set(sys.stdlib_module_names) - {*PACKAGES, "benchmarks", "tests"}:
        candidates = {normal(owner) for owner in owners.get(module, [module])}
        found.add(normal(module) if normal(module) in candidates else min(candidates))
    return found


def test_dependencies_are_what_the_source_imports() -> None:
    # Optuna's fANOVA and pandas' Parquet import them without requiring them
    asked_for_by_others = {"scikit-learn", "pyarrow"}
    wanted = distributions(imported(*PACKAGES)) | asked_for_by_others
    assert names(PROJECT["dependencies"]) == wanted


def test_test_extra_is_what_only_the_tests_import() -> None:
    found = metadata.entry_points(group="pytest11")
    plugins = {normal(entry.dist.name) for entry in found if entry.dist}
    wanted = distributions(imported("tests")) - names(PROJECT["dependencies"])
    # `ray up` is in ray[default], passwords in mlflow[auth]; hosts of tests build without internet
    for_hosts = {"ray", "setuptools", "flask-wtf"}
    assert wanted <= names(EXTRAS["test"])
    assert names(EXTRAS["test"]) - wanted <= plugins | for_hosts


def test_nothing_heavy_that_only_tests_need_reaches_a_worker() -> None:
    assert "torchmetrics" not in imported(*PACKAGES)
    assert "torchmetrics" in names(EXTRAS["test"])


@pytest.mark.parametrize(
    "line", [line for lines in (PROJECT["dependencies"], *EXTRAS.values()) for line in lines]
)
def test_ranges_are_lower_bounds_only(line: str) -> None:
    name, versions = requirement(line)
    if name == normal(PROJECT["name"]):
        return
    broken = {"mlflow": ["!=3.18.0"]}.get(name, [])
    bounds = [bound for bound in versions.split(",") if bound not in broken]
    assert [bound[:2] for bound in bounds] == [">="], "an upper bound may pick an old CPU build"


@pytest.mark.parametrize("package", PACKAGES)
def test_the_packages_are_ours(package: str) -> None:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    ours = ROOT / package / "__init__.py"
    assert Path(spec.origin).read_bytes() == ours.read_bytes(), f"another {package} is installed"
    assert (ROOT / package / "py.typed").exists()


@pytest.mark.parametrize("command", ["", "run", "plan", "list", "table", "export"])
def test_console_script_answers(command: str, tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("sweeps")
    asked = [str(script), *command.split(), "--help"]
    answer = subprocess.run(asked, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert answer.returncode == 0, answer.stderr
    assert "Usage: sweeps" in answer.stdout
    assert not list(tmp_path.iterdir()), "asking for help writes nothing"


def test_help_imports_nothing_heavy() -> None:
    heavy = ["torch", "ray", "optuna", "mlflow", "pandas", "matplotlib", "scipy", "pydantic"]
    code = f"import sys, sweeps.__main__; print([m for m in {heavy} if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert answer.stdout.strip() == "[]", "`sweeps --help` shall answer within a second"


def test_settings_of_the_build_name_every_package() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert tool["setuptools"]["packages"]["find"]["include"] == [f"{name}*" for name in PACKAGES]
    assert (ROOT / "LICENSE").read_text().lstrip().startswith("Apache License")
