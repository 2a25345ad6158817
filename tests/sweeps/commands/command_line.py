"""Calling the command line inside this process."""

from pathlib import Path

from typer.testing import CliRunner, Result

from sweeps.__main__ import app

TINY = '''
"""A study of seconds."""
from search_spaces import LogRange, Search, Study, factor
from search_spaces.bases import TINY_CNN

STUDY = Study(
    name="tiny",
    question="Does the activation matter?",
    base=TINY_CNN.replace(
        {"dataset.train_size": 200, "dataset.test_size": 100, "batch_size": 20, "epochs": 9}
    ),
    factors=(factor("activation", "model.activation", "relu", "tanh"),),
    seeds=2,
)
'''
SEARCHING = TINY.replace('name="tiny"', 'name="searching"').replace(
    "seeds=2,",
    'seeds=2, search=Search(space={"optimizer.lr": LogRange(0.01, 1.0)}, trials=27, top_k=2),',
)


def call(*words: object, columns: int = 200) -> Result:
    """Run `sweeps` with these words; exceptions that are no exit are raised."""
    runner = CliRunner(env={"COLUMNS": str(columns)})
    return runner.invoke(app, [str(word) for word in words], catch_exceptions=False)


def tree(folder: Path) -> dict[str, bytes | None]:
    """Return all that lies in a folder, with the contents of its files."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def assert_a_sentence(code: int, stdout: str, stderr: str, said: str) -> None:
    assert code == 2, stdout + stderr
    (line,) = stderr.splitlines()
    assert line.startswith("error: ")
    for part in said.split(" ... "):
        assert part in line
    assert "Traceback" not in stdout + stderr


def refuse(folder: Path, said: str, *words: object) -> None:
    """Assert that `sweeps` refuses these words in one line that holds the parts of ``said``."""
    before = tree(folder)
    result = call(*words)
    assert_a_sentence(result.exit_code, result.stdout, result.stderr, said)
    assert tree(folder) == before
