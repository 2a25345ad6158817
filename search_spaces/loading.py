"""Finding a study by name, or in a user's own file with components of its own."""

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

from cifar_models.component import nearest
from cifar_models.recipe import read_text
from cifar_models.source_file import SourceFile, load_source
from search_spaces import studies
from search_spaces.study import Study

VARIABLE = "STUDY"


def study_names() -> tuple[str, ...]:
    """Return the names of the studies that come with this project."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(studies.__path__)))


def load_study(name_or_file: str) -> tuple[Study, tuple[SourceFile, ...]]:
    """Return a study, and the sources that workers need for its components.

    Args:
        name_or_file: The name of a built-in study, or the path of a Python file (``*.py``) that
            defines ``STUDY``.

    Raises:
        ValueError: There is no such study, or the file defines none.
    """
    if not name_or_file.endswith(".py"):
        if name_or_file not in study_names():
            raise ValueError(
                f"unknown study {name_or_file!r}: {nearest(name_or_file, study_names())}; "
                "or give the path of a Python file that defines STUDY"
            )
        module = importlib.import_module(f"{studies.__name__}.{name_or_file}")
        return _study_of(module, name_or_file), ()
    source = SourceFile(Path(name_or_file).name, read_text(Path(name_or_file)))
    return _study_of(load_source(source), name_or_file), (source,)


def _study_of(module: ModuleType, name: str) -> Study:
    study = getattr(module, VARIABLE, None)
    if not isinstance(study, Study):
        raise ValueError(f"{name} defines no study: it needs `{VARIABLE} = Study(...)`")
    return study
