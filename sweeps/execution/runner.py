"""A study from its question to its last evaluation: search, selection, ablation, test."""

import contextlib
import functools
import gc
import time
from collections.abc import Generator, Iterable, Iterator
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from rich.console import Console

from cifar_models import checkpoint as checkpoints
from cifar_models.recipe import Recipe
from cifar_models.source_file import SourceFile
from search_spaces.study import SEARCH_SEED, Study
from sweeps.analysis.garbage import spared
from sweeps.execution.chain import Chain, Interrupted, Phase
from sweeps.execution.diagnosing import looked_at, unseen
from sweeps.execution.final_evaluation import FinalEvaluations, FinalRecorder, weightless
from sweeps.execution.images import ImageStore
from sweeps.execution.looks import looks, refuse_another_rule
from sweeps.execution.options import Options
from sweeps.execution.optuna_source import searched, searched_cells
from sweeps.execution.packing import pack
from sweeps.execution.phases import run_phases
from sweeps.execution.plan import Cell, Planner, check_arms, distinct
from sweeps.execution.progress import Headline, Progress
from sweeps.execution.ray_session import RaySession
from sweeps.execution.reopening import open_search, reopen
from sweeps.execution.searching import begin_search
from sweeps.execution.shared_storage import check_shared
from sweeps.execution.study_precision import StudyPrecision
from sweeps.execution.suggestions import open_suggestions, unanswered
from sweeps.execution.trial_source import PlannedTrials, data_key
from sweeps.execution.winner import best_recipes, tuned_arms, winner
from sweeps.record.environment import git_changes
from sweeps.record.identity import TrialSpec
from sweeps.record.journal import Journal
from sweeps.record.memberships import membership_text
from sweeps.record.mlflow_runs import Runs
from sweeps.record.places import Places, check_writable, checkpoint_url, make_writable
from sweeps.record.recovery import prepare, recover
from sweeps.record.tracking import Tracker

_AT_ONCE, _SOON, _FLUSH = 3.0, 20.0, 60.0
"""Seconds that MLflow has for what it has not got yet, by how a run ends."""


