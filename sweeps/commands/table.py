"""`sweeps table`: the ablation table of a study, from what MLflow has."""

from pathlib import Path
from typing import Annotated

import typer

from sweeps.commands.options import (
    JsonOption,
    StateOption,
    StorageOption,
    StudyOption,
    TrackingOption,
    sentences,
)


@sentences
def table(
    study: StudyOption,
    rows: Annotated[
        str | None,
        typer.Option(metavar="FACTOR", help="Of a factorial study: this factor in rows, and"),
    ] = None,
    cols: Annotated[str | None, typer.Option(metavar="FACTOR", help="this one in columns.")] = None,
    style: Annotated[str, typer.Option("--format", help="rich, md, csv, tex or html.")] = "rich",
    out: Annotated[Path | None, typer.Option(help="Write to a file instead.")] = None,
    json: JsonOption = False,
    storage: StorageOption = "runs",
    state: StateOption = None,
    tracking_uri: TrackingOption = None,
) -> None:
    """Print the ablation table of a study; also while it runs (the table then says INTERIM)."""
    from cifar_models.component import nearest
    from sweeps.analysis.rendering import FORMATS, render
    from sweeps.analysis.report.table_file import write_table
    from sweeps.commands.studies import study_name
    from sweeps.publication import table_of
    from sweeps.record.places import resolve_places
    from sweeps.record.results import load

    if style not in FORMATS:
        raise ValueError(f"unknown format {style!r}: {nearest(style, FORMATS)}")
    if (rows is None) != (cols is None):
        raise ValueError("--rows and --cols go together: a factor in rows, another in columns")
    places = resolve_places(storage, state, tracking_uri)
    results = load(study_name(study), places.tracking_uri, searched=False)
    found = table_of(results, (rows, cols) if rows is not None and cols is not None else None)
    text = found.shown.to_json(orient="records", indent=1) + "\n" if json else render(found, style)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_table(found, results.trials, text, out)
