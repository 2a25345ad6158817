"""The best recipes of a study as files that train again to the same number."""

import hashlib
import json
import shlex
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from sweeps.analysis.measure import find_measure
from sweeps.record.environment import PACKAGES
from sweeps.record.mlflow_runs import Runs
from sweeps.record.results import Results
from sweeps.record.run_update import RECIPE, SPEC
from sweeps.variation import by_source


def ranking(results: Results) -> pd.DataFrame:
    """Return the finished variants of an ablation, the best mean on validation first.

    Columns: ``variant``, ``mean``, ``n``, ``factor``, ``level``.

    Raises:
        ValueError: There are no validation data to choose by, or nothing is finished, or it is not
            known which way the metric is better.
    """
    metric = f"validation/{results.study['metric']}"
    trials = results.trials
    done = trials[(trials["role"] == "ablation") & (trials["status"] == "finished")]
    if done.empty:
        raise ValueError(f"study {results.study['name']} has no finished trial of its ablation yet")
    if metric not in done or done[metric].isna().all():
        raise ValueError(
            f"study {results.study['name']} has no validation data: a best recipe would be chosen "
            "on the test set"
        )
    if by_source(results.study):
        done = done[done["baseline"].astype(bool)]  # what fixes a source is no other choice
    done = done.drop_duplicates(["variant", "seed"])
    if isinstance(results.study.get("seeds"), dict):  # levels have the seeds of the look they ended
        done = _at_shared_seeds(trials[trials["role"] == "ablation"], done)
    means = done.groupby("variant", sort=False).agg(
        mean=(metric, "mean"), n=(metric, "size"), factor=("factor", "first"),
        level=("level", "first"),
    )  # fmt: skip
    better = find_measure(results.study["metric"])
    if better.assumed:
        raise ValueError(
            f"the class of the metric {better.name} is not at hand, which says whether higher is "
            "better: give the study's file, --study FILE.py"
        )
    whole: pd.DataFrame = means[means["n"] == means["n"].max()].reset_index()
    return whole.sort_values("mean", ascending=not better.higher_is_better, kind="stable")


def export_best(results: Results, runs: Runs, out: Path, top: int = 1) -> list[Path]:
    """Write the best recipes with their provenance: ``out``, then ``out-2``, ``out-3`` ...

    The user's own file that a study needs is written beside them.

    Raises:
        ValueError: There is nothing to choose from, or the file cannot be written.
    """
    metric = f"validation/{results.study['metric']}"
    recipes = {}
    for place, variant in enumerate(ranking(results).head(top).to_dict("records"), start=1):
        path = out if place == 1 else out.with_stem(f"{out.stem}-{place}")
        chosen = {
            "variant": f"{variant['factor']} = {variant['level']}",
            "mean": {metric: float(variant["mean"]), "seeds": int(variant["n"])},
        }
        first = finished(results, variant["variant"]).iloc[0]
        recipes[path] = document(results, runs, first, chosen)
    write_recipes(results, recipes)
    return list(recipes)


def write_recipes(results: Results, texts: dict[Path, str]) -> None:
    """Write recipes and what goes with them, and beside them the user's own file they need.

    Raises:
        ValueError: A file cannot be written.
    """
    beside = next(iter(texts))
    sources = {_beside(beside, *source): source[1] for source in results.sources.items()}
    for path, text in (texts | sources).items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise ValueError(f"cannot write {path}: {error.strerror}") from None


def _at_shared_seeds(asked: pd.DataFrame, done: pd.DataFrame) -> pd.DataFrame:
    """Return the trials of variants that lack none of theirs, at the seeds that all of them have.

    Of others an early end would tell: means over other seeds have other luck.
    """
    lacking = set(asked.loc[asked["status"] != "finished", "variant"])
    whole = done[~done["variant"].isin(lacking)]
    if whole.empty:
        return done
    having = whole.groupby("seed")["variant"].transform("nunique")
    return whole[having == whole["variant"].nunique()]


def finished(results: Results, variant: str) -> pd.DataFrame:
    """Return the finished trials of a variant of the ablation, one a seed."""
    trials = results.trials
    ours = (trials["variant"] == variant) & (trials["role"] == "ablation")
    return trials[ours & (trials["status"] == "finished")].drop_duplicates("seed")


def training_command(results: Results, recipe: Path, data_dir: Path | None = None) -> str:
    """Return the command that trains an exported recipe again."""
    words = ["python", "-m", "cifar_models", str(recipe)]
    source = exported_source(results, recipe)
    if source is not None:
        words += ["--components", str(source)]
    if data_dir is not None:
        words += ["--data-dir", str(data_dir)]
    return shlex.join(words)


def exported_source(results: Results, recipe: Path) -> Path | None:
    """Return where the user's own file lies that an exported recipe needs, if it needs one."""
    return next((_beside(recipe, *source) for source in results.sources.items()), None)


def _beside(recipe: Path, name: str, text: str) -> Path:
    """Return where a user's file goes: never over another version of it, which may be edited."""
    path = recipe.parent / Path(name).name
    if path.exists() and path.read_text(encoding="utf-8") != text:
        path = path.with_stem(f"{path.stem}-{hashlib.sha256(text.encode()).hexdigest()[:8]}")
    return path


def document(results: Results, runs: Runs, row: "pd.Series[Any]", chosen: dict[str, Any]) -> str:
    """Return the recipe of a trial as YAML, with the trial as provenance.

    Args:
        results: Those of its study.
        runs: Where its run is.
        row: Of the trials frame.
        chosen: What it stands for, and by which numbers it was chosen.

    Raises:
        ValueError: MLflow does not give its recipe.
    """
    run = runs.client.get_run(str(row["run_id"]))
    tags = run.data.tags
    recipe, text = runs.text(run, RECIPE), runs.text(run, SPEC)
    if recipe is None or text is None:
        raise ValueError(
            f"MLflow does not give {RECIPE} and {SPEC} of run {row['run_id']}: its server may be "
            "down, or the artifacts were moved"
        )
    spec = json.loads(text)
    measured = row.filter(regex="^(validation|test)/").dropna().to_dict()
    provenance = {
        "study": results.study["name"],
        **chosen,
        "trial": row["trial"],
        "run_id": row["run_id"],
        "seed": int(row["seed"]),
        "numerics": spec["numerics"],
        "data": spec["data"],
        "selection": results.study["selection"],
        "metrics": {str(name): float(value) for name, value in measured.items()},
        "device": row["device"],
        "versions": {name: tags[name] for name in PACKAGES if name in tags},
        "git_commit": tags.get("git_commit") or None,
    }
    return recipe + yaml.safe_dump({"provenance": provenance}, sort_keys=False)
