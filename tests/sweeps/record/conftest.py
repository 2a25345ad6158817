from collections.abc import Iterator
from pathlib import Path

import pytest

from sweeps.record.journal import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """An empty journal in the folder ``journal`` of the test's own."""
    journal = Journal(tmp_path / "journal")
    yield journal
    journal.close()
