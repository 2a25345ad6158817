"""`sweeps export`: the best recipes of a study as files that train again."""

from pathlib import Path
from typing import Annotated

import typer

from sweeps.commands.options import (
    StateOption,
    StorageOption,
    StudyOption,
    TrackingOption,
    sentences,
)


@sentences
def export(
    study: StudyOption,
    out: Annotated[Path, typer.Option(help="File of the best recipe.")] = Path("best.yaml"),
    top: Annotated[int, typer.Option(min=1, help="Write so many: best.yaml, best-2.yaml ...")] = 1,
    storage: StorageOption = "runs",
    state: StateOption = None,
    tracking_uri: TrackingOption = None,
) -> None:
    """Write the recipe of the best validation mean, with seed, numerics, versions and run id.

    `python -m cifar_models best.yaml` trains it again and compares.
    """
    from sweeps.commands.studies import study_name
    from sweeps.export import export_best, training_command
    from sweeps.record.mlflow_runs import Runs
    from sweeps.record.places import resolve_places
    from sweeps.record.results import load

    places = resolve_places(storage, state, tracking_uri)
    results = load(study_name(study), places.tracking_uri)
    for path in export_best(results, Runs(places.tracking_uri, reading=True), out, top):
        typer.echo(f"{path}   {training_command(results, path)}")
