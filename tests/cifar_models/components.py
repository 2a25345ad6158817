"""Every registered component, for tests that are driven by the registries alone."""

import pkgutil
from importlib import import_module
from typing import Any

import pytest

import cifar_models
from cifar_models.component import kinds, registry

for module in pkgutil.walk_packages(cifar_models.__path__, "cifar_models."):
    if not module.name.endswith("__main__"):
        import_module(module.name)

EVERY = [choice for kind in kinds() for choice in registry(kind).values()]
CLASSES = 10


def of(kind: str) -> list[Any]:
    """Return the choices of a kind as parameters of a test."""
    return [pytest.param(choice, id=name) for name, choice in registry(kind).items()]
