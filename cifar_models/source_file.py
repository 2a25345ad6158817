"""A user's own Python file: executed once a process, so that its components are registered there.

It travels to workers as text and is executed there by the same function as in the driver; nothing
is ever pickled by reference.
"""

import hashlib
import linecache
import sys
import traceback
from dataclasses import dataclass
from types import ModuleType

from pydantic import ValidationError

from cifar_models.component import forget, sentence

USER_MODULE = "user_study_"


@dataclass(frozen=True)
class SourceFile:
    """The text of a user's file."""

    filename: str
    text: str

    @property
    def module_name(self) -> str:
        """Name of the module: equal text, equal module."""
        return USER_MODULE + hashlib.sha256(self.text.encode()).hexdigest()[:12]


def load_source(source: SourceFile) -> ModuleType:
    """Execute a user's file once in this process and return it as a module.

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


def _unload_older(source: SourceFile) -> None:
    """Let an edited file take the place of what was loaded from it before."""
    for name, module in list(sys.modules.items()):
        if name.startswith(USER_MODULE) and str(module.__file__).startswith(f"{source.filename}@"):
            _unload(name)


def _unload(name: str) -> None:
    del sys.modules[name]
    forget(name)


def _failure(source: SourceFile, file: str, error: BaseException) -> str:
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
