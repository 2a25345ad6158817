"""`sweeps plan`: what a study would cost and what is done, before anything is spent."""

from typing import TYPE_CHECKING, Annotated

import typer

from sweeps.commands.options import (
    AddressOption,
    ConcurrentOption,
    CpusOption,
    DataDirOption,
    DatasetOption,
    DeterministicOption,
    EpochsOption,
    GpusOption,
    JsonOption,
    OptunaOption,
    SeedsOption,
    StateOption,
    StorageOption,
    StudyOption,
    TrackingOption,
    TrialsOption,
    gpu_share,
    sentences,
)
from sweeps.execution.options import Options

if TYPE_CHECKING:
    from rich.console import Console

    from search_spaces.study import Study
    from sweeps.record.places import Places


@sentences
def plan(
    study: StudyOption = "quickstart",
    dataset: DatasetOption = None,
    data_dir: DataDirOption = None,
    epochs: EpochsOption = None,
    trials: TrialsOption = None,
    seeds: SeedsOption = None,
    address: AddressOption = None,
    cpus_per_trial: CpusOption = 1,
    gpus_per_trial: GpusOption = None,
    max_concurrent: ConcurrentOption = None,
    deterministic: DeterministicOption = False,
    json: JsonOption = False,
    register: Annotated[
        bool,
        typer.Option("--register", help="Write the study down before it is run, with a hash."),
    ] = False,
    storage: StorageOption = "runs",
    state: StateOption = None,
    tracking_uri: TrackingOption = None,
    optuna_uri: OptunaOption = None,
) -> None:
    """Print variants, trials, rungs in epochs, and what is already done. Trains nothing."""
    from rich.console import Console

    from sweeps.commands.studies import resolve_study
    from sweeps.record.places import resolve_places

    places = resolve_places(storage, state, tracking_uri, optuna_uri)
    question, _ = resolve_study(study, dataset, epochs, trials, seeds)
    options = Options(
        data_dir, address, cpus_per_trial, gpu_share(gpus_per_trial), max_concurrent,
        deterministic=deterministic,
    )  # fmt: skip
    print_plan(question, places, options, Console(), as_json=json)
    if register:
        typer.echo(_written(question, places))


def _written(study: "Study", places: "Places") -> str:
    """Write a study down, and return what to say of it."""
    from sweeps.record.mlflow_runs import Runs
    from sweeps.record.places import make_writable
    from sweeps.record.registration import register

    make_writable(places)
    known = register(study, Runs(places.tracking_uri, places.artifacts))
    return f"written down as {known.digest}"


def print_plan(
    study: "Study", places: "Places", options: Options, console: "Console", *,
    as_json: bool = False,
) -> None:  # fmt: skip
    """Work the plan of a study out and print it."""
    from sweeps.execution.forecast import forecast

    found = forecast(study, places, options)
    if as_json:
        console.print_json(data=found.to_json())
    else:
        found.print(console)
