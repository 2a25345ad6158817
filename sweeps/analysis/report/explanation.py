"""What may explain the outcome: how a factor's levels ended, beside what was seen of them."""

import math
from typing import Any

from markupsafe import Markup

from sweeps.analysis.rendering.layout import ends, spread
from sweeps.analysis.report.answer import PLUS_MINUS, answer
from sweeps.analysis.report.figures import Picture, explaining, inline, unpictured
from sweeps.analysis.report.material import Material
from sweeps.analysis.report.page import looked_at, templates

DASH = "\N{EN DASH}"


def explanation(material: Material) -> str:
    """Write the page.

    Raises:
        ValueError: no diagnostic has seen anything of the study.
    """
    if not material.looked_at:
        raise ValueError(
            f"nothing was looked at in study {material.table.study}: name what shall look in it, "
            "as in diagnostics=(GradientFlow(),) (sweeps list diagnostics), and run it again"
        )
    missing = unpictured(material)
    factors: dict[str, list[tuple[Picture, Markup]]] = {factor: [] for factor in missing}
    for picture, factor in explaining(material):
        factors.setdefault(factor, []).append((picture, Markup(inline(picture))))
    found, left = answer(material.table)
    return str(
        templates().get_template("explanation.html.j2").render(
            table=material.table,
            question=material.question,
            found=found,
            left=left,
            looked_at=looked_at(material),
            measure=_headed(material),
            factors=[(factor, outcomes(material, factor), drawn, missing.get(factor, []))
                     for factor, drawn in factors.items()],
        )
    )  # fmt: skip


def outcomes(material: Material, factor: str) -> list[tuple[str, ...]]:
    """Return of each level its name, seeds, mean and spread, difference, interval, and status."""
    frame = material.table.frame
    return [_outcome(material, row) for row in frame[frame["factor"] == factor].to_dict("records")]


def _headed(material: Material) -> str:
    measure = material.table.measure
    return f"{material.table.split} {measure.title} {PLUS_MINUS} sd" + (
        f" ({measure.unit})" if measure.unit else ""
    )


def _outcome(material: Material, row: Any) -> tuple[str, ...]:
    measure, split = material.table.measure, material.table.split
    mean = row[f"{split}_mean"]
    told = DASH if math.isnan(mean) else spread(mean, row[f"{split}_sd"], measure)
    difference = DASH
    if not row["baseline"] and not math.isnan(row["difference"]):
        difference = measure.signed(row["difference"])
    interval = ends(row["low"], row["high"], measure.signed)
    name = f"{row['level']} (baseline)" if row["baseline"] else str(row["level"])
    seeds = f"{row['completed']}/{row['seeds']}"
    return name, seeds, told, difference, interval, str(row["status"])
