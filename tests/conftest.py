"""In which order the tests run: `pytest -n 2 --dist loadfile --no-loadscope-reorder`."""

from pathlib import Path

import pytest

_LONGEST = Path(__file__).with_name("sweeps") / "execution"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that two processes end together.

    They start Ray, as does a file near the end: two at once would get into each other's way.
    """
    items.sort(key=lambda item: not item.path.is_relative_to(_LONGEST))  # stable
