"""Options that several commands share, and the one place where a mistake becomes a sentence."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, ParamSpec

import typer

P = ParamSpec("P")

StudyOption = Annotated[
    str, typer.Option("--study", metavar="NAME|FILE.py", help="A study's name, or your own file.")
]
RunningOption = Annotated[
    str | None, typer.Option("--study", metavar="NAME", help="Only if it is this that runs.")
]
StorageOption = Annotated[
    str,
    typer.Option(
        "--storage", envvar="SWEEPS_STORAGE", help="Path or URL of checkpoints and artifacts."
    ),
]
StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        envvar="SWEEPS_STATE",
        help="Local folder of journal and databases.  [default: the storage]",
    ),
]
TrackingOption = Annotated[
    str | None,
    typer.Option(
        "--tracking-uri",
        envvar="MLFLOW_TRACKING_URI",
        help="MLflow server.  [default: a database in the state]",
    ),
]
OptunaOption = Annotated[
    str | None,
    typer.Option(
        "--optuna-uri",
        envvar="SWEEPS_OPTUNA_URI",
        help="Database of the searches: PostgreSQL, MySQL, SQLite.  [default: a file in the state]",
    ),
]
DatasetOption = Annotated[
    str | None, typer.Option("--dataset", help="Use another data set than the study's.")
]
DataDirOption = Annotated[
    Path | None, typer.Option("--data-dir", help="Where data sets lie.  [default: data]")
]
EpochsOption = Annotated[
    int | None, typer.Option("--epochs", help="Train every trial so many epochs.")
]
TrialsOption = Annotated[int | None, typer.Option("--trials", help="Trials of the search.")]
SeedsOption = Annotated[
    str | None,
    typer.Option(
        "--seeds",
        metavar="N|A,B,C|auto",
        help="Number of seeds of the ablation, or a list; auto: what is decided after 7, 10, 14 "
        "or 20 gets no more; auto:4,8,16 for others.",
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        "--address",
        envvar="RAY_ADDRESS",
        help="Address of a Ray cluster, auto on its head.  [default: this machine]",
    ),
]
CpusOption = Annotated[int, typer.Option("--cpus-per-trial", min=1, help="CPU threads of a trial.")]
GpusOption = Annotated[
    str | None,
    typer.Option(
        "--gpus-per-trial",
        metavar="SHARE|auto",
        help="1, a fraction, or auto: as many trials on one as pay, measured.  "
        "[default: 1 if there is one]",
    ),
]
ConcurrentOption = Annotated[
    int | None, typer.Option("--max-concurrent", min=1, help="Trials at once.  [default: all fit]")
]
LeastOption = Annotated[
    int | None,
    typer.Option(
        "--min-concurrent",
        min=1,
        help="Begin when a cluster has room for so many; one that grows is asked for it.",
    ),
]
DeterministicOption = Annotated[
    bool,
    typer.Option(
        "--deterministic", help="Search in cohorts: no dependence on timing or on workers."
    ),
]
TimeBudgetOption = Annotated[
    float | None,
    typer.Option("--time-budget", help="Stop after so many seconds; run again to go on."),
]
TrialTimeLimitOption = Annotated[
    float | None,
    typer.Option(
        "--trial-time-limit", metavar="SECONDS", help="End a trial that trains for longer."
    ),
]
FreshOption = Annotated[bool, typer.Option("--fresh", help="Train again what is done.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Print the plan and end: `sweeps plan`.")
]
DetachOption = Annotated[
    bool,
    typer.Option(
        "--detach", help="Run on without this terminal: `sweeps attach`, `status`, `stop`."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def gpu_share(text: str | None) -> float | Literal["auto"] | None:
    """Read what ``--gpus-per-trial`` is given.

    Raises:
        ValueError: It is neither a share nor ``auto``.
    """
    if text is None or text == "auto":
        return "auto" if text else None
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < float("inf"):
        raise ValueError(
            f"--gpus-per-trial wants 1, a fraction such as 0.25, or auto, got {text!r}"
        )
    return share


def time_limit(seconds: float | None, option: str = "--time-budget") -> float | None:
    """Check what an option for a time is given.

    Raises:
        ValueError: It is no finite number above zero.
    """
    if seconds is not None and not 0 < seconds < float("inf"):
        raise ValueError(f"{option} wants a number of seconds above zero, got {seconds:g}")
    return seconds


def typed(context: typer.Context) -> dict[str, Any]:
    """Return the options that were typed: neither defaults nor what the environment names."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return {
        name: context.params[name]
        for name, source in sources.items()
        if source is not None and source.name == "COMMANDLINE"
    }


def alone(command: Callable[P, None]) -> typer.Typer:
    """Return a command line of one command; a bug of ours shows a plain traceback."""
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    app.command()(command)
    return app


def sentences(command: Callable[P, None]) -> Callable[P, None]:
    """Let a command answer bad input with a sentence and exit code 2 instead of a traceback.

    ``SWEEPS_TRACEBACK=1`` shows the traceback as well.
    """

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except ValueError as error:
            if os.environ.get("SWEEPS_TRACEBACK"):
                raise
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(2) from None

    return guarded
