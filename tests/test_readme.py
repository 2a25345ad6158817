"""The README: its tree, links and set-up hold; its commands run as they stand (slow)."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

import search_spaces
from cifar_models import diagnostics, optimizers
from search_spaces.loading import load_study
from sweeps.__main__ import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.M | re.S)
"""Fenced blocks: language and text. `sh` runs anywhere; `console` needs a cluster, data or eyes."""

SET_UP = ("make ", "pip install ", "python3 -m venv ")
"""Beginnings of commands that .ci/run executes before any test can."""

SECONDS = 900
"""The longest that one command may take: the demo, on a busy machine."""


def lines(language: str) -> list[str]:
    """Return the lines of all blocks of a language, without comments."""
    text = "\n".join(block for name, block in BLOCKS if name == language)
    return [line.split("  #")[0].strip() for line in text.splitlines() if line.strip()]


def tree() -> dict[str, str]:
    """Return what the README's folder tree says: a path and its sentence."""
    (text,) = [block for name, block in BLOCKS if name == "text" and "cifar_models/  " in block]
    found: dict[str, str] = {}
    folders: list[str] = []
    for line in text.splitlines():
        name, _, about = line.strip().partition(" ")
        depth = (len(line) - len(line.lstrip())) // 2
        folders[depth:] = [name]
        found["".join(folders[: depth + 1])] = about.strip()
    return found


def words(text: str) -> set[str]:
    """Return what a table's text is made of, but for numbers and layout."""
    return set(re.findall(r"[A-Za-z_]{4,}", text))


def test_tree_has_a_line_for_every_source_file() -> None:
    packages = ("cifar_models", "search_spaces", "sweeps")
    files = {
        path.relative_to(ROOT).as_posix()
        for package in packages
        for path in (ROOT / package).rglob("*.py")
        if path.name != "__init__.py"
    }
    told = {path for path in tree() if path.startswith(packages) and not path.endswith("/")}
    assert sorted(told - files) == [], "the README tells of files that are not there"
    assert sorted(files - told) == [], "the README's tree lacks these files"


def test_tree_tells_what_each_file_is() -> None:
    silent = [path for path, about in tree().items() if not about and not path.endswith("/")]
    assert silent == []
    assert [path for path in tree() if not (ROOT / path).exists()] == []


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", README)
    assert "LICENSE" in targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_leads_with_two_commands_and_what_they_are_without_make() -> None:
    assert [line.split("  ")[0] for line in BLOCKS[0][1].splitlines()] == ["make demo", "make test"]
    makefile = (ROOT / "Makefile").read_text().replace("$(VENV)", ".venv")
    (without,) = [block for name, block in BLOCKS if name == "sh" and "-m venv" in block]
    for command in ("-m venv .venv", "pip install -e .", "python sweeps/ablation.py", "-m pytest"):
        assert command in without
        assert command in makefile


def test_ci_runs_the_set_up_commands() -> None:
    ci = (ROOT / ".ci/run").read_text()
    made = [line.split("  ")[0] for line in lines("sh") if line.startswith("make ")]
    assert made == ["make demo", "make test"]
    assert all(re.search(rf"^step .*{command}$", ci, re.M) for command in made)


def test_names_every_command_and_option_it_tells_of(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("sweeps")
    table = README.split("\n## Commands\n")[1].split("\n## ")[0]
    asked = [[str(script), "run", "--help"], [str(script), "--help"]]
    wide = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    run, every = (
        subprocess.run(a, capture_output=True, text=True, cwd=tmp_path, env=wide, timeout=60).stdout
        for a in asked
    )
    assert set(re.findall(r"--[a-z][a-z-]+", table)) - {"--format", "--out"} <= set(
        re.findall(r"--[a-z][a-z-]+", run)
    ), "an option of the README is none of `sweeps run`"
    commands = set(re.findall(r"`sweeps (\w+)", table))
    assert commands == set(re.findall(r"^. (\w+)  ", every, re.M)), "commands and README differ"


def test_what_is_typed_on_a_cluster_is_known_to_its_command() -> None:
    typed = re.findall(r"^\$ ray exec \S+ 'sweeps (\w+)(.*?)'", "\n".join(lines("console")), re.M)
    assert {"plan", "status"} <= {name for name, _ in typed}
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, rest in typed:
        known = {word for option in commands[name].params for word in option.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known, f"sweeps {name}{rest}"


def test_what_is_shown_of_a_study_can_be_given_to_one() -> None:
    known = {**vars(diagnostics), **vars(optimizers), **vars(search_spaces), "__builtins__": {}}
    shown = [block for name, block in BLOCKS if name == "py"]
    assert len(shown) == 2
    for block in shown:
        names = dict(known)
        exec(block, names)
        given = {name: value for name, value in names.items() if known.get(name) is not value}
        assert len(given) == 1
        assert load_study("activations")[0].replace(**given)


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_commands_run_as_they_stand(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    ignored = shutil.ignore_patterns(".git", ".venv", "runs", "data", "build", "*cache*")
    shutil.copytree(ROOT, copy, ignore=ignored)
    for name, block in BLOCKS:
        if name == "python":
            (copy / block.splitlines()[0].removeprefix("# ")).write_text(block, encoding="utf-8")
    here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    commands = [line for line in lines("sh") if not line.startswith(SET_UP)]
    assert "python sweeps/ablation.py --study my_study.py" in commands
    said: dict[str, str] = {}
    for command in commands:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=copy,
            env={**os.environ, "PATH": here},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        print(f"$ {command}\n{done.stdout}{done.stderr}")
        assert done.returncode == 0, f"$ {command}\n{done.stdout}\n{done.stderr}"
        said[command] = done.stdout
    (shown,) = [block for name, block in BLOCKS if name == "text" and "(baseline)" in block]
    assert words(shown) <= words(said["python sweeps/ablation.py"]), "the table shown is outdated"
    assert "scaled_tanh" in said["python sweeps/ablation.py --study my_study.py"]
    assert "reproduced exactly" in said["python -m cifar_models best.yaml --components my_study.py"]
    assert (copy / "table.tex").read_text().count(r"\toprule")
