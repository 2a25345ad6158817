"""In which order the tests run: `pytest -n 2 --dist loadfile --no-loadscope-reorder`."""

from pathlib import Path

import pytest

_TESTS = Path(__file__).parent
_LONGEST = (_TESTS / "test_readme.py", _TESTS / "sweeps" / "execution")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that two processes end together.

    They start Ray, as does a file near the end: two at once would get into each other's way.
    """
    items.sort(key=lambda item: not any(map(item.path.is_relative_to, _LONGEST)))  # stable
