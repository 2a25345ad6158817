"""A study's tables, figures and report: as files, and as artifacts of its MLflow run."""

import itertools
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps.analysis.captions import TableContext
from sweeps.analysis.guards import asked_for
from sweeps.analysis.importance import Importance
from sweeps.analysis.rendering import render
from sweeps.analysis.report.material import Material, Searched
from sweeps.analysis.standing import standing
from sweeps.analysis.stopping import taken_over
from sweeps.analysis.table import Table, ablation_table
from sweeps.analysis.two_way import Crossed
from sweeps.analysis.wide import Wide, lay_wide
from sweeps.export.best import training_command
from sweeps.record.mlflow_runs import Runs
from sweeps.record.results import Results
from sweeps.variation import by_source, varied

_RULES = {
    "last": "Measured at the last epoch",
    "best": "Measured at the epoch of the highest validation accuracy",
}
_PLACES = ("--storage", "--state", "--tracking-uri")
_SCRIPT = "ablation.py"
_NOTE = 8000
"""Characters that a tag of MLflow's holds."""
_MORE = "\n\nThe rest is in the artifact table.md."


@dataclass(frozen=True)
class Publication:
    """The ablation table of a study and the files that hold it."""

    table: Table
    files: list[Path]


def table_of(results: Results, by: tuple[str, str] | None = None) -> Table:
    """Return the ablation table of a study's results.

    Args:
        results: Those of the study.
        by: Two factors to lay it out by, in rows and in columns.

    Raises:
        ValueError: The trials cannot stand in one table, or no cell crosses the factors; the
            sentence says why.
    """
    study, images = results.study, results.images
    context = TableContext(
        study=study["name"],
        question=study["question"],
        selection_rule=_RULES[study["selection"]],
        split=(
            f"{study['base']['dataset']['name']}: {images['train']:,} training, "
            f"{images['validation']:,} validation, {images['test']:,} test images"
            + ("" if images["validation"] else "; no validation data: no choice was made")
        ),
        varied=varied(study),
        equal_budget=study.get("equal_budget", True),
        notes=(
            *_standing(results),
            *_taken_over(results),
            *_unknown_costs(results),
            *_chosen_there(study),
        ),
        margin=study.get("margin"),
        differing=asked_for(_varied_paths(study)),
        crossed=None if by else crossed(study),
        wide=wide(study, *by) if by else None,
        looks=_looks(study),
        by_source=by_source(study),
    )
    return ablation_table(results.trials, context, study["metric"], results.costs)


def _standing(results: Results) -> Iterator[str]:
    """Yield whether the study confirms what was written down, if anything was."""
    known = results.registration
    if known is not None:
        told = standing(
            known.digest, known.time, known.study, results.study, results.trials, results.curves
        )
        yield f"{told}."


def _unknown_costs(results: Results) -> tuple[str, ...]:
    """Return a footnote for each cost of the study whose class is not registered here."""
    known = {cost.name for cost in results.costs}
    asked = [cost["name"] for cost in results.study.get("costs", []) if cost["name"] not in known]
    return tuple(
        f"The class of the cost {name} was not at hand: --study FILE.py shows it." for name in asked
    )


def _looks(study: dict[str, Any]) -> tuple[int, ...]:
    """Return the seeds at each look of a study that looks several times; else nothing."""
    seeds = study["seeds"]
    return tuple(seeds["looks"]) if isinstance(seeds, dict) else ()


def _taken_over(results: Results) -> Iterator[str]:
    """Yield whether trials of a study that looks several times were there before it."""
    told = taken_over(results.trials, results.parent) if _looks(results.study) else ""
    if told:
        yield told


def _chosen_there(study: dict[str, Any]) -> Iterator[str]:
    """Yield whether what is compared on validation images was also chosen on them."""
    if not _looks(study):
        return
    if study.get("search"):
        yield (
            "The base recipe was searched for on the same validation images, with other seeds: "
            "that favours the baselines over their levels."
        )
    if study.get("design", {}).get("trials"):
        yield (
            "Each level was tuned on the same validation images, with other seeds: that favours "
            "those with more to tune."
        )


def _varied_paths(study: dict[str, Any]) -> Iterator[str]:
    """Yield the paths of the recipe that the levels of a study change."""
    if by_source(study):
        yield "split.seed"
    for factor in study.get("factors", []):
        for level in factor["levels"]:
            yield from level["changes"]


def crossed(study: dict[str, Any]) -> Crossed | None:
    """Return the two factors of a factorial design, if it is one of two."""
    levels = _crossed_levels(study)
    if len(levels) != 2:
        return None
    (rows, of_rows), (columns, of_columns) = levels.items()
    return Crossed(rows, columns, of_rows, of_columns)


