"""The table of what kills cost, below the tests' own summary."""

from dataclasses import astuple, dataclass, fields

import pytest


@dataclass(frozen=True)
class Cost:
    """What a study's kills cost it; one line of the table."""

    study: str
    kills: str
    epochs: int
    redone: int
    duplicates: int
    lost: int


COSTS = pytest.StashKey[list[Cost]]()


@pytest.fixture
def costs(request: pytest.FixtureRequest) -> list[Cost]:
    """The lines of the table."""
    return request.config.stash.setdefault(COSTS, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table."""
    lines = terminalreporter.config.stash.get(COSTS, [])
    if not lines:
        return
    rows = [tuple(field.name for field in fields(Cost)), *map(astuple, lines)]
    widths = [max(len(str(row[place])) for row in rows) for place in range(len(rows[0]))]
    terminalreporter.section("what the kills cost")
    for row in rows:
        cells = zip(row, widths, strict=True)
        terminalreporter.write_line("  ".join(str(cell).ljust(width) for cell, width in cells))
