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
    LeastOption,
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

    from cifar_models.source_file import SourceFile
    from search_spaces.study import Study
    from sweeps.execution.cost import Cost
    from sweeps.execution.forecast import Forecast
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
    min_concurrent: LeastOption = None,
    deterministic: DeterministicOption = False,
    json: JsonOption = False,
    register: Annotated[
        bool,
        typer.Option("--register", help="Write the study down before it is run, with a hash."),
    ] = False,
    probe: Annotated[
        bool,
        typer.Option(
            "--probe", help="Time a few steps of each kind of recipe, and forecast device-hours."
        ),
    ] = False,
    price_per_hour: Annotated[
        float | None,
        typer.Option(
            "--price-per-hour", min=0, help="Of one device; with --probe: the money, too."
        ),
    ] = None,
    storage: StorageOption = "runs",
    state: StateOption = None,
    tracking_uri: TrackingOption = None,
    optuna_uri: OptunaOption = None,
) -> None:
    """Print variants, trials, rungs in epochs, and what is already done.

    Trains nothing; with --probe a few steps, and `sweeps run` compares the forecast at its end.
    """
    from dataclasses import asdict

    from rich.console import Console

    from sweeps.commands.studies import resolve_study
    from sweeps.execution.forecast import forecast
    from sweeps.record.places import resolve_places

    if price_per_hour is not None and not probe:
        raise ValueError("--price-per-hour is of the hours that --probe forecasts: give both")
    places = resolve_places(storage, state, tracking_uri, optuna_uri)
    question, sources = resolve_study(study, dataset, epochs, trials, seeds)
    options = Options(
        data_dir, address, cpus_per_trial, gpu_share(gpus_per_trial), max_concurrent,
        deterministic=deterministic, min_concurrent=min_concurrent,
    )  # fmt: skip
    console = Console()
    found = forecast(question, places, options)
    costs = None
    if probe:
        costs = _probed(question, found, sources, places, options, price_per_hour)
    if json:
        told = found.to_json()
        console.print_json(data=told if costs is None else told | {"cost": asdict(costs)})
    else:
        found.print(console)
        for line in costs.lines() if costs else ():
            console.print(line, highlight=False, soft_wrap=True)
    if register:
        typer.echo(_written(question, places))


def _probed(
    study: "Study",
    found: "Forecast",
    sources: tuple["SourceFile", ...],
    places: "Places",
    options: Options,
    price: float | None,
) -> "Cost":
    """Time what is left of a study, and keep the forecast for the end of its run."""
    from rich.console import Console

    from sweeps.execution.images import ImageStore
    from sweeps.execution.ray_session import RaySession
    from sweeps.execution.study_precision import StudyPrecision
    from sweeps.execution.timing import forecast_cost
    from sweeps.record.places import make_writable

    make_writable(places)
    left = [each for phase in found.phases for each in phase.left]
    with RaySession.of(options, Console(stderr=True)) as session:
        auto = StudyPrecision(places.state, study.name, session.precision)
        images = ImageStore(options.data_dir)
        costs = forecast_cost(left, images, sources, session, auto, price)
    costs.write(places.folder(study.name))
    return costs


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
