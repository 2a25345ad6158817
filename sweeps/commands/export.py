"""`sweeps export`: the best recipes of a study as files that train again."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sweeps.commands.options import (
    DataDirOption,
    StateOption,
    StorageOption,
    StudyOption,
    TrackingOption,
    sentences,
)

if TYPE_CHECKING:
    from sweeps.record.places import Places
    from sweeps.record.results import Results


@sentences
def export(
    study: StudyOption,
    out: Annotated[
        Path | None,
        typer.Option(help="File of the best recipe.  [default: best.yaml, pareto.yaml]"),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Write so many: best.yaml, best-2.yaml ...")] = 1,
    pareto: Annotated[
        bool,
        typer.Option("--pareto", help="Write all on the front of several objectives: pareto-1 ..."),
    ] = False,
    weights: Annotated[
        bool, typer.Option("--weights", help="Write their weights beside them, as safetensors.")
    ] = False,
    bundle: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write the best with all that `sweeps verify` needs."),
    ] = None,
    register: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Register the best with its weights in MLflow."),
    ] = None,
    data_dir: DataDirOption = None,
    storage: StorageOption = "runs",
    state: StateOption = None,
    tracking_uri: TrackingOption = None,
) -> None:
    """Write the recipe of the best validation mean, with seed, numerics, versions and run id.

    `python -m cifar_models best.yaml` trains it again and compares.
    """
    from sweeps.commands.studies import study_name
    from sweeps.export.best import export_best, training_command
    from sweeps.export.bundle import write_bundle
    from sweeps.export.pareto import export_front
    from sweeps.record.mlflow_runs import Runs
    from sweeps.record.places import resolve_places
    from sweeps.record.results import load

    places = resolve_places(storage, state, tracking_uri)
    results = load(study_name(study), places.tracking_uri)
    runs = Runs(places.tracking_uri, reading=True)
    if bundle is not None:
        if weights or register or pareto or top > 1:
            raise ValueError(
                "--bundle writes the best alone: give --weights, --register, --pareto and --top by "
                "themselves"
            )
        seeds = write_bundle(results, runs, bundle).seeds
        typer.echo(f"{bundle}   sweeps verify {bundle} --seeds {len(seeds)}")
        return
    if pareto:
        if register or top > 1:
            raise ValueError("--pareto writes the whole front: leave --register and --top out")
        files, index = export_front(results, runs, out or Path("pareto.yaml"))
        typer.echo(index)
    else:
        files = export_best(results, runs, out or Path("best.yaml"), top)
    for path in files:
        typer.echo(f"{path}   {training_command(results, path, data_dir)}")
    if weights or register:
        _weights(files if weights else files[:1], register, places, results, data_dir)


def _weights(
    recipes: list[Path], register: str | None, places: "Places", results: "Results",
    data_dir: Path | None,
) -> None:  # fmt: skip
    """Write the weights of recipes, and register the first."""
    from sweeps.export.best import exported_source
    from sweeps.export.weights import export_weights

    exported = [export_weights(path, places.storage, data_dir) for path in recipes]
    for file, _ in exported:
        typer.echo(file)
    if register is None:
        return
    from sweeps.export.model_registry import register as register_model

    file, shape = exported[0]
    own = exported_source(results, recipes[0])
    model = register_model(register, places.tracking_uri, recipes[0], file, shape, own)
    typer.echo(f"{model}   mlflow models predict -m {model} --env-manager local")
