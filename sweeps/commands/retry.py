"""`sweeps retry`: train again what failed, and go on like `sweeps run`."""

from typing import TYPE_CHECKING, Annotated

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
    EpochsOption,
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

    from sweeps.record.places import Places


@sentences
def retry(
    study: StudyOption,
    failed: Annotated[
        bool,
        typer.Option(
            "--failed", help="Trials that ended in an error, mended meanwhile, or ran out of time."
        ),
    ] = False,
    out_of_memory: Annotated[
        bool,
        typer.Option("--out-of-memory", help="Trials that did not fit: there is more room now."),
    ] = False,
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
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be trained again, and end.")
    ] = False,
    detach: DetachOption = False,
    storage: StorageOption = "runs",
    state: StateOption = None,
    tracking_uri: TrackingOption = None,
    optuna_uri: OptunaOption = None,
) -> None:
    """Train the trials of a study that failed from their beginning, then go on like `sweeps run`.

    A search's trial keeps its number and costs nothing of the search's budget: Optuna is told of
    its new end instead of the old. MLflow keeps the old runs, of kind superseded. With the options
    of `sweeps run`.
    """
    from rich.console import Console

    from sweeps.commands.run import carry_out, conclude
    from sweeps.commands.studies import resolve_study
    from sweeps.record.places import resolve_places

    statuses = {"failed", "timed_out"} if failed else set()
    statuses |= {"out_of_memory"} if out_of_memory else set()
    if not statuses:
        raise ValueError("say what: --failed, --out-of-memory or both")
    console = Console()
    places = resolve_places(storage, state, tracking_uri, optuna_uri)
    question, sources = resolve_study(study, dataset, epochs, trials, seeds)
    options = Options(
        data_dir, address, cpus_per_trial, gpu_share(gpus_per_trial), max_concurrent,
        time_limit(time_budget), deterministic, retry=frozenset(statuses),
        trial_time_limit=time_limit(trial_time_limit, "--trial-time-limit"),
        min_concurrent=min_concurrent,
    )  # fmt: skip
    _announce(question.name, places, statuses, console)
    if dry_run:
        return
    if detach:
        run_in_background(places.state)
        return
    carry_out(question, sources, places, options, console)
    conclude(question, places, data_dir, console)


def _announce(study: str, places: "Places", statuses: set[str], console: "Console") -> None:
    """Print which trials of a study ended so.

    Raises:
        ValueError: Nothing was run there yet.
    """
    from sweeps.execution.progress import last_line
    from sweeps.record.journal import read_records
    from sweeps.record.memberships import memberships
    from sweeps.record.mlflow_runs import Runs

    members = memberships(Runs(places.tracking_uri, reading=True)).get(study)
    found = [
        record
        for record in read_records(places.state).values()
        if record.status in statuses and members and record.trial in members.trials
    ]
    for record in found:
        console.print(
            f"  {record.trial} {record.status} after {record.epochs} epochs: "
            f"{last_line(record.reason)}",
            soft_wrap=True, highlight=False, markup=False,
        )  # fmt: skip
    wanted = " or ".join(sorted(statuses)).replace("_", " ")
    said = f"no trial {wanted}"
    if found:
        many = "1 trial" if len(found) == 1 else f"{len(found)} trials"
        said = f"{many} {wanted}, to be trained again"
    console.print(f"{study}: {said}", highlight=False)
