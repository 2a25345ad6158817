"""Every recipe on the Pareto front of a search, as files that train again."""

from pathlib import Path

import pandas as pd

from sweeps.analysis.pareto import front
from sweeps.analysis.quantity import of_validation
from sweeps.export.best import document, write_recipes
from sweeps.record.mlflow_runs import Runs
from sweeps.record.results import Results

INDEX = ".csv"


def pareto_front(results: Results) -> pd.DataFrame:
    """Return the Pareto front of a study's search, the best by the study's metric first.

    Metrics are those on validation images.

    Raises:
        ValueError: There was no search for several objectives, or nothing of it is finished, or it
            is not known which way one of them is better.
    """
    study = results.study
    objectives = (study["search"] or {}).get("objectives", [])
    if not objectives:
        raise ValueError(
            f"study {study['name']} has no search for several objectives, so there is no front: "
            "leave --pareto out for the best recipe"
        )
    quantities = [of_validation(name) for name in objectives]
    for quantity in quantities:
        if quantity.measure.assumed or quantity.column not in results.trials:
            raise ValueError(
                f"the class of the objective {quantity.name} is not at hand, which says whether "
                "more is better: give the study's file, --study FILE.py"
            )
    columns = {of.column: of.measure.higher_is_better for of in quantities}
    found = front(results.trials, columns, of_validation(study["metric"]).column)
    if found.empty:
        raise ValueError(f"the search of study {study['name']} has no finished trial yet")
    return found


def export_front(results: Results, runs: Runs, out: Path) -> tuple[list[Path], Path]:
    """Write the recipes of the front as ``out-1``, ``out-2`` ..., and an index of them.

    Returns:
        The recipes, the best by the study's metric first; and the index, a CSV file with a line a
        recipe: ``file``, ``trial``, its objectives (metrics as fractions on validation images), and
        what the search had suggested.

    Raises:
        ValueError: There is no front, or a file cannot be written.
    """
    found = pareto_front(results)
    searched = results.trials[results.trials["role"] == "search"].set_index("trial", drop=False)
    paths = [out.with_stem(f"{out.stem}-{place}") for place in range(1, len(found) + 1)]
    objectives = [of_validation(name).column for name in results.study["search"]["objectives"]]
    recipes = {}
    for path, place in zip(paths, found.to_dict("records"), strict=True):
        values = {name: float(place[name]) for name in objectives}
        trial = searched.loc[place["trial"]]
        recipes[path] = document(results, runs, trial, {"pareto_front": values})
    found.insert(0, "file", [path.name for path in paths])
    index = out.with_suffix(INDEX)
    whole = found.convert_dtypes()  # a count is an integer, also in a column that has holes
    write_recipes(results, recipes | {index: whole.to_csv(index=False)})
    return paths, index
