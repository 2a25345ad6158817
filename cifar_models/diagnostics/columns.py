"""What a diagnostic has seen: rows of plain data as columns, which a checkpoint can hold."""

from collections.abc import Iterable
from typing import Any

from cifar_models.diagnostics.diagnostic import Row

Columns = dict[str, list[Any]]
"""Equally long, by name."""
_KINDS = {int: "number", float: "number", bool: "truth value", str: "text", list: "list"}
"""Exact types: a checkpoint that holds another, such as NumPy's float, cannot be read again."""

TAKEN = ("factor", "level", "baseline", "seed", "trial")
"""Columns that say of whom the rows are, where several trainings stand in one table."""


def append(columns: Columns, rows: Iterable[Row], epoch: int) -> None:
    """Add the rows of an epoch; those that bring no ``epoch`` of their own get it.

    Raises:
        ValueError: A row has other columns than those before it, or one of a name that is taken;
            or a value of another kind than its column, or of none that can be kept.
    """
    for row in rows:
        whole = {"epoch": epoch, **row}
        if not columns:
            _check_names(whole)
            columns |= {name: [] for name in whole}
        if whole.keys() != columns.keys():
            raise ValueError(
                f"rows differ in their columns: {', '.join(whole)} after {', '.join(columns)}"
            )
        for name, value in whole.items():
            _check(name, value, columns[name])
            columns[name].append(value)


def _check_names(names: Iterable[str]) -> None:
    for name in names:
        if type(name) is not str:
            raise ValueError(f"a column is named {name!r}, which is no text")
        if name in TAKEN:
            raise ValueError(f"a column is named {name}, which says of whom a row is; rename it")
        _check_text(f"a column's name {name!r}", name)


def _check_text(what: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{what} holds text that is not UTF-8: {text[:20]!r}") from None


def _check(name: str, value: Any, before: list[Any]) -> None:
    if value is None:
        return
    kind = _KINDS.get(type(value))
    if kind is None or (kind == "list" and not {int, float}.issuperset(map(type, value))):
        raise ValueError(
            f"column {name} holds a {type(value).__name__} that is no plain int, float, bool, str, "
            "None or list of numbers"
        )
    numbers = value if kind == "list" else [value]
    if any(type(number) is int and not -(2**63) <= number < 2**63 for number in numbers):
        raise ValueError(f"column {name} holds an int that does not fit into 64 bits")
    if kind == "text":
        _check_text(f"column {name}", value)
    first = next((other for other in before if other is not None), value)
    if kind != _KINDS[type(first)]:
        raise ValueError(f"column {name} holds a {kind} after a {_KINDS[type(first)]}")
