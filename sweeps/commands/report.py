"""`sweeps report`: a study's report as one page, or an index of all; and whether it still holds."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sweeps.commands.options import (
    StateOption,
    StorageOption,
    TrackingOption,
    sentences,
)

if TYPE_CHECKING:
    from sweeps.record.places import Places

FAILED = 1
"""Exit code when numbers do not follow from their runs."""
INDEX = "index.html"


@sentences
def report(
    study: Annotated[
        str | None,
        typer.Option("--study", metavar="NAME|FILE.py", help="A study's name, or your own file."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The page to write; a page or table to check.  [default: in the study's folder]"
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="See whether the written numbers follow from the runs.")
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="Write a page a study, and an index of them.")
    ] = False,
    storage: StorageOption = "runs",
    state: StateOption = None,
    tracking_uri: TrackingOption = None,
) -> None:
    """Write the report of a study as one HTML page that needs nothing else.

    With --check nothing is written: the exit code is 1 where a number does not follow from its
    runs, and the cell is named.
    """
    from sweeps.commands.studies import study_name
    from sweeps.record.places import resolve_places

    places = resolve_places(storage, state, tracking_uri)
    if every == (study is not None):
        raise ValueError("give either --study NAME or --all")
    if study is None:
        if check:
            raise ValueError("--check looks at one study at a time: give --study NAME")
        write_index(places, out)
        return
    if check:
        check_study(study_name(study), places, out)
    else:
        write_report(study_name(study), places, out)


def write_report(study: str, places: "Places", out: Path | None) -> None:
    """Write the page of one study."""
    from sweeps.analysis.report.files import REPORT, write_page
    from sweeps.publication import material_of
    from sweeps.record.results import load

    material = material_of(load(study, places.tracking_uri))
    typer.echo(write_page(material, out or places.folder(study) / REPORT))


def check_study(study: str, places: "Places", out: Path | None) -> None:
    """Say which numbers of a study's files, or of one page, do not follow from their runs."""
    from sweeps.analysis.report.check import check_folder, check_page
    from sweeps.publication import material_of
    from sweeps.record.results import load

    material = material_of(load(study, places.tracking_uri))
    folder = places.folder(study)
    said = check_folder(material, folder) if out is None else check_page(material, out)
    for sentence in said:
        typer.echo(sentence)
    where = out or folder
    if said:
        typer.echo(f"{where}: {len(said)} things do not follow from their runs")
        raise typer.Exit(FAILED)
    typer.echo(f"{where}: every number follows from its runs")


def write_index(places: "Places", out: Path | None) -> None:
    """Write a page for every study that has a table, and the index."""
    from sweeps.analysis.report.files import REPORT, write_page
    from sweeps.analysis.report.index import Entry, index
    from sweeps.analysis.report.table_file import write_text
    from sweeps.publication import material_of
    from sweeps.record.mlflow_runs import Runs
    from sweeps.record.results import load

    path = out or places.folder(INDEX)
    entries = []
    for run in Runs(places.tracking_uri, reading=True).find(kind="study"):
        study = run.data.tags["study"]
        try:
            material = material_of(load(study, places.tracking_uri))
        except ValueError as error:
            entries.append(Entry(study, problem=str(error)))
            continue
        page = write_page(material, places.folder(study) / REPORT)
        entries.append(Entry.of(material, page, path))
    typer.echo(write_text(index(entries), path, make_folder=True))
