"""Which diagnostics have looked at a trial, and which of them did not get to the end of it.

Both are facts of its record, and tags of its run.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from cifar_models.component import settings_key

FACT = "diagnosed"
"""Those that were asked from its first epoch on."""
MISSED = "not_seen"
"""Those that have raised."""
Settings = dict[str, Any]
"""A diagnostic as plain data."""


def told(
    diagnostics: Iterable[Settings], raised: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the facts; nothing without diagnostics.

    Args:
        diagnostics: that look.
        raised: why one did not, by its key.
    """
    plain = sorted(diagnostics, key=settings_key)
    if not plain:
        return {}
    return {
        FACT: json.dumps(plain, sort_keys=True),
        MISSED: json.dumps(raised or {}, sort_keys=True),
    }


def seen(facts: Mapping[str, str]) -> dict[str, Settings]:
    """Return what has looked, by its key (`cifar_models.component.settings_key`)."""
    return {settings_key(plain): plain for plain in json.loads(facts.get(FACT, "[]"))}


def missed(facts: Mapping[str, str]) -> dict[str, str]:
    """Return why one of them has not seen the trial, by its key."""
    found: dict[str, str] = json.loads(facts.get(MISSED, "{}"))
    return found
