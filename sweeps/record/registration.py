"""A study written down before it is run: what is compared, with how many seeds, by what."""

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any, Literal

from mlflow.entities import Run
from pydantic import BaseModel, ConfigDict

from sweeps.record.mlflow_runs import Runs

if TYPE_CHECKING:
    from search_spaces.study import Study

FILE = "registration.json"
FROZEN = (
    "question", "base", "factors", "design", "seeds", "search", "selection", "metric", "margin",
    "equal_budget",
)  # fmt: skip
"""Fields of a study that decide what its table says."""


class Registration(BaseModel):
    """What was written down."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    time: float
    """When, in seconds since 1970."""
    study: dict[str, Any]
    """Its frozen fields. All seeds of all levels are trained before anything is concluded."""

    @property
    def digest(self) -> str:
        """Name of what was written down: publish it, and nobody can write it anew unseen."""
        content = json.dumps(self.model_dump(), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


def register(study: "Study", runs: Runs) -> Registration:
    """Write a study down; saying the same again gives what was written first.

    Raises:
        ValueError: Something else was written down under its name, or its ablation has begun.
    """
    content = {name: study.model_dump(mode="json")[name] for name in FROZEN}
    parent = runs.parent(study.name)
    known = registered(runs, parent) if parent else None
    if known is not None:
        if known.study != content:
            changed = ", ".join(name for name in FROZEN if known.study[name] != content[name])
            raise ValueError(
                f"study {study.name} is written down otherwise ({changed}), as "
                f"{known.digest[:16]}; give this one another name"
            )
        return known
    if parent is not None and runs.membership(parent) is not None:
        raise ValueError(
            f"study {study.name} has begun, and it is too late to write it down: give what shall "
            "be confirmed another name, and seeds that were not seen"
        )
    written = Registration(time=time.time(), study=content)
    run_id = runs.create_parent(study.name, study.question)
    runs.client.log_text(run_id, written.model_dump_json(indent=1), FILE)
    runs.client.update_run(run_id, status="SCHEDULED")
    return written


def registered(runs: Runs, parent: Run) -> Registration | None:
    """Return what was written down of a study, None when nothing was."""
    text = runs.text(parent, FILE)
    return Registration.model_validate_json(text) if text else None