class StudyRun:
    """One invocation of a study by a driver. Running it again goes on where it ended."""

    def __init__(
        self,
        study: Study,
        sources: tuple[SourceFile, ...],
        places: Places,
        options: Options,
        console: Console,
    ) -> None:
        self.study, self.sources, self.places = study, sources, places
        self.options, self.console = options, console
        self.images = ImageStore(options.data_dir)
        self.cells: list[Cell] = []
        self.kept: dict[str, Any] | None = None
        """What MLflow had of the study before."""
        self.started = time.monotonic()

    def execute(self) -> None:
        """Run what is left of the study.

        Raises:
            ValueError: It cannot be run as asked; nothing was trained.
            Interrupted: A signal or the time budget ended it; the same command goes on.
        """
        check_arms(self.study.arms(), self.images)
        check_writable(self.places)
        gc.collect()  # or a notebook's dead models would stay as long
        with spared(), contextlib.ExitStack() as stack:
            if self.places.served:
                Runs(self.places.tracking_uri, reading=True)  # told of at once

            @functools.cache
            def journal() -> Journal:
                opened = Journal(self.places.state, self.study.name)
                return stack.enter_context(contextlib.closing(opened))

            # Who waits for machines is at work: others see it, end it, and do not wait as well.
            self.ray = stack.enter_context(RaySession.of(self.options, self.console, journal))
            self.resources = self.ray.resources
            make_writable(self.places)  # unless it has waited, here is the first thing written
            check_shared(self.places.storage)
            self.journal = journal()
            self.planner = Planner(self.images, self.resources, StudyPrecision(
                self.places.state, self.study.name, self.ray.precision,
                anew=self.options.fresh, keep=True,
            ))  # fmt: skip
            if not self.journal.trials:  # else there may be nothing left to train
                self.ray.begin()
            runs = self.runs = Runs(self.places.tracking_uri, self.places.artifacts)
            of = (self.study.name, self._parent(runs), self.places.storage)
            self.tracker = Tracker(runs, self.journal, *of)
            try:
                self._train()
            except KeyboardInterrupt:  # the second signal, or one before anything was trained
                self._close("KILLED", _AT_ONCE)
                raise
            except StorageInternalError as error:
                self._close("KILLED", _SOON)
                raise Interrupted(str(unanswered(error))) from None
            except BaseException:
                self._close("KILLED", _SOON)
                raise
            self._close("FINISHED", _FLUSH)

    def _parent(self, runs: Runs) -> str:
        """Return the id of the study's own run, which says what it is about."""
        base = self.study.base
        known = runs.parent(self.study.name)
        self.kept = runs.membership(known) if known else None
        parent = runs.create_parent(self.study.name, self.study.question)
        runs.name_data(
            parent, base.dataset.name, self.images.source(base).fingerprint,
            base.dataset.model_dump_json(), self.images.sizes(base),
        )  # fmt: skip
        runs.name_changes(parent, git_changes())
        return parent

    def _train(self) -> None:
        """Run the phases that have something left to do."""
        limit = self.options.trial_time_limit
        chain = Chain(self._phases(), self.journal, self.tracker, limit)
        if not chain.find():
            return
        budget = self.options.time_budget
        left = None if budget is None else budget - (time.monotonic() - self.started)
        if left is not None and left <= 0:
            raise Interrupted
        self.resources = self.ray.ready()
        shared = self.images.share(self.study.every_seed)
        if self.options.gpus_per_trial == "auto":
            base = self.study.base
            images = shared[data_key(base, self.study.seed_list[0])]
            numerics = self.planner.spec(base, SEARCH_SEED).numerics
            self.resources = pack(base, numerics, images, self.sources, self.options, self.console)
        run_phases(chain, shared, self.sources, self.resources, left)

    def _phases(self) -> Iterator[Phase]:
        """Yield the phases; each is asked for when the last has ended."""
        study = self.study
        refuse_another_rule(study, None, self.kept)  # before anything is spent
        arms = study.arms((yield from self._search()) if study.search else study.base)
        if study.design.tuning_trials:
            cells = self.planner.tuning(study, arms)
            yield self._training(cells, "tuning")
            arms = tuned_arms(study, arms, cells, self.journal.trials)
        refuse_another_rule(study, self.planner.ablation(arms, study.seed_list), self.kept)
        for look in looks(study, arms, self.planner, self.journal.trials):
            yield self._training(look.cells, "ablation", look.title)
        yield self._evaluation()

    # ------------------------------------------------------------------ search and selection

    def _search(self) -> Generator[Phase, None, Recipe]:
        """Search, train the best recipes again on fresh seeds, and return the best."""
        trials = yield from self._searching()
        records = self.journal.trials
        best = best_recipes(self.study, [records[trial] for trial in trials])
        if len(best) == 1:
            return best[0]
        cells = self.planner.selection(self.study, best)
        yield self._training(cells, "selection")
        return winner(self.study, cells, records)

    def _searching(self) -> Generator[Phase, None, list[str]]:
        """Run the search; return the identities of its trials."""
        study, search = self.study, self.study.search
        assert search is not None
        baseline = self.planner.spec(study.base, SEARCH_SEED)
        cohort = search.cohort_size(deterministic=self.options.deterministic)
        suggestions = open_suggestions(self.places.suggestions)

        def opened() -> optuna.Study:
            return open_search(study, baseline, cohort, suggestions, self.places)

        database = opened()
        if self.options.fresh:
            self._forget(searched(database))
            optuna.delete_study(study_name=database.study_name, storage=suggestions)
            database = opened()
        again = [t for t in searched(database) if self.journal[t].status in self.options.retry]
        if again:
            suggestions = reopen(self.places.suggestions, database.study_name, again)
            self._forget(again)
            database = opened()

        def make_spec(recipe: Recipe) -> TrialSpec:
            return self._known(self.planner.spec(recipe, SEARCH_SEED))

        searched_cells(study, database, make_spec)  # known again, should the journal be new
        done = sum(t.state.is_finished() for t in database.get_trials(deepcopy=False))
        prepare(self.runs, search.trials - done)
        yield Phase(
            lambda: begin_search(
                study, database, make_spec, self.journal, self.places.storage,
                self.resources.slots, cohorts=cohort > 0,
            ),
            self._progress("search", search.trials, done, search.rungs(study.base.epochs)),
        )  # fmt: skip
        found = searched_cells(study, database, make_spec)
        self._keep(found)
        return [cell.spec.id for cell in found]

    # ------------------------------------------------------------------ ablation and test

    def _training(self, cells: list[Cell], role: str, title: str | None = None) -> Phase:
        """Return the phase that trains the trials of some cells, those that are not trained yet."""
        specs = distinct(cells)
        prepare(self.runs, sum(self.journal[spec.id].status == "pending" for spec in specs))
        specs = [self._known(spec) for spec in specs]
        looked = looked_at(self.study, cells, self.journal.trials, self.sources)
        self._forget(s.id for s in specs if self.options.again(self.journal[s.id].status))
        if role == "ablation":
            for trial in weightless(specs, self.journal, self.study.selection, self.places.storage):
                self.journal.append("forgotten", trial)  # trained again, in its own run
            self._forget(unseen(self.study, cells, self.journal.trials))
        self._keep(cells)
        done = sum(self.journal[spec.id].ended(self.study.name) for spec in specs)
        of, storage = (specs, self.study.name, self.journal), self.places.storage
        return Phase(
            lambda: (PlannedTrials(*of, storage, self.resources.slots, looked), None),
            self._progress(title or role, len(specs), done),
        )

    def _evaluation(self) -> Phase:
        """Return the one look at the test images, with every finished trial of the ablation."""
        ablation = distinct(cell for cell in self.cells if cell.role == "ablation")
        specs = [spec for spec in ablation if self.journal[spec.id].status == "finished"]
        done = sum(self.study.selection in self.journal[spec.id].tests for spec in specs)
        of = (specs, self.study, self.images, self.journal, self.places.storage)
        return Phase(
            lambda: (FinalEvaluations(*of, self.resources.slots), None),
            Headline(self.console, "test", len(specs), done),
            FinalRecorder,
            trains=False,
        )

    def _known(self, spec: TrialSpec) -> TrialSpec:
        """Return a trial, known to the journal if MLflow has it finished."""
        recover(self.runs, self.journal, spec, self.study.name)
        return spec

    # ------------------------------------------------------------------ shared by the phases

    def _progress(self, title: str, trials: int, done: int, rungs: Iterable[int] = ()) -> Progress:
        study = self.study
        metric = f"validation/{study.metric}" if study.base.split.validation else "train/loss"
        return Progress(
            self.console, self.journal, title, metric, trials=trials, epochs=study.base.epochs,
            reused=done, rungs=tuple(rungs),
            higher_is_better=study.higher_is_better and metric != "train/loss",
        )  # fmt: skip

    def _keep(self, cells: list[Cell]) -> None:
        """Make cells members of the study, for MLflow and the tables.

        The membership that MLflow has is replaced only when the ablation is known: until then the
        last table stands.
        """
        self.cells += cells
        self.tracker.label(cell.to_json() for cell in self.cells)
        for spec in distinct(cells):
            if not self.journal[spec.id].spec:
                self.journal.append("trial", spec.id, spec=spec.to_json())
            self.tracker.changed(spec.id)
        if not any(cell.role == "ablation" for cell in self.cells):
            return
        sizes = self.images.sizes(self.study.base)
        classes = self.images.classes(cell.spec.recipe for cell in self.cells)
        members = [cell.to_json() for cell in self.cells]
        text = membership_text(self.study, self.sources, sizes, classes, members)
        self.tracker.keep_membership(text)

    def _forget(self, trials: Iterable[str]) -> None:
        """Let trials be trained afresh."""
        for trial in trials:
            if self.journal[trial].status != "pending":
                self.tracker.retire(trial)  # first: a crash in between must not reopen its run
                checkpoints.remove(checkpoint_url(self.places.storage, trial))
                self.journal.append("forgotten", trial)  # last: else it would go on from there

    def _close(self, status: str, patience: float) -> None:
        """Write what MLflow has not got yet, and end the parent run."""
        if not self.tracker.close(status, patience):
            self.console.print(
                f"[yellow]MLflow is behind: {self.tracker.problem}. Nothing is lost: the journal "
                "has it all, and the same command writes it when MLflow is back.[/yellow]"
            )
