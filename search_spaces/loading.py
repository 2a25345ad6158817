"""Finding a study by name, or in a user's own file with components of its own."""

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from types import ModuleType

from cifar_models.component import nearest
from cifar_models.recipe import read_text
from cifar_models.source_file import SourceFile, load_source
from search_spaces import studies
from search_spaces.study import Study

VARIABLE = "STUDY"


@cache
def built_in() -> dict[str, Study]:
    """Return the studies that come with this project, by name."""
    names = (found.name for found in pkgutil.iter_modules(studies.__path__))
    modules = [importlib.import_module(f"{studies.__name__}.{name}") for name in sorted(names)]
    found = [study for module in modules for study in _studies_of(module)]
    return {study.name: study for study in sorted(found, key=lambda study: study.name)}


def study_names() -> tuple[str, ...]:
    """Return the names of the studies that come with this project."""
    return tuple(built_in())


def load_study(name_or_file: str) -> tuple[Study, tuple[SourceFile, ...]]:
    """Return a study, and the sources that workers need for its components.

    Args:
        name_or_file: The name of a built-in study, or the path of a Python file (``*.py``) that
            defines ``STUDY``.

    Raises:
        ValueError: There is no such study, or the file defines none.
    """
    if not name_or_file.endswith(".py"):
        if name_or_file not in built_in():
            raise ValueError(
                f"unknown study {name_or_file!r}: {nearest(name_or_file, built_in())}; "
                "or give the path of a Python file that defines STUDY"
            )
        return built_in()[name_or_file], ()
    source = SourceFile(Path(name_or_file).name, read_text(Path(name_or_file)))
    return _study_of(load_source(source), name_or_file), (source,)


def _studies_of(module: ModuleType) -> tuple[Study, ...]:
    """Return the studies of one of our own files: one, or all of a report."""
    several: tuple[Study, ...] = getattr(module, "STUDIES", ())
    return several or (_study_of(module, module.__name__),)


def _study_of(module: ModuleType, name: str) -> Study:
    study = getattr(module, VARIABLE, None)
    if not isinstance(study, Study):
        raise ValueError(f"{name} defines no study: it needs `{VARIABLE} = Study(...)`")
    return study
