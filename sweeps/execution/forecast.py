"""What a study will cost: its phases, their trials and epochs, and how much of it is done."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from rich.console import Console
from rich.table import Table

from cifar_models.recipe import Recipe
from search_spaces.designs import Arm
from search_spaces.study import SEARCH_SEED, Study
from sweeps.execution.diagnosing import unseen
from sweeps.execution.images import ImageStore
from sweeps.execution.looks import looks, refuse_another_rule, stopping_rule
from sweeps.execution.options import Options
from sweeps.execution.optuna_source import optuna_study_name, searched
from sweeps.execution.plan import Cell, Planner, distinct
from sweeps.execution.ray_session import RaySession
from sweeps.execution.search_forecast import Rung, notes, searchable, spending
from sweeps.execution.study_precision import StudyPrecision
from sweeps.execution.suggestions import find_search
from sweeps.execution.winner import best_recipes, tuned_arms, winner
from sweeps.record.journal import TrialRecord, read_records
from sweeps.record.places import Places


@dataclass(frozen=True)
class Phase:
    """A phase's trials, those already done, and the epochs that all of them take."""

    role: str
    trials: int
    done: int
    epochs: float
    rungs: list[Rung] = field(default_factory=list)
    idle: float | None = None
    """The share of the slots' time that is spent waiting for others; None where nothing waits."""
    notes: list[str] = field(default_factory=list)
    least: int | None = None
    """Trials that there are at least, where ``trials`` are those at most; else None."""
    left: list[tuple[Recipe, float]] = field(default_factory=list)
    """What is not trained yet, as far as it is known: recipes, and epochs of each."""


@dataclass(frozen=True)
class Forecast:
    """The plan of a study."""

    study: str
    question: str
    slots: int | None
    """Trials at once; None: measured when the study starts."""
    numerics: dict[str, Any]
    phases: list[Phase]
    arms: list[dict[str, Any]]
    seeds: list[int]
    winner_known: bool
    tuned: bool = True
    """Whether it is known what each level is tuned to, where a design asks for that."""
    stopping: str = ""
    """The rule by which levels get no more seeds, where they are sequential."""

    def to_json(self) -> dict[str, Any]:
        """Return the plan as plain data."""
        phases = [asdict(replace(phase, left=[])) for phase in self.phases]
        for phase in phases:
            del phase["left"]
        return asdict(replace(self, phases=[])) | {"phases": phases}

    def print(self, console: Console) -> None:
        """Print the plan for people."""
        console.print(f"[bold]{self.study}[/bold]: {self.question}")
        phases = Table("phase", "trials", "done", "epochs", box=None, title_justify="left")
        for phase in self.phases:
            about = "about " if phase.rungs else ""
            trials = str(phase.trials)
            if phase.least not in (None, phase.trials):
                trials, about = f"{phase.least} to {phase.trials}", "at most "
            phases.add_row(phase.role, trials, str(phase.done), f"{about}{phase.epochs:,.0f}")
        console.print(phases)
        for phase in self.phases:
            for rung in phase.rungs:
                console.print(
                    f"  after epoch {rung.epoch} about {rung.trials:.0f} of {phase.trials} trials "
                    "go on",
                    highlight=False,
                )
            for note in phase.notes:
                console.print(f"  the {phase.role} {note}", highlight=False, soft_wrap=True)
        arms = Table("factor", "level", "variant", "done", box=None)
        for arm in self.arms:
            mark = " (baseline)" if arm["baseline"] else ""
            arms.add_row(arm["factor"], arm["level"] + mark, arm["variant"],
                         f"{arm['done']}/{arm['asked']}")  # fmt: skip
        console.print(arms)
        if self.stopping:
            console.print(self.stopping, highlight=False, soft_wrap=True)
        if not self.winner_known:
            console.print("The ablation is around the search's winner, which is not known yet.")
        if not self.tuned:
            console.print("Each level is tuned before it is compared; its variant will be another.")
        device, threads = self.numerics["device"], self.numerics["threads"]
        at_once = f"{self.slots} trials at once on {device}"
        if self.slots is None:
            at_once = f"trials that share a {device} device: auto, measured at the start"
        console.print(f"{at_once}, {threads} threads each")


def forecast(study: Study, places: Places, options: Options) -> Forecast:
    """Work out what a study would run, without training and without writing anything.

    Raises:
        ValueError: It cannot be run as asked.
    """
    told = Console(stderr=True)  # that it waits for machines: the plan may be JSON
    with RaySession.of(options, told) as session:
        auto = StudyPrecision(places.state, study.name, session.precision, anew=options.fresh)
        planner = Planner(ImageStore(options.data_dir), session.resources, auto)
        return _forecast(study, places, options, planner)


def _forecast(study: Study, places: Places, options: Options, planner: Planner) -> Forecast:
    records = read_records(places.state)
    kept = _kept(study, places) if records or places.served else None
    refuse_another_rule(study, None, kept)
    phases: list[Phase] = []
    base: Recipe | None = study.base
    if study.search:
        searching, found = _search(study, planner, places, options)
        phases.append(searching)
        base, selection = _winner(study, planner, records, found, searching)
        phases += selection
    arms = study.arms(base)
    tuned = True
    if study.design.tuning_trials:
        candidates = planner.tuning(study, arms)
        tuning = _phase("tuning", study, candidates, records)
        phases.append(tuning)
        tuned = base is not None and tuning.done == tuning.trials
        arms = tuned_arms(study, arms, candidates, records) if tuned else arms
    if base is not None and tuned:
        refuse_another_rule(study, planner.ablation(arms, study.seed_list), kept)
    ablation, cells = _ablation(study, planner, arms, records)
    phases.append(ablation)
    return Forecast(
        study=study.name,
        question=study.question,
        slots=None if options.gpus_per_trial == "auto" else planner.resources.slots,
        numerics=cells[0].spec.numerics.model_dump(mode="json"),
        phases=phases,
        arms=_arms(study, cells, records),
        seeds=list(study.seed_list),
        winner_known=base is not None,
        tuned=tuned,
        stopping=stopping_rule(study),
    )


