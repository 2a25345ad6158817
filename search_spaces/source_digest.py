"""What foreign code does to identity: a digest of the source behind a recipe's own components.

Editing a component's `build` changes what is trained but not the recipe, so the trial's identity
includes the source of every component that is not ours. Of a user's study file only the class and
the top-level definitions that it reaches count: comments, docstrings and the study value do not.
"""

import ast
import hashlib
import linecache
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from cifar_models.component import Component, Frozen
from cifar_models.source_file import USER_MODULE

_OURS = ("cifar_models.", "search_spaces.", "sweeps.")


def foreign_components(value: Any) -> Iterator[type[Component]]:
    """Yield the class of every component inside a recipe that is not this project's."""
    if isinstance(value, Component) and not type(value).__module__.startswith(_OURS):
        yield type(value)
    if isinstance(value, Frozen):
        for name in type(value).model_fields:
            yield from foreign_components(getattr(value, name))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from foreign_components(item)
    elif isinstance(value, dict):
        yield from foreign_components(list(value.values()))


def source_digest(recipe: Frozen) -> str:
    """Return a digest of the foreign source that a recipe reaches; empty without any."""
    classes = {(c.__module__, c.__qualname__): c for c in foreign_components(recipe)}
    if not classes:
        return ""
    digest = hashlib.sha256()
    for _, component in sorted(classes.items()):
        digest.update(reached_source(component).encode())
    return digest.hexdigest()[:16]


def own_source(recipe: Frozen) -> str | None:
    """Return the text of the user's own file that a recipe's components come from, if any do."""
    modules = {component.__module__ for component in foreign_components(recipe)}
    own = next((name for name in modules if name.startswith(USER_MODULE)), None)
    return "".join(linecache.getlines(str(sys.modules[own].__file__))) if own else None


def reached_source(component: type[Component]) -> str:
    """Return the canonical source of a class and of all top-level definitions it reaches."""
    file = sys.modules[component.__module__].__file__
    assert file is not None, "components live in files"
    tree = ast.parse("".join(linecache.getlines(file)))
    definitions: dict[str, list[ast.stmt]] = defaultdict(list)
    for node in tree.body:
        for name in _bound(node):
            definitions[name].append(node)
    reached: set[str] = set()
    waiting = {component.__qualname__.split(".")[0]}
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting |= {n.id for node in definitions.get(name, ())
                    for n in ast.walk(node) if isinstance(n, ast.Name)} - reached  # fmt: skip
    statements = [node for node in tree.body if reached.intersection(_bound(node))]
    return "\n".join(ast.unparse(_bare(node)) for node in statements)


def _bound(node: ast.stmt) -> list[str]:
    """Return the names that a statement binds, also inside an ``if`` or ``try``."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Import() | ast.ImportFrom():
            return [alias.asname or alias.name.split(".")[0] for alias in node.names]
        case _:
            inner = [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.stmt)]
            stored = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and _stores(n)]
            return stored + [name for statement in inner for name in _bound(statement)]


def _stores(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _bare(node: ast.stmt) -> ast.stmt:
    """Return a definition without docstrings, those of a class's fields included."""
    for inner in ast.walk(node):
        if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            inner.body = [s for s in inner.body if not _documents(s)] or [ast.Pass()]
    return node


def _documents(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
