"""`sweeps run`, which is `python sweeps/ablation.py`: run a study and print its table."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sweeps.commands.detach import detach as run_in_background
from sweeps.commands.options import (
    AddressOption,
    ConcurrentOption,
    CpusOption,
    DataDirOption,
    DatasetOption,
    DetachOption,
    DeterministicOption,
    DryRunOption,
    EpochsOption,
    FreshOption,
    GpusOption,
    LeastOption,
    OptunaOption,
    SeedsOption,
    StateOption,
    StorageOption,
    StudyOption,
    TimeBudgetOption,
    TrackingOption,
    TrialsOption,
    TrialTimeLimitOption,
    gpu_share,
    sentences,
    time_limit,
)
from sweeps.execution.options import Options

if TYPE_CHECKING:
    from rich.console import Console

    from cifar_models.source_file import SourceFile
    from search_spaces.study import Study
    from sweeps.record.mlflow_runs import Runs
    from sweeps.record.places import Places
    from sweeps.record.results import Results

INTERRUPTED = 130
"""Exit code after a signal or a spent time budget, as shells have it for Ctrl-C."""


@sentences
def run(
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
    time_budget: TimeBudgetOption = None,
    trial_time_limit: TrialTimeLimitOption = None,
    deterministic: DeterministicOption = False,
    fresh: FreshOption = False,
    dry_run: DryRunOption = False,
    detach: DetachOption = False,
    storage: StorageOption = "runs",
    state: StateOption = None,
    tracking_uri: TrackingOption = None,
    optuna_uri: OptunaOption = None,
) -> None:
    """Run a study: search, ablation over seeds, test evaluation, table, best recipe.

    Running the same command again goes on where it was stopped, and trains nothing twice.
    """
    from rich.console import Console

    from sweeps.commands.plan import print_plan
    from sweeps.commands.studies import resolve_study
    from sweeps.record.places import resolve_places

    console = Console()
    places = resolve_places(storage, state, tracking_uri, optuna_uri)
    question, sources = resolve_study(study, dataset, epochs, trials, seeds)
    options = Options(
        data_dir, address, cpus_per_trial, gpu_share(gpus_per_trial), max_concurrent,
        time_limit(time_budget), deterministic, fresh,
        trial_time_limit=time_limit(trial_time_limit, "--trial-time-limit"),
        min_concurrent=min_concurrent,
    )  # fmt: skip
    if dry_run:
        print_plan(question, places, options, console)
        return
    if detach:
        run_in_background(places.state)
        return
    carry_out(question, sources, places, options, console)
    conclude(question, places, data_dir, console)


def carry_out(
    study: "Study",
    sources: tuple["SourceFile", ...],
    places: "Places",
    options: Options,
    console: "Console",
) -> None:
    """Run what is left of a study; an interruption ends the command with a sentence."""
    from sweeps.execution.chain import Interrupted
    from sweeps.execution.runner import StudyRun

    try:
        StudyRun(study, sources, places, options, console).execute()
    except (Interrupted, KeyboardInterrupt) as stop:
        why = f" {stop}." if str(stop) else ""
        again = "without --fresh, the same command" if options.fresh else "the same command"
        console.print(f"Stopped.{why} Nothing is lost: {again} goes on from here.", soft_wrap=True)
        raise typer.Exit(INTERRUPTED) from None


def conclude(study: "Study", places: "Places", data_dir: Path | None, console: "Console") -> None:
    """Print what the search found and the table; write it with plots and the best recipe."""
    from sweeps.analysis.rendering.terminal import terminal
    from sweeps.commands.searched import print_search
    from sweeps.export.best import export_best, training_command
    from sweeps.publication import publish
    from sweeps.record.mlflow_runs import Runs
    from sweeps.record.results import load
    from sweeps.record.server import way_in

    runs = Runs(places.tracking_uri, reading=True)
    results = load(study.name, places.tracking_uri)
    folder = places.folder(study.name)
    published = publish(results, folder, runs)
    print_search(study, results, folder, runs, console)
    console.print()
    typer.echo(terminal(published.table))
    finished = (results.trials["role"] == "ablation") & (results.trials["status"] == "finished")
    if results.images["validation"] and finished.any():
        files = export_best(results, runs, folder / "best.yaml")
        for file in files:
            runs.client.log_artifact(results.parent, str(file))
        command = training_command(results, files[0], data_dir)
        _say(console, f"best recipe   {command}")
    _say(console, f"tables, plots {folder}")
    compare_with_forecast(results, folder, places, runs, console)
    uri = places.tracking_uri
    _say(console, f"every trial   {'' if places.served else 'mlflow ui --backend-store-uri '}{uri}")
    if places.served and "SSH_CONNECTION" in os.environ and (way := way_in(uri)):
        _say(console, f"              from your own machine after {way}")


def compare_with_forecast(
    results: "Results", folder: Path, places: "Places", runs: "Runs", console: "Console"
) -> None:
    """Say what training took, and keep it, where `sweeps plan --probe` has forecast it."""
    from sweeps.execution.cost import Cost, actual
    from sweeps.record.journal import read_records

    forecast, records = Cost.read(folder), read_records(places.state)
    trials = set(results.trials["trial"]) & records.keys()
    took = actual((records[trial] for trial in trials), forecast.made) if forecast else 0.0
    if forecast and took:
        _say(console, f"cost          {forecast.against(took)}")
        for name, value in forecast.metrics(took).items():
            runs.client.log_metric(results.parent, name, value)


def _say(console: "Console", line: str) -> None:
    """Print a line to be copied, its paths as they are from here."""
    console.print(line.replace(f"{Path.cwd()}/", ""), soft_wrap=True, highlight=False)
