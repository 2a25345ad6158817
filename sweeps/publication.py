"""A study's tables, plots and best recipe: as files, and as artifacts of its MLflow run."""

from dataclasses import dataclass
from pathlib import Path

from sweeps.analysis.captions import TableContext
from sweeps.analysis.plot.curves import learning_curves
from sweeps.analysis.plot.forest import difference_forest
from sweeps.analysis.plot.style import save
from sweeps.analysis.rendering import render
from sweeps.analysis.table import Table, ablation_table
from sweeps.record.mlflow_runs import Runs
from sweeps.record.results import Results

_SUFFIXES = {"md": "table.md", "csv": "table.csv", "tex": "table.tex", "html": "table.html"}
_RULES = {
    "last": "Measured at the last epoch",
    "best": "Measured at the epoch of the highest validation accuracy",
}


@dataclass(frozen=True)
class Publication:
    """The ablation table of a study and the files that hold it."""

    table: Table
    files: list[Path]


def table_of(results: Results) -> Table:
    """Return the ablation table of a study's results.

    Raises:
        ValueError: The trials cannot stand in one table; the sentence says why.
    """
    study, images = results.study, results.images
    split = study["base"]["split"]
    context = TableContext(
        study=study["name"],
        question=study["question"],
        selection_rule=_RULES[study["selection"]],
        split=(
            f"{study['base']['dataset']['name']}: {images['train']:,} training, "
            f"{images['validation']:,} validation, {images['test']:,} test images"
            + ("" if images["validation"] else "; no validation data: no choice was made")
        ),
        varied=(
            "Initialisation, data order, augmentation, mixing and dropout vary with the seed; the "
            f"split is fixed (split seed {split['seed']})"
        ),
        equal_budget=study.get("equal_budget", True),
        notes=_unknown_costs(results),
    )
    return ablation_table(results.trials, context, study["metric"], results.costs)


def _unknown_costs(results: Results) -> tuple[str, ...]:
    """Return a footnote for each cost of the study whose class is not registered here."""
    known = {cost.name for cost in results.costs}
    asked = [cost["name"] for cost in results.study.get("costs", []) if cost["name"] not in known]
    return tuple(
        f"The class of the cost {name} was not at hand: --study FILE.py shows it." for name in asked
    )


def publish(results: Results, folder: Path, runs: Runs) -> Publication:
    """Write table and plots into a folder, and hang them on the study's MLflow run.

    Raises:
        ValueError: The trials cannot stand in one table, or the folder cannot be written.
    """
    table = table_of(results)
    try:
        files = _write(table, results, folder)
    except OSError as error:
        raise ValueError(f"cannot write {folder}: {error.strerror}; give another --state") from None
    for file in files:
        runs.client.log_artifact(results.parent, str(file))
    note = f"{results.study['question']}\n\n{render(table, 'md')}"
    runs.client.set_tag(results.parent, "mlflow.note.content", note[:8000])
    return Publication(table, files)


def _write(table: Table, results: Results, folder: Path) -> list[Path]:
    """Write table and plots, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for kind, name in _SUFFIXES.items():
        (folder / name).write_text(render(table, kind), encoding="utf-8")
        files.append(folder / name)
    for name, figure in {
        "curves": learning_curves(results.curves, results.trials),
        "differences": difference_forest(table),
    }.items():
        files += [save(figure, folder / f"{name}{suffix}") for suffix in (".png", ".svg")]
    return files
