"""Studies in a notebook: `from sweeps import results, run`."""

import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from search_spaces.loading import load_study
from search_spaces.source_digest import foreign_components
from search_spaces.study import Study
from sweeps.analysis.rendering import render
from sweeps.analysis.report.figures import pictures
from sweeps.analysis.report.material import Material
from sweeps.analysis.report.page import page
from sweeps.execution.options import Options
from sweeps.publication import material_of
from sweeps.record.places import DEFAULT_STORAGE, resolve_places
from sweeps.record.results import load


@dataclass(frozen=True)
class Drawing:
    """A figure that a notebook shows."""

    figure: Figure

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        self.figure.savefig(file, format="png", dpi=100)
        return file.getvalue()


@dataclass(frozen=True, repr=False)
class StudyResults:
    """What is known of a study; in a notebook it shows itself as its table."""

    material: Material

    @property
    def trials(self) -> pd.DataFrame:
        """One row a trial and role, with status, metrics at the epoch that counts, and costs."""
        return self.material.trials

    @property
    def curves(self) -> pd.DataFrame:
        """One row a trial and epoch."""
        return self.material.curves

    @property
    def table(self) -> pd.DataFrame:
        """One row a level; fractions at full precision."""
        return self.material.table.frame

    @cached_property
    def figures(self) -> dict[str, Drawing]:
        """The figures of the report by name, such as ``differences`` or ``curves``."""
        return {picture.name: Drawing(picture.figure) for picture in pictures(self.material)}

    def report(self) -> str:
        """Return the report as one page of HTML."""
        return page(self.material, list(pictures(self.material)))

    def __repr__(self) -> str:
        """Return the table as text."""
        return render(self.material.table, "md")

    def _repr_html_(self) -> str:
        return render(self.material.table, "html")


def results(
    study: str, storage: str = DEFAULT_STORAGE, *,
    state: Path | None = None, tracking_uri: str | None = None,
) -> StudyResults:  # fmt: skip
    """Return the results of a study by its name.

    Raises:
        ValueError: MLflow does not answer, or knows no such study, or its trials cannot stand in
            one table.
    """
    places = resolve_places(storage, state, tracking_uri)
    return StudyResults(material_of(load(study, places.tracking_uri)))


def run(
    study: Study | str, storage: str = DEFAULT_STORAGE, *,
    state: Path | None = None, tracking_uri: str | None = None, options: Options | None = None,
) -> StudyResults:  # fmt: skip
    """Run what is left of a study, and return its results; the same call again goes on.

    Args:
        study: A study, its name, or its file. Components of one's own live in a file, which every
            worker can read; a notebook's cells it cannot.
        storage: Path or URL of checkpoints and artifacts.
        state: Local folder of journal and databases; by default the storage.
        tracking_uri: MLflow server; by default a database in the state.
        options: What `sweeps run` has options for besides.

    Raises:
        ValueError: It cannot be run as asked; nothing was trained.
        Interrupted: It was stopped before its end.
    """
    from rich.console import Console

    from sweeps.execution.runner import StudyRun

    asked, sources = load_study(study) if isinstance(study, str) else (study, ())
    recipes = [arm.recipe for arm in asked.arms()]
    own = {found.__name__ for found in foreign_components([asked, *recipes]) if not sources}
    if own:
        raise ValueError(
            f"{', '.join(sorted(own))} is not of this project: put the study into a file, and give "
            "its path"
        )
    places = resolve_places(storage, state, tracking_uri)
    StudyRun(asked, sources, places, options or Options(None), Console()).execute()
    return results(asked.name, storage, state=state, tracking_uri=tracking_uri)
