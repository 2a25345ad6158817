"""`sweeps reproduce`: run a published study again, and put ours beside what was printed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sweeps.commands.options import (
    AddressOption,
    ConcurrentOption,
    CpusOption,
    DataDirOption,
    DryRunOption,
    FreshOption,
    GpusOption,
    JsonOption,
    SeedsOption,
    StateOption,
    StorageOption,
    TimeBudgetOption,
    TrackingOption,
    TrialTimeLimitOption,
    gpu_share,
    sentences,
    time_limit,
)
from sweeps.execution.options import Options

if TYPE_CHECKING:
    from search_spaces.study import Study
    from sweeps.record.places import Places


Budget = Literal["quick", "full"]


@sentences
def reproduce(
    study: Annotated[
        str | None, typer.Option("--study", metavar="ID", help="A result's id, as in --list.")
    ] = None,
    budget: Annotated[
        Budget,
        typer.Option(
            help="full: the published epochs, which decide. quick: within an hour on two cores, "
            "minutes on a GPU; directions only."
        ),
    ] = "full",
    every: Annotated[
        bool, typer.Option("--list", help="List every result with its command and state.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="Write all comparisons as one document."),
    ] = None,
    conclusions: Annotated[
        Path | None,
        typer.Option(
            "--conclusions", metavar="FILE", help="Write which printed claims are seed noise."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            help="Where comparisons lie; without it in the state, as reproductions.",
        ),
    ] = None,
    seeds: SeedsOption = None,
    data_dir: DataDirOption = None,
    address: AddressOption = None,
    cpus_per_trial: CpusOption = 1,
    gpus_per_trial: GpusOption = None,
    max_concurrent: ConcurrentOption = None,
    time_budget: TimeBudgetOption = None,
    trial_time_limit: TrialTimeLimitOption = None,
    fresh: FreshOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
    storage: StorageOption = "runs",
    state: StateOption = None,
    tracking_uri: TrackingOption = None,
) -> None:
    """Run a published study again: ours beside the printed numbers, and what became of its claims.

    Running the same command again goes on where it was stopped, and trains nothing twice.
    """
    from sweeps.record.places import resolve_places
    from sweeps.reproduction import FOLDER

    if sum((study is not None, every, report is not None, conclusions is not None)) != 1:
        raise ValueError("give one of --study ID, --list, --report FILE and --conclusions FILE")
    places = resolve_places(storage, state, tracking_uri)
    folder = out or places.state / FOLDER
    if study is None and out is not None and not out.is_dir():
        raise ValueError(f"--out {out} is no folder; give the one where comparisons lie")
    if every:
        _list(folder, as_json=json)
    elif report is not None:
        _report(folder, report)
    elif conclusions is not None:
        _conclusions(folder, conclusions)
    else:
        assert study is not None
        options = Options(
            data_dir, address, cpus_per_trial, gpu_share(gpus_per_trial), max_concurrent,
            time_limit(time_budget), fresh=fresh,
            trial_time_limit=time_limit(trial_time_limit, "--trial-time-limit"),
        )  # fmt: skip
        _again(study, budget, seeds, out, places, options, dry_run=dry_run, as_json=json)


def _again(
    name: str,
    budget: Budget,
    seeds: str | None,
    out: Path | None,
    places: "Places",
    options: Options,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Run one study, or say what else an id is."""
    import json as encoder

    from rich.console import Console

    from search_spaces.published import find
    from sweeps.commands.plan import print_plan
    from sweeps.commands.run import carry_out
    from sweeps.commands.studies import parse_seeds
    from sweeps.reproduction import FOLDER, RUN, make, study_at, what_it_is

    result = find(name)
    if result.kind not in RUN:
        said = {"id": result.id, "kind": result.kind, "sentence": what_it_is(result)}
        typer.echo(encoder.dumps(said, indent=1) if as_json else said["sentence"])
        return
    question = study_at(name, budget, None if seeds is None else parse_seeds(seeds))
    if dry_run:
        print_plan(question, places, options, Console(), as_json=as_json)
        return
    console = Console(stderr=as_json)  # standard output is for the JSON alone
    if out is not None:
        make(out)  # a place that fails, fails before work
    carry_out(question, (), places, options, console)
    if result.kind == "diagnostic":
        _explain(question, out or places.folder(question.name), places, as_json=as_json)
        return
    folder = out or places.state / FOLDER
    _conclude(question, name, budget, folder, places, as_json=as_json)


def _conclude(
    question: "Study", name: str, budget: Budget, folder: Path, places: "Places", *, as_json: bool
) -> None:
    """Print the comparison, write it, and hang it on the study's MLflow run."""
    from sweeps.analysis.rendering.comparison import terminal
    from sweeps.record.mlflow_runs import Runs
    from sweeps.record.results import load
    from sweeps.reproduction import compare_with_printed, write

    results = load(question.name, places.tracking_uri)
    found = compare_with_printed(results, name, budget)
    files = write(found, folder)
    runs = Runs(places.tracking_uri, reading=True)
    for file in files:
        runs.client.log_artifact(results.parent, str(file))
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
        return
    typer.echo("\n" + terminal(found))
    typer.echo(f"comparison    {', '.join(str(file) for file in files)}")


def _explain(question: "Study", folder: Path, places: "Places", *, as_json: bool) -> None:
    """Say what was seen, write the page, and hang it on the study's MLflow run."""
    import json as encoder

    from sweeps.analysis.report.figures import explaining
    from sweeps.analysis.report.files import EXPLANATION, write_explanation
    from sweeps.publication import material_of
    from sweeps.record.mlflow_runs import Runs
    from sweeps.record.results import load

    results = load(question.name, places.tracking_uri)
    material = material_of(results)
    files = write_explanation(material, folder, folder / f"{question.name}-{EXPLANATION}")
    runs = Runs(places.tracking_uri, reading=True)
    for file in files:
        runs.client.log_artifact(results.parent, str(file))
    seen = {picture.title: picture.words for picture, _ in explaining(material)}
    if as_json:
        told = {"study": question.name, "page": str(files[0]), "seen": seen}
        typer.echo(encoder.dumps(told, indent=1))
        return
    for title, words in seen.items():
        typer.echo(f"\n{title}\n  {words}")
    typer.echo(f"\nexplanation   {files[0]}")


def _list(folder: Path, *, as_json: bool) -> None:
    """Print every published result with its command and state."""
    import json as encoder

    from sweeps.reproduction import listing, read_all

    rows = listing(read_all(folder))
    if as_json:
        typer.echo(encoder.dumps(rows, indent=1))
        return
    for row in rows:
        line = f"{row['id']:<35}{row['kind']:<12}{row['state']:<13}{row['command']}"
        typer.echo(line.rstrip())


def _report(folder: Path, report: Path) -> None:
    """Write the document."""
    from sweeps.reproduction import document, read_all

    _write(document(read_all(folder)), report)


def _conclusions(folder: Path, file: Path) -> None:
    """Write the page of claims and noise."""
    from sweeps.analysis.rendering.conclusions import page
    from sweeps.reproduction import conclusions, read_all, recordings

    recorded = recordings(folder)
    _write(page(conclusions(read_all(folder), recorded), recorded), file)


def _write(text: str, report: Path) -> None:
    try:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ValueError(f"cannot write {report}: {error.strerror}") from None
    typer.echo(str(report))
