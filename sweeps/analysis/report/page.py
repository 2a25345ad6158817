"""The report as one page that needs nothing else: written from a template."""

import json
from functools import cache
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sweeps.analysis.agreement import agreement_lines
from sweeps.analysis.importance import effect_cells, importance_cells
from sweeps.analysis.measure import find_measure
from sweeps.analysis.plot.slices import slice_points
from sweeps.analysis.rendering.blocks import blocks
from sweeps.analysis.rendering.layout import amount, lay_out
from sweeps.analysis.report.answer import answer
from sweeps.analysis.report.evidence import evidence
from sweeps.analysis.report.figures import Picture, inline, unpictured
from sweeps.analysis.report.material import Material
from sweeps.analysis.report.provenance import (
    baseline_recipe,
    environment,
    recipe_differences,
    spending,
)

BEST = 10
"""Trials of a search that are listed."""
EVIDENCE = "evidence"
"""Id of the script element that holds, as JSON, what stands behind each number."""


def page(material: Material, drawn: list[Picture]) -> str:
    """Write the report.

    Args:
        material: what it is made of.
        drawn: its figures.
    """
    table = material.table
    sections: dict[str, list[tuple[Picture, Markup]]] = {}
    for picture in drawn:
        sections.setdefault(picture.section, []).append((picture, Markup(inline(picture))))
    found, left = answer(table)
    spent = spending(material.trials).query("seconds > 0")
    return str(
        templates().get_template("report.html.j2").render(
            table=table,
            question=material.question,
            found=found,
            left=left,
            main=lay_out(table),
            blocks=list(blocks(table)),
            pictures=sections,
            looked_at=looked_at(material),
            missing=[one for told in unpictured(material).values() for one in told],
            spent=[_spent(row) for row in spent.to_dict("records")],
            search=_search(material),
            changes=recipe_differences(table, material.recipes),
            recipe=baseline_recipe(table, material.recipes),
            environment=environment(material.trials, material.recipes),
            commands=material.commands,
            runs=_runs(material),
            evidence=Markup(script(evidence(table, material.trials))),
        )
    )  # fmt: skip


def looked_at(material: Material) -> str:
    """Say which trainings diagnostics have looked at."""
    frames = [frame for frame in (*material.observations.values(), material.unseen) if len(frame)]
    seeds = sorted({seed for frame in frames for seed in frame["seed"]})
    told = ", ".join(map(str, seeds))
    return f"Of one training each: seed {told}. How they differ between seeds is not shown."


@cache
def templates() -> Environment:
    """Return the templates; what they are given is text unless it says that it is markup."""
    return Environment(
        loader=PackageLoader("sweeps.analysis.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def script(data: Any) -> str:
    """Write JSON that may stand in a script element: nothing in it can end the element."""
    return json.dumps(data).replace("<", "\\u003c")


def _spent(row: dict[Any, Any]) -> tuple[str, ...]:
    """Word a row of the ledger of phases."""
    hours = row["seconds"] / 3600
    time = f"{hours:.1f} h" if hours >= 1 else f"{amount(row['seconds'])} s"
    return row["role"], f"{row['trials']:,}", row["outcomes"], f"{row['epochs']:,}", time


def _search(material: Material) -> dict[str, Any] | None:
    """Return what is said of the search: how, whether its rungs foretold, and its best trials."""
    if material.searched is None:
        return None
    measure, importance = find_measure(material.table.measure.name), material.importance
    trials = material.trials[material.trials["role"] == "search"].drop_duplicates("trial")
    points = slice_points(material.trials, material.metric)
    done = trials[trials["status"] == "finished"].dropna(subset=material.metric)
    best = done.sort_values(material.metric, ascending=not measure.higher_is_better, kind="stable")
    names = list(points["parameter"].unique())
    return {
        "words": material.searched.words,
        "lines": agreement_lines(material.agreement(), halved=material.searched.halved),
        "importance": importance_cells(importance) if importance else [],
        "effects": effect_cells(importance, measure) if importance else [],
        "notes": importance.notes if importance else (),
        "names": names,
        "unit": f" ({measure.unit})" if measure.unit else "",
        "best": [
            (row["trial"], measure.text(row[material.metric]), _suggested(row["suggested"], names))
            for row in best.head(BEST).to_dict("records")
        ],
    }


def _suggested(values: dict[str, Any], names: list[str]) -> list[str]:
    texts = {k: f"{v:.3g}" if isinstance(v, float) else str(v) for k, v in values.items()}
    return [texts.get(name, "\N{EN DASH}") for name in names]


def _runs(material: Material) -> list[tuple[str, ...]]:
    """List the trials behind the table: factor, level, seed, status, both values, trial, run."""
    name, measure = material.table.measure.name, material.table.measure
    rows = material.trials[material.trials["role"] == "ablation"]
    values = rows.reindex(columns=[f"validation/{name}", f"test/{name}"]).astype(float)
    return [
        (
            *(str(row["factor"]), str(row["level"]), str(row["seed"]), str(row["status"])),
            *(measure.text(value) for value in pair),
            *(str(row["trial"]), "" if pd.isna(row["run_id"]) else str(row["run_id"])),
        )
        for row, pair in zip(rows.to_dict("records"), values.to_numpy(), strict=True)
    ]
