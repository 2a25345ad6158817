"""`sweeps analyse`: tables, figures and report of results that one has already."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sweeps.commands.options import sentences

if TYPE_CHECKING:
    from sweeps.analysis.report.material import Material

FAILED = 1
"""Exit code when numbers do not follow from the file."""


@sentences
def analyse(
    file: Annotated[Path, typer.Argument(metavar="RUNS.csv", help="A line a training.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder to write into.  [default: the file's name-analysis]")
    ] = None,
    metric: Annotated[str | None, typer.Option(help="The column that is measured.")] = None,
    baseline: Annotated[
        str | None, typer.Option(help="The variant to compare with.  [default: the first]")
    ] = None,
    question: Annotated[str | None, typer.Option(help="What was asked.")] = None,
    margin: Annotated[
        float | None,
        typer.Option(help="The smallest difference worth knowing, as printed (points)."),
    ] = None,
    unequal_budget: Annotated[
        bool, typer.Option("--unequal-budget", help="Compare different budgets, with a footnote.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="See whether the written numbers follow from the file.")
    ] = False,
) -> None:
    """Make the table, its figures and the report of results that one has already.

    RUNS.csv has the columns variant, seed and one of numbers; it may have factor, baseline, split,
    budget (epochs), status, parameters, seconds and run.
    """
    from sweeps.analysis.rendering.terminal import terminal
    from sweeps.analysis.report.check import check_folder
    from sweeps.analysis.report.files import write

    if margin is not None and not 0 < margin < float("inf"):
        raise ValueError(f"--margin wants a number above zero, got {margin:g}")
    made = _material(file, metric, baseline, question, margin, unequal_budget)
    folder = out or Path(f"{file.stem}-analysis")
    if check:
        _check(check_folder(made, folder), folder)
        return
    try:
        write(made, folder)
    except OSError as error:
        raise ValueError(f"cannot write {folder}: {error.strerror}; give another --out") from None
    typer.echo(terminal(made.table))
    typer.echo(f"tables, plots, report {folder}")


def _material(
    file: Path,
    metric: str | None,
    baseline: str | None,
    question: str | None,
    margin: float | None,
    unequal_budget: bool,
) -> "Material":
    """Return what the report of a file is made of."""
    from sweeps.analysis.captions import TableContext
    from sweeps.analysis.own_results import read_results
    from sweeps.analysis.report.material import Material
    from sweeps.analysis.table import ablation_table

    found = read_results(file, metric, baseline)
    asked = question or f"What do the results in {file.name} say?"
    context = TableContext(
        study=file.stem,
        question=asked,
        selection_rule=f"{file.name} does not say by which epoch or rule values were chosen",
        split="It says neither how many images they stand for nor what varied with the seed",
        varied="Equal seeds are taken to be pairs",
        equal_budget=not unequal_budget,
        notes=found.notes,
        margin=margin,
    )
    options = {"--metric": metric, "--baseline": baseline, "--question": question}
    options["--margin"] = None if margin is None else f"{margin:g}"
    words = [word for name, value in options.items() if value for word in (name, str(value))]
    words += ["--unequal-budget"] if unequal_budget else []
    command = shlex.join(["sweeps", "analyse", str(file), *words])
    return Material(
        table=ablation_table(found.trials, context, found.metric),
        question=asked,
        trials=found.trials,
        commands=(
            ("All of this", command),
            ("See whether its numbers still follow from the file", f"{command} --check"),
        ),
    )


def _check(said: list[str], folder: Path) -> None:
    for sentence in said:
        typer.echo(sentence)
    if said:
        typer.echo(f"{folder}: {len(said)} things do not follow from the file")
        raise typer.Exit(FAILED)
    typer.echo(f"{folder}: every number follows from the file")