def _kept(study: Study, places: Places) -> dict[str, Any] | None:
    """Return what MLflow has of the study's last run; None without one, or without an answer."""
    from sweeps.record.mlflow_runs import Runs  # slow to import, and needed only here

    try:
        runs = Runs(places.tracking_uri, reading=True)
    except ValueError:  # a run will say so
        return None
    parent = runs.parent(study.name)
    return runs.membership(parent) if parent else None


def _ablation(
    study: Study, planner: Planner, arms: Sequence[Arm], records: dict[str, TrialRecord]
) -> tuple[Phase, list[Cell]]:
    """Return the ablation, and its cells as far as they are known before the next look."""
    known: list[Cell] = []
    for look in looks(study, arms, planner, records):
        known += look.cells
        if not all(s.id in records and records[s.id].ended(study.name) for s in distinct(known)):
            left = range(look.seeds, len(study.seed_list)) if study.looks else ()
            most = known + planner.ablation(look.open, left)
            break
    else:
        most = known
    phase = _phase("ablation", study, most, records)
    return (replace(phase, least=len(distinct(known))) if study.looks else phase), known


def _search(
    study: Study, planner: Planner, places: Places, options: Options
) -> tuple[Phase, list[str]]:
    search = study.search
    assert search is not None
    cohort = search.cohort_size(deterministic=options.deterministic)
    baseline = planner.spec(study.base, SEARCH_SEED)
    done, found = 0, []
    name = optuna_study_name(study, baseline, cohort)
    database = find_search(places.suggestions, name)
    if database:
        done = sum(t.state.is_finished() for t in database.get_trials(deepcopy=False))
        found = searched(database)
    slots = planner.resources.slots
    spent = spending(search, study.base.epochs, slots, deterministic=options.deterministic)
    idle = None if options.gpus_per_trial == "auto" else spent.idle
    told = notes(study, idle, slots, deterministic=options.deterministic)
    left = _split(searchable(study), spent.epochs * max(0, 1 - done / search.trials))
    return Phase(
        "search", search.trials, done, spent.epochs, spent.rungs, idle, told, left=left
    ), found


def _winner(
    study: Study, planner: Planner, records: dict[str, TrialRecord], found: list[str],
    searching: Phase,
) -> tuple[Recipe | None, list[Phase]]:  # fmt: skip
    """Return the recipe to ablate, None while it is open, and the phase that selects it."""
    assert study.search is not None
    top, seeds = study.search.top_k, study.search.selection_seeds
    epochs = top * seeds * study.base.epochs
    unknown = [Phase("selection", top * seeds, 0, epochs, left=_split(searchable(study), epochs))]
    if searching.done < searching.trials:
        return None, unknown if top > 1 else []
    if not all(trial in records for trial in found):  # the journal is new: a run reads MLflow
        return None, unknown if top > 1 else []
    best = best_recipes(study, [records[trial] for trial in found])
    if len(best) == 1:
        return best[0], []
    cells = planner.selection(study, best)
    selection = _phase("selection", study, cells, records)
    over = selection.done == selection.trials
    return winner(study, cells, records) if over else None, [selection]


def _phase(role: str, study: Study, cells: list[Cell], records: dict[str, TrialRecord]) -> Phase:
    specs, again = distinct(cells), unseen(study, cells, records)
    done = sum(s.id in records and records[s.id].ended(study.name) for s in specs) - len(again)
    told = f"has {len(again)} trials that diagnostics have not seen: trained again"
    if any(spec.numerics.device != "cpu" for spec in specs):
        told += ", perhaps to other numbers, also for other studies that have them"
    epochs = sum(s.recipe.epochs for s in specs)
    known = {trial: record for trial, record in records.items() if trial not in again}
    trained = {trial: record.epochs for trial, record in known.items()}
    left = [
        (spec.recipe, float(spec.recipe.epochs - trained.get(spec.id, 0)))
        for spec in specs
        if spec.id not in known or not known[spec.id].ended(study.name)
    ]
    return Phase(role, len(specs), done, epochs, notes=[told] if again else [], left=left)


def _split(recipes: Sequence[Recipe], epochs: float) -> list[tuple[Recipe, float]]:
    """Divide epochs among recipes that stand for those which are not known yet."""
    return [(recipe, epochs / len(recipes)) for recipe in recipes]


def _arms(study: Study, cells: list[Cell], records: dict[str, TrialRecord]) -> list[dict[str, Any]]:
    arms: dict[tuple[str, str], dict[str, Any]] = {}
    for cell in cells:
        row = arms.setdefault(
            (cell.factor, cell.level),
            {
                "factor": cell.factor,
                "level": cell.level,
                "baseline": cell.baseline,
                "variant": cell.spec.recipe.signature,
                "done": 0,
                "asked": 0,
            },
        )
        row["asked"] += 1
        known = records.get(cell.spec.id)
        row["done"] += int(known is not None and known.ended(study.name))
    return list(arms.values())