def wide(study: dict[str, Any], rows: str, columns: str) -> Wide:
    """Return where the levels of a factorial design stand in a table by two of its factors.

    Raises:
        ValueError: It is none, or has no such factors.
    """
    levels = _crossed_levels(study)
    if len(levels) < 2:
        raise ValueError(
            f"no trial of study {study['name']} has both a level of {rows} and one of {columns}: "
            "a table by two factors takes a study with design=Factorial()"
        )
    return lay_wide(levels, rows, columns)


def _crossed_levels(study: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the levels of each factor of a factorial design; nothing of another."""
    if study.get("design", {}).get("name") != "factorial":
        return {}
    return {
        factor["name"]: tuple(level["name"] for level in factor["levels"])
        for factor in study.get("factors", [])
    }


def material_of(results: Results) -> Material:
    """Return what the report of a study is made of.

    Raises:
        ValueError: The trials cannot stand in one table; the sentence says why.
    """
    return Material(
        table=table_of(results),
        question=results.study["question"],
        trials=results.trials,
        curves=results.curves,
        searched=_searched(results.study),
        recipes=results.recipes,
        commands=tuple(_commands(results)),
        importance=_importance(results),
        observations=results.observations,
        unseen=results.unseen,
    )


def _importance(results: Results) -> Importance | None:
    """Return how much each parameter of a study's search mattered; None without a search."""
    metric = f"validation/{results.study['metric']}"
    if results.study["search"] is None or metric not in results.curves:
        return None
    from search_spaces.search import Search
    from sweeps.optuna_importance import importance  # imports Optuna

    search = Search.model_validate(results.study["search"])
    epochs = sum(phase["epochs"] for phase in results.study["base"]["phases"])
    return importance(search, epochs, results.trials, results.curves, metric)


def _searched(study: dict[str, Any]) -> Searched | None:
    """Return how a study's search went about it."""
    from search_spaces.search import Search  # imports torch, which a table does without

    if study["search"] is None:
        return None
    search = Search.model_validate(study["search"])
    epochs = sum(phase["epochs"] for phase in study["base"]["phases"])
    rungs = search.rungs(epochs)
    halved = (
        f"halved by {search.scheduler} after epochs {', '.join(map(str, rungs))}"
        if rungs
        else "none stopped early"
    )
    words = (
        f"{search.trials} trials by the sampler {search.sampler}, {halved}; "
        f"the best {search.top_k} trained again, the winner is the ablation's base."
    )
    return Searched(words, search.milestones(epochs), bool(rungs))


def _commands(results: Results) -> Iterator[tuple[str, str]]:
    """Yield what makes a study's results again, with the places of its last run."""
    given = [part for word in results.command for part in _apart(word) if part != "--fresh"]
    study = ("--study", results.study["name"], *_places(given))
    if given:
        script = "python sweeps/ablation.py" if given[0].endswith(_SCRIPT) else "sweeps"
        yield "Train what is missing, and write all of this", f"{script} {shlex.join(given[1:])}"
    yield "The table", shlex.join(["sweeps", "table", *study])
    yield "This page", shlex.join(["sweeps", "report", *study])
    check = shlex.join(["sweeps", "report", "--check", *study])
    yield "See whether its numbers still follow from their runs", check
    if results.study["search"] and results.study["search"]["objectives"]:
        front = shlex.join(["sweeps", "export", "--pareto", *study])
        yield "Every recipe on the search's Pareto front, and its objectives", front
    if results.images["validation"]:
        export = shlex.join(["sweeps", "export", *study])
        training = training_command(results, Path("best.yaml"))
        yield "The best recipe, and its training alone", f"{export}\n{training}"


def _apart(word: str) -> list[str]:
    """Return ``--option=value`` as two words."""
    return word.split("=", 1) if word.startswith("--") else [word]


def _places(words: list[str]) -> list[str]:
    """Return the options of a command that say where results lie, with their values."""
    pairs = [pair for pair in itertools.pairwise(words) if pair[0] in _PLACES]
    return [word for pair in pairs for word in pair]


def publish(results: Results, folder: Path, runs: Runs) -> Publication:
    """Write tables, figures and report into a folder, and hang them on the study's MLflow run.

    Raises:
        ValueError: The trials cannot stand in one table, or the folder cannot be written.
    """
    from sweeps.analysis.report.files import write  # imports matplotlib

    material = material_of(results)
    try:
        files = write(material, folder)
    except OSError as error:
        raise ValueError(f"cannot write {folder}: {error.strerror}; give another --state") from None
    for file in files:
        runs.client.log_artifact(results.parent, str(file))
    runs.client.set_tag(results.parent, "mlflow.note.content", _note(material.table))
    return Publication(material.table, files)


def _note(table: Table) -> str:
    """Return the table as MLflow's UI shows it, in whole lines as far as a tag holds them."""
    text = render(table, "md")
    if len(text) <= _NOTE:
        return text
    return text[: _NOTE - len(_MORE)].rsplit("\n", 1)[0] + _MORE
