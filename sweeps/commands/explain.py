"""`sweeps explain`: what diagnostics have seen of a study, beside how its levels ended."""

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
def explain(
    study: StudyOption,
    out: Annotated[
        Path | None, typer.Option(help="The page to write.  [default: in the study's folder]")
    ] = None,
    tensorboard: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write curves, histograms and images for TensorBoard."),
    ] = None,
    storage: StorageOption = "runs",
    state: StateOption = None,
    tracking_uri: TrackingOption = None,
) -> None:
    """Write one page: each level's outcome beside what diagnostics have seen of its training.

    A study names them, as in diagnostics=(GradientFlow(), Sharpness()); `sweeps run` lets them look
    at the first seed of each level. Beside the page lie their data, as Parquet files. TensorBoard
    has the curves of any study's ablation.
    """
    from sweeps.analysis.report.files import write_explanation
    from sweeps.commands.studies import study_name
    from sweeps.publication import material_of
    from sweeps.record.places import resolve_places
    from sweeps.record.results import load

    places = resolve_places(storage, state, tracking_uri)
    results = load(study_name(study), places.tracking_uri)
    if tensorboard is not None:
        from sweeps.export.tensorboard import export

        export(results, tensorboard)
        typer.echo(f"{tensorboard}   tensorboard --logdir {tensorboard}")
        if out is None and not (results.observations or len(results.unseen)):
            typer.echo("no page: nothing was looked at")
            return
    material = material_of(results)
    folder = places.folder(results.study["name"]) if out is None else out.parent
    for file in write_explanation(material, folder, out):
        typer.echo(file)
