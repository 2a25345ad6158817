"""A table written down. Adding a format is adding one function to ``FORMATS``."""

from collections.abc import Callable

from sweeps.analysis.rendering.latex import latex
from sweeps.analysis.rendering.markdown import markdown
from sweeps.analysis.rendering.terminal import terminal
from sweeps.analysis.rendering.tidy import tidy
from sweeps.analysis.rendering.webpage import webpage
from sweeps.analysis.table import Table

FORMATS: dict[str, Callable[[Table], str]] = {
    "rich": terminal,
    "md": markdown,
    "csv": tidy,
    "tex": latex,
    "html": webpage,
}


def render(table: Table, format: str) -> str:
    """Write a table in one of ``FORMATS``; the text ends with a line break.

    Raises:
        ValueError: there is no such format.
    """
    if format not in FORMATS:
        raise ValueError(f"no table format {format!r}: choose one of {', '.join(FORMATS)}")
    return FORMATS[format](table)
