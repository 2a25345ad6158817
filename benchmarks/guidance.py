"""Does a search that tells Optuna the truth find at least what Ray Tune's own searcher finds?"""

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from scipy import stats

from benchmarks.baselines.tune_search import Reported, Searched, stock
from benchmarks.data.surrogate import FILE, recorded
from benchmarks.harness import Benchmark, Case, Figure, Options
from benchmarks.harness.once import in_fresh_process
from cifar_models.architectures import PlainCNN
from cifar_models.datasets import Shapes
from cifar_models.optimizers import SGD
from cifar_models.ranges import LogRange
from cifar_models.recipe import Phase, Recipe
from search_spaces.search import Search
from search_spaces.space import choice
from search_spaces.study import Study

if TYPE_CHECKING:
    from sweeps.execution.trainable import Trainable

MARGIN = 0.5
"""Points that the mean of ours may be below the stock searcher's; stated before it was run."""
SLOTS = 2


def question(trials: int) -> Study:
    """Return the search that both do; what it trains is looked up."""
    base = Recipe(
        dataset=Shapes(train_size=40, test_size=10),
        model=PlainCNN(channels=(4,)),
        phases=(Phase(epochs=recorded().epochs, optimizer=SGD(lr=0.05)),),
        batch_size=20,
    )
    search = Search(
        space={
            "optimizer.lr": LogRange(1e-3, 1.0),
            "optimizer.weight_decay": LogRange(1e-6, 1e-2),
            "model.activation": choice("relu", "tanh"),
        },
        trials=trials,
        grace_period=1,
        reduction_factor=3,
        baseline_first=False,  # the stock searcher has none
    )
    return Study(name="guidance", question="What does it find?", base=base, search=search)


def ours(trials: int, seed: int) -> Searched:
    """Search with ours; in a process of its own."""
    from benchmarks.harness.studies import new_places, search_alone
    from sweeps.execution import optuna_source
    from sweeps.execution.suggestions import open_suggestions
    from sweeps.record.journal import FILE as JOURNAL
    from sweeps.record.journal import read_events, read_records

    vars(optuna_source)["SEARCH_SEED"] = seed
    places = new_places()
    search_alone(question(trials), SLOTS, trainable=_looks_up(), places=places)
    reported = [
        (event["trial"], event["epoch"], event["metrics"]["validation/accuracy"])
        for event in read_events(places.state / JOURNAL)
        if event["event"] == "result"
    ]
    records = read_records(places.state)
    storage = open_suggestions(places.suggestions, reading=True)
    (study,) = storage.get_all_studies()
    told = [
        (trial.state.name, records[trial.user_attrs["trial"]].epochs)
        for trial in storage.get_all_trials(study._study_id)
    ]
    return Searched(reported, told)


def _looks_up() -> "type[Trainable]":
    """Return a trainable that reports what a training had, or would have had between two."""
    from benchmarks.harness.studies import TrainsNothing

    class LooksUp(TrainsNothing):
        def _begin(self, config: dict[str, Any]) -> None:
            super()._begin(config)
            self.epoch = 0

        def step(self) -> dict[str, Any]:
            recipe, _ = self._parsed()
            optimizer = recipe.phases[0].optimizer.model_dump()
            activation = recipe.model.model_dump()["activation"]["name"]
            curve = recorded().curve(activation, optimizer["lr"], optimizer["weight_decay"])
            self.epoch += 1
            return self._report(self.epoch, len(curve), curve[self.epoch - 1])

    return LooksUp


def measure(options: Options) -> list[Case]:
    """Let both search with each seed, and compare what they have found after equal epochs."""
    if not FILE.exists():
        raise ValueError("record the curves first: python -m benchmarks.data.record --data-dir DIR")
    seeds, trials = options.pick(2, 20, 40), options.pick(4, 32, 32)
    pairs = [
        (
            in_fresh_process(partial(ours, trials, seed)),
            in_fresh_process(partial(stock, trials, seed, SLOTS)),
        )
        for seed in range(seeds)
    ]
    return [_found(pairs, trials), _told(pairs)]


def best_after(reported: Reported, epochs: int) -> float:
    """Return the highest accuracy (%) among the first epochs, whichever trial they are of."""
    return 100 * max(accuracy for _, _, accuracy in reported[:epochs])


def _found(pairs: list[tuple[Searched, Searched]], trials: int) -> Case:
    budgets = [min(len(one.reported), len(other.reported)) for one, other in pairs]
    best = {
        name: tuple(
            best_after(pair[side].reported, budget)
            for pair, budget in zip(pairs, budgets, strict=True)
        )
        for side, name in enumerate(("ours", "stock"))
    }
    differences = [a - b for a, b in zip(best["ours"], best["stock"], strict=True)]
    below: Any = stats.ttest_1samp(differences, 0.0).confidence_interval(0.90)
    worst = max(-float(below.low), 0.0)
    return Case(
        name=f"searches of {trials} trials",
        figures=(
            *(Figure(name=f"best after equal epochs, {name}", values=values, unit=" %")
              for name, values in best.items()),
            Figure(
                name="how far ours may be below: lower end of the one-sided 95 % interval",
                values=(worst,), unit=" points", at_most=MARGIN,
            ),
        ),
        notes=(
            f"n = {len(pairs)} seeds; ours minus stock "
            f"{sum(differences) / len(differences):+.2f} points on average; the margin of {MARGIN} "
            "points was stated beforehand.",
        ),
    )  # fmt: skip


def _told(pairs: list[tuple[Searched, Searched]]) -> Case:
    """Count the trials that were stopped early, and are called complete all the same."""
    epochs = recorded().epochs
    figures, notes = [], []
    for side, name in enumerate(("ours", "stock")):
        told = [trial for pair in pairs for trial in pair[side].told]
        short = [state for state, done in told if done < epochs]
        wrong = sum(state == "COMPLETE" for state in short)
        figures.append(
            Figure(
                name=f"stopped trials told as complete, {name}",
                values=(100 * wrong / max(len(short), 1),), unit=" %",
                at_most=0.0 if name == "ours" else None,
            )
        )  # fmt: skip
        states = ", ".join(
            f"{count} {state}" for state, count in Counter(s for s, _ in told).items()
        )
        notes.append(f"{name}: {len(told)} trials, {len(short)} of them stopped early; {states}.")
    return Case(name="what Optuna is told", figures=tuple(figures), notes=tuple(notes))


BENCHMARK = Benchmark(
    compares="The same search space under ASHA by Ray Tune's OptunaSearch and ASHAScheduler and by "
    "ours, on learning curves that were recorded from real trainings on CIFAR-10: the best "
    "accuracy after equal epochs over many seeds, and the states that Optuna is told.",
    measure=measure,
    only_full=True,
    notes=(
        "Curves are looked up on a grid of 130 trainings and interpolated between; one seed each.",
    ),
)
