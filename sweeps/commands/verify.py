"""`sweeps verify`: train an exported bundle again, and compare."""

from pathlib import Path
from typing import Annotated

import typer

from sweeps.commands.options import DataDirOption, sentences


@sentences
def verify(
    bundle: Annotated[Path, typer.Argument(help="A folder written by `sweeps export --bundle`.")],
    seeds: Annotated[int, typer.Option(min=1, help="Train so many of its seeds.")] = 1,
    data_dir: DataDirOption = None,
) -> None:
    """Train a bundle again: equal numbers on its own CPU, numbers in their interval elsewhere.

    Exit code 1 when a number is not as the bundle says.
    """
    from sweeps.export.verification import verify as verdicts

    found = []
    for verdict in verdicts(bundle, seeds, data_dir):
        typer.echo(verdict)
        found.append(verdict)
    wrong = sum(not verdict.holds for verdict in found)
    typer.echo(f"{len(found) - wrong} of {len(found)} numbers as the bundle says")
    if wrong:
        raise typer.Exit(1)
