"""A report as files: tables in every format, figures, what stands behind them, and the page."""

import hashlib
import json
from pathlib import Path

from sweeps.analysis.plot.style import save
from sweeps.analysis.rendering import render
from sweeps.analysis.report.evidence import evidence
from sweeps.analysis.report.explanation import explanation
from sweeps.analysis.report.figures import pictures
from sweeps.analysis.report.material import Material
from sweeps.analysis.report.page import page
from sweeps.analysis.report.table_file import write_text

TABLES = {"md": "table.md", "csv": "table.csv", "tex": "table.tex", "html": "table.html"}
EVIDENCE = "table.runs.json"
REPORT = "report.html"
EXPLANATION = "explanation.html"


def write(material: Material, folder: Path) -> list[Path]:
    """Write everything into a folder, which is made if need be.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files, hashes = [], {}
    for style, name in TABLES.items():
        text = render(material.table, style)
        (folder / name).write_text(text, encoding="utf-8")
        hashes[name] = hashlib.sha256(text.encode()).hexdigest()
        files.append(folder / name)
    behind = evidence(material.table, material.trials) | {"files": hashes}
    (folder / EVIDENCE).write_text(json.dumps(behind, indent=1) + "\n", encoding="utf-8")
    drawn = list(pictures(material))
    (folder / REPORT).write_text(page(material, drawn), encoding="utf-8")
    for picture in drawn:
        for suffix in (".png", ".svg"):
            files.append(save(picture.figure, folder / f"{picture.name}{suffix}"))
    files += write_explanation(material, folder) if material.looked_at else []
    return [*files, folder / EVIDENCE, folder / REPORT]


def write_page(material: Material, path: Path) -> Path:
    """Write the page alone, and return its path.

    Raises:
        ValueError: it cannot be written.
    """
    return write_text(page(material, list(pictures(material))), path, make_folder=True)


def write_explanation(material: Material, folder: Path, out: Path | None = None) -> list[Path]:
    """Write the page that explains, and beside it what was seen, as Parquet; return the paths.

    Args:
        material: what it is made of.
        folder: where the files go.
        out: where the page goes, if elsewhere.

    Raises:
        ValueError: nothing was seen, or a file cannot be written.
    """
    page = write_text(explanation(material), out or folder / EXPLANATION, make_folder=True)
    files = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in material.observations.items():
            files.append(folder / f"{name}.parquet")
            frame.to_parquet(files[-1], index=False)
    except OSError as error:
        raise ValueError(
            f"cannot write {folder}: {error.strerror}; give another --state or --out"
        ) from None
    return [page, *files]
