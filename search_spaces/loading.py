"""Finding a study by name, or in a user's own file with components of its own.

A user's file travels to workers as source text and is executed there by the same function as in the
driver, so that its components are registered everywhere; nothing is ever pickled by reference.
"""

import hashlib
import importlib
import linecache
import pkgutil
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from pydantic import ValidationError

from cifar_models.component import forget, nearest, sentence
from cifar_models.recipe import read_text
from search_spaces import studies
from search_spaces.study import Study

USER_MODULE = "user_study_"
VARIABLE = "STUDY"


@dataclass(frozen=True)
class StudySource:
    """The text of a user's study file."""

    filename: str
    text: str

    @property
    def module_name(self) -> str:
        """Name of the module: equal text, equal module."""
        return USER_MODULE + hashlib.sha256(self.text.encode()).hexdigest()[:12]


def study_names() -> tuple[str, ...]:
    """Return the names of the studies that come with this project."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(studies.__path__)))


def load_study(name_or_file: str) -> tuple[Study, tuple[StudySource, ...]]:
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
    source = StudySource(Path(name_or_file).name, read_text(Path(name_or_file)))
    return _study_of(load_source(source), name_or_file), (source,)


def load_source(source: StudySource) -> ModuleType:
    """Execute a user's study file once in this process and return it as a module.

    Raises:
        ValueError: It is no Python, or fails; the sentence names the line.
    """
    name = source.module_name
    if name in sys.modules:
        return sys.modules[name]
    module = ModuleType(name)
    file = module.__file__ = f"{source.filename}@{name.removeprefix(USER_MODULE)}"
    lines = source.text.splitlines(keepends=True)
    linecache.cache[file] = (len(source.text), None, lines, file)  # for tracebacks and digests
    _unload_older(source)
    sys.modules[name] = module
    try:
        exec(compile(source.text, file, "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        _unload(name)
        raise ValueError(_failure(source, file, error)) from error
    return module


def _unload_older(source: StudySource) -> None:
    """Let an edited file take the place of what was loaded from it before."""
    for name, module in list(sys.modules.items()):
        if name.startswith(USER_MODULE) and str(module.__file__).startswith(f"{source.filename}@"):
            _unload(name)


def _unload(name: str) -> None:
    del sys.modules[name]
    forget(name)


def _failure(source: StudySource, file: str, error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{source.filename} is no Python: {error.msg} (line {error.lineno})"
    inside = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    line = f" (line {inside[-1].lineno})" if inside else ""
    hint = (
        "; a study file travels to workers alone: install what it imports, or put it into the file"
        if isinstance(error, ImportError)
        else ""
    )
    said = sentence(error) if isinstance(error, ValidationError) else " ".join(str(error).split())
    return f"{source.filename} fails{line}: {type(error).__name__}: {said}{hint}"


def _study_of(module: ModuleType, name: str) -> Study:
    study = getattr(module, VARIABLE, None)
    if not isinstance(study, Study):
        raise ValueError(f"{name} defines no study: it needs `{VARIABLE} = Study(...)`")
    return study
