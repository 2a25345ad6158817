"""An index of studies: of each its question, its answer and where its page is."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote

from sweeps.analysis.report.answer import answer
from sweeps.analysis.report.material import Material
from sweeps.analysis.report.page import templates


@dataclass(frozen=True)
class Entry:
    """A study in the index.

    Attributes:
        study: its name.
        question: what it asks.
        sentences: the answer.
        trials: how many trainings stand behind it.
        interim: it is not finished.
        link: its page, as seen from the index.
        problem: why there is no page, if there is none.
    """

    study: str
    question: str = ""
    sentences: tuple[str, ...] = ()
    trials: int = 0
    interim: bool = False
    link: str = ""
    problem: str = ""

    @classmethod
    def of(cls, material: Material, page: Path, index: Path) -> Self:
        """Describe a study whose page was written."""
        return cls(
            study=material.table.study,
            question=material.question,
            sentences=answer(material.table),
            trials=material.trials["trial"].nunique(),
            interim=material.table.interim,
            link=quote(Path(os.path.relpath(page.absolute(), index.absolute().parent)).as_posix()),
        )


def index(entries: Sequence[Entry]) -> str:
    """Write the index, the studies by name."""
    ordered = sorted(entries, key=lambda entry: entry.study)
    return templates().get_template("index.html.j2").render(entries=ordered)
