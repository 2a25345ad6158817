"""Which diagnostics have looked at a trial from its first epoch on: a fact of its record."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from cifar_models.component import settings_key

FACT = "diagnosed"
"""Its name, and the tag of the trial's run."""
Settings = dict[str, Any]
"""A diagnostic as plain data."""


def told(diagnostics: Iterable[Settings]) -> dict[str, str]:
    """Return the fact; nothing without diagnostics."""
    plain = sorted(diagnostics, key=settings_key)
    return {FACT: json.dumps(plain, sort_keys=True)} if plain else {}


def seen(facts: Mapping[str, str]) -> dict[str, Settings]:
    """Return what has looked, by its key (`cifar_models.component.settings_key`)."""
    return {settings_key(plain): plain for plain in json.loads(facts.get(FACT, "[]"))}
