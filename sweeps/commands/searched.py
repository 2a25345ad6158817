"""What is said of a search when it has ended: how ranks agreed, and the Pareto front."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from search_spaces.search import Search
    from search_spaces.study import Study
    from sweeps.record.mlflow_runs import Runs
    from sweeps.record.results import Results

FRONT = "front.csv"


def print_search(
    study: "Study", results: "Results", folder: Path, runs: "Runs", console: "Console"
) -> None:
    """Print what a study's search has found; write its front, and hang it on the MLflow run."""
    from sweeps.analysis.agreement import agreement_lines, rank_agreement

    search = study.search
    if search is None:
        return
    console.print()
    if search.objectives:
        _front(study, search, results, folder, runs, console)
    epochs = study.base.epochs
    agreement = rank_agreement(
        results.trials, results.curves, f"validation/{study.metric}", search.milestones(epochs)
    )
    halved = bool(search.rungs(epochs))
    for line in agreement_lines(agreement, halved=halved):
        console.print(line, highlight=False, soft_wrap=True)


def _front(
    study: "Study",
    search: "Search",
    results: "Results",
    folder: Path,
    runs: "Runs",
    console: "Console",
) -> None:
    from sweeps.analysis.pareto import front
    from sweeps.analysis.quantity import of_validation
    from sweeps.analysis.rendering.front import front_lines

    columns = {of_validation(name).column: study.ascends(name) for name in search.objectives}
    found = front(results.trials, columns, of_validation(study.metric).column)
    path = folder / FRONT
    try:
        found.to_csv(path, index=False)
    except OSError as error:
        raise ValueError(f"cannot write {path}: {error.strerror}") from None
    runs.client.log_artifact(results.parent, str(path))
    finished = (results.trials["role"] == "search") & (results.trials["status"] == "finished")
    console.print(
        f"Pareto front: {len(found)} of {finished.sum()} finished trials of the search; selected: "
        f"the best {min(search.top_k, len(found))} by {study.metric}",
        highlight=False,
        soft_wrap=True,
    )
    for line in front_lines(found, search.objectives, results.costs):
        console.print(line, highlight=False, soft_wrap=True, markup=False)
    for cost in results.costs:
        if cost.column in search.objectives and cost.note:
            console.print(cost.note, highlight=False, soft_wrap=True)
    console.print()
