"""The published studies run again: what is there of each, in files and in one document."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, get_args

import yaml
from pydantic import ValidationError

from cifar_models.component import sentence
from search_spaces.budget import quick
from search_spaces.claims import Claim
from search_spaces.loading import built_in
from search_spaces.published import Published, find, published
from search_spaces.study import Study
from sweeps.analysis.conclusions import Conclusion, examine
from sweeps.analysis.rendering.comparison import FORMATS, fate, markdown
from sweeps.analysis.rendering.markdown import escape
from sweeps.analysis.reproduction import Budget, Reproduction, reproduction
from sweeps.analysis.seed_noise import Recorded, Recordings, seed_noise

if TYPE_CHECKING:
    from sweeps.record.results import Results

RECORDINGS = "seed_noise.yaml"
"""Beside comparisons: what trainings of ours varied by that are no published study."""
FOLDER = "reproductions"
"""Where comparisons lie in a state folder, unless a command says otherwise."""

Found = Mapping[tuple[str, Budget], Reproduction]
"""Finished comparisons by id and budget."""

_HEAD = """# Reproduction

Made by `sweeps reproduce --report docs/reproduction.md --out docs/reproduction` from the files in
that folder; a change made here by hand is lost. `sweeps reproduce --study ID --out
docs/reproduction` adds one: with the full budget, the published epochs, it decides each claim; with
`--budget quick` it shows directions only.
"""
RUN = ("study", "diagnostic")
"""Kinds of results that are studies: numbers to be compared, or trainings to be looked at."""
_KINDS = {
    "benchmark": "is a matter of speed, measured by a benchmark",
    "citation": "is quoted by the report, not measured: there is nothing to run",
    "property": "is mathematics, which the tests hold our layers to",
}
_NOTHING = "\N{EN DASH}"


def recorded_name(name: str, budget: Budget) -> str:
    """Return the name under which a study is recorded: budgets are kept apart."""
    return name if budget == "full" else f"{name}-{budget}"


def study_at(name: str, budget: Budget, seeds: int | tuple[int, ...] | str | None = None) -> Study:
    """Return a published study at a budget, under the name that it is recorded by.

    Args:
        name: its id.
        budget: the published epochs, or minutes.
        seeds: other seeds than the study's own.

    Raises:
        ValueError: too few seeds for the budget.
    """
    study = built_in()[name]
    if seeds is not None:
        study = study.replace(seeds=seeds)
    if budget == "quick":
        study = quick(study, None if seeds is None else study.seed_list)
    return study.replace(name=recorded_name(name, budget))


def what_it_is(result: Published) -> str:
    """Say what a result is that no study runs again, and which command shows it."""
    what = f"{result.id} ({result.where}) {_KINDS[result.kind]}"
    if result.command:
        return f"{what}: {result.command}"
    return f"{what}." if result.kind == "citation" else f"{what}; no command shows it yet."


def compare_with_printed(results: "Results", name: str, budget: Budget) -> Reproduction:
    """Put a study's results beside what was printed.

    Raises:
        ValueError: its trials do not make a fair comparison.
    """
    study = Study.model_validate(results.study)
    return reproduction(
        study, find(name), budget, results.trials, results.images, study_at(name, "full")
    )


def make(folder: Path) -> None:
    """Make the folder of comparisons, and see that files can be written there.

    Raises:
        ValueError: they cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from None


def write(found: Reproduction, folder: Path) -> list[Path]:
    """Write a comparison in each format, and return the paths.

    Raises:
        ValueError: the folder cannot be written.
    """
    files = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for suffix, render in FORMATS.items():
            files.append(folder / f"{recorded_name(found.id, found.budget)}.{suffix}")
            files[-1].write_text(render(found), encoding="utf-8")
    except OSError as error:
        raise _unwritable(folder, error) from None
    return files


def _unwritable(folder: Path, error: OSError) -> ValueError:
    return ValueError(f"cannot write {folder}: {error.strerror}; give another --out")


def read_all(folder: Path) -> Found:
    """Return the comparisons that a folder has, in the order of the reports.

    Raises:
        ValueError: a file is no comparison of this version.
    """
    found = {}
    for name in published():
        for budget in get_args(Budget):
            path = folder / f"{recorded_name(name, budget)}.json"
            if path.is_file():
                found[name, budget] = _read(path)
    return found


def _read(path: Path) -> Reproduction:
    try:
        return Reproduction.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        why = sentence(error)
    except UnicodeDecodeError:
        why = "no UTF-8 text"
    raise ValueError(
        f"{path} is no comparison of this version ({why}); make it again with "
        "sweeps reproduce, which trains nothing twice"
    )


def listing(found: Found) -> list[dict[str, str]]:
    """Return a row a published result: id, kind, where, command, state, claims."""
    return [
        {
            "id": name,
            "kind": result.kind,
            "where": result.where,
            "command": command(result),
            "state": _state(name, found) if result.kind == "study" else result.kind,
            "claims": _claims(name, found),
        }
        for name, result in published().items()
    ]


def command(result: Published) -> str:
    """Return the command that runs a result again, or shows it; empty if there is none."""
    return f"sweeps reproduce --study {result.id}" if result.kind in RUN else result.command


def document(found: Found) -> str:
    """Return the whole document: every id with command and state, then every comparison."""
    head = ("id", "printed in", "command", "state", "claims")
    rows = [
        (
            row["id"],
            f"report {row['id'][0]}, {row['where']}",
            f"`{row['command']}`" if row["command"] else _NOTHING,
            row["state"],
            escape(row["claims"]) or _NOTHING,
        )
        for row in listing(found)
    ]
    parts = [_HEAD, "## All published results", "", *_lines(head, rows)]
    for (name, budget), comparison in found.items():
        parts += ["", f"## {name}, {budget} budget", "", markdown(comparison).rstrip()]
    return "\n".join(parts) + "\n"


def conclusions(found: Found, recorded: Iterable[Recorded]) -> list[Conclusion]:
    """Return every claim of the reports, in their order, beside the noise of a seed.

    Args:
        found: finished comparisons; of two budgets the full one counts.
        recorded: trainings of ours that stand in where no noise of the study is known.
    """
    recorded = tuple(recorded)
    return [
        _conclusion(study, claim, found.get((name, "full")) or found.get((name, "quick")), recorded)
        for name, result in published().items()
        for study in ([built_in()[name]] if result.kind == "study" else [])
        for claim in study.claims
    ]


def _conclusion(
    study: Study, claim: Claim, again: Reproduction | None, recorded: tuple[Recorded, ...]
) -> Conclusion:
    result = find(study.name)
    noise = seed_noise(result, study.base.dataset.name, claim.measure, again, recorded)
    told = again.claims if again else ()
    judgement = next((one for one in told if one.claim == claim.sentence()), None)
    examined = tuple(examine(claim, result.printed, noise, judgement))
    return Conclusion(study.name, result.where, claim.sentence(), examined, again, judgement)


def recordings(folder: Path) -> tuple[Recorded, ...]:
    """Return the trainings recorded beside comparisons, if there are any.

    Raises:
        ValueError: the file is none of this version.
    """
    path = folder / RECORDINGS
    if not path.is_file():
        return ()
    try:
        return Recordings.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).recorded
    except (ValidationError, yaml.YAMLError, UnicodeDecodeError) as error:
        why = sentence(error) if isinstance(error, ValidationError) else "no YAML"
        raise ValueError(f"{path} holds no recordings of this version: {why}") from None


def _lines(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    cells = [head, tuple("---" for _ in head), *rows]
    return [f"| {' | '.join(row)} |" for row in cells]


def _state(name: str, found: Found) -> str:
    budgets = [budget for budget in get_args(Budget) if (name, budget) in found]
    return ", ".join(budgets) or "not run"


def _claims(name: str, found: Found) -> str:
    """Return the claims of a study and their fate, at the largest budget that was run."""
    comparison = found.get((name, "full")) or found.get((name, "quick"))
    if comparison is None:
        return ""
    return "; ".join(f"{told.claim}: {fate(told, comparison)}" for told in comparison.claims)
