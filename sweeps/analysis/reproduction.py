"""Ours beside what a report printed: a row a level and printed quantity, and the claims' fate."""

import math
from collections.abc import Iterable, Iterator
from statistics import stdev
from typing import Literal

import pandas as pd

from cifar_models.component import Frozen
from search_spaces.published import Published
from search_spaces.study import Study
from sweeps.analysis import guards
from sweeps.analysis.claims import Judgement, judge
from sweeps.analysis.quantity import Quantity, find_quantity

Budget = Literal["quick", "full"]
_FACTS = ("device", "torch")


class Row(Frozen):
    """A level in one quantity; fractions are not scaled, what is not known is None."""

    factor: str
    level: str
    baseline: bool
    quantity: str
    printed: float | None
    mean: float | None
    sd: float | None
    """Sample standard deviation over seeds."""
    n: int
    """Seeds behind the mean."""
    seeds: int
    """Seeds that were planned."""
    difference: float | None
    """Ours minus printed."""
    status: str


FEWEST_STEPS = 200


class Reproduction(Frozen):
    """A published study run again, as a value that is written, rendered, and read again.

    ``rows`` has every level of the study in each quantity that was printed for any of them, or in
    the study's own metric where none was.
    """

    format: Literal[1] = 1
    id: str
    budget: Budget
    question: str
    where: str
    rows: tuple[Row, ...]
    claims: tuple[Judgement, ...]
    caption: str
    """What ours were measured with."""
    notes: tuple[str, ...]
    """What keeps ours from being comparable with what was printed."""
    steps: int | None = None
    """Of the arm that makes the fewest, at a budget that cut them."""

    @property
    def hardly_begun(self) -> bool:
        """Whether the cut leaves too few steps for an ordering to point anywhere."""
        return self.steps is not None and self.steps < FEWEST_STEPS

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as a frame: the columns are the fields of `Row`."""
        rows = [row.model_dump() for row in self.rows]
        return pd.DataFrame(rows, columns=list(Row.model_fields))


def reproduction(
    study: Study,
    published: Published,
    budget: Budget,
    trials: pd.DataFrame,
    images: dict[str, int],
    full: Study,
) -> Reproduction:
    """Put the trials of a study beside the printed numbers.

    Args:
        study: as it was run.
        published: what it runs again.
        budget: the one that it was run at.
        trials: its trials; only rows of role ``ablation`` count.
        images: numbers of training, validation and test images.
        full: the study at the full budget.

    Raises:
        ValueError: the trials do not make a fair comparison; the sentence says why.
    """
    asked = guards.asked_for(study.changed)
    cells = guards.ablation_cells(trials, equal_budget=study.equal_budget, asked=asked)
    rows = tuple(_rows(cells, published, study.metric, budget))
    return Reproduction(
        id=published.id,
        budget=budget,
        question=study.question,
        where=published.where,
        rows=rows,
        claims=judge(study.claims, cells),
        steps=min(_steps(study)) if budget == "quick" and study.base.split.train else None,
        caption=_caption(cells, study, images),
        notes=tuple(_notes(cells, rows, published, study, full, budget)),
    )


def _rows(cells: pd.DataFrame, published: Published, metric: str, budget: Budget) -> Iterator[Row]:
    printed = published.printed
    names = dict.fromkeys(name for measures in printed.values() for name in measures)
    quantities = [find_quantity(name) for name in names or (metric,)]
    for _, trials in cells.groupby(["factor", "level"], sort=False):
        of_level = printed.get(trials["level"].iloc[0], {})
        for quantity in quantities:
            if quantity.column in cells:
                yield _row(trials, quantity, of_level.get(quantity.name), budget)


def _row(trials: pd.DataFrame, quantity: Quantity, printed: float | None, budget: Budget) -> Row:
    done, first = guards.finished(trials), trials.iloc[0]
    values = quantity.of(done).dropna()
    mean, status = _known(values.mean()), guards.outcome(trials, len(trials))
    comparable = budget == "full" or quantity.name == "parameters"
    if len(values) < len(done):  # an accuracy that was not reached
        status, comparable = f"{len(values)} of {len(done)} seeds have it", False
    return Row(
        factor=first["factor"],
        level=first["level"],
        baseline=bool(first["baseline"]),
        quantity=quantity.name,
        printed=printed,
        mean=mean,
        sd=_known(values.std()),
        n=len(values),
        seeds=len(trials),
        difference=None if mean is None or printed is None or not comparable else mean - printed,
        status=status,
    )


def _known(number: float) -> float | None:
    return None if math.isnan(number) else float(number)


def _caption(cells: pd.DataFrame, study: Study, images: dict[str, int]) -> str:
    """Say what ours were measured with, and how."""
    split = study.base.split
    epochs = _span(cells["planned_epochs"].dropna().astype(int))
    seeds = ", ".join(str(seed) for seed in sorted(cells["seed"].unique()))
    rule = "the last epoch counts"
    if study.selection == "best":
        rule = "the epoch of the highest validation accuracy counts"
    done = guards.finished(cells)
    device, torch = (" and ".join(sorted(done[name].dropna().unique())) for name in _FACTS)
    return (
        f"{study.base.dataset.name}: {images['train']:,} training, {images['validation']:,} "
        f"validation, {images['test']:,} test images"
        f"{', drawn from all of them' if split.test is not None else ''}. {epochs} epochs; "
        f"seeds {seeds}; {rule}. Ours: mean and standard deviation over seeds. "
        f"{device or 'no device'}, torch {torch or 'unknown'}."
    )


def _notes(
    cells: pd.DataFrame,
    rows: Iterable[Row],
    published: Published,
    study: Study,
    full: Study,
    budget: Budget,
) -> Iterator[str]:
    """Say what is not comparable, the weightiest first."""
    rows, report = list(rows), published.report
    if budget == "quick":
        yield _shortened(study, full)
    if not published.printed:
        yield "No number is printed for this study: what it found stood in text or figures."
    else:
        if report.chosen_on == "test":
            yield (
                "The report looked for its best epochs and levels on the test images, which "
                "flatters its numbers; here nothing is chosen on them."
            )
        yield from _printed_spreads(published)
    if any(row.quantity == "seconds" for row in rows):
        yield (
            f"Times are of other hardware (printed: {report.hardware or 'not stated'}), and ours "
            "contain validation and whatever ran beside."
        )
    printed = dict.fromkeys(name for told in published.printed.values() for name in told)
    unmeasured = [q.measure.title for q in map(find_quantity, printed) if q.column not in cells]
    if unmeasured:
        yield f"Printed, but not measured here: {', '.join(unmeasured)}."
    absent = sorted(published.printed.keys() - set(cells["level"]))
    if absent:
        yield f"Printed, but no level here: {', '.join(absent)}."
    yield from (note for note in (study.note, published.note) if note)


def _printed_spreads(published: Published) -> Iterator[str]:
    """Say how many seeds printed numbers are of, and how far these lie apart."""
    for level, measures in published.by_seed.items():
        seeds = max(map(len, measures.values()))
        quantities = [(find_quantity(name).measure, values) for name, values in measures.items()]
        spreads = ", ".join(f"{one.title} {one.text(stdev(values))}" for one, values in quantities)
        yield f"Printed numbers of {level}: means of {seeds} seeds; standard deviations: {spreads}."
    if published.printed.keys() - published.by_seed.keys():
        count = published.report.seeds
        trials = "one seed" if count == 1 else f"{count} seeds"
        yield f"Printed numbers are of {trials}, without a spread."


def _shortened(study: Study, full: Study) -> str:
    """Say what the quick budget left out; a small study may have lost nothing but seeds."""
    train = study.base.split.train
    if train is None:
        return "Quick budget (fewer seeds): directions only."
    epochs = [
        _span(pd.Series([arm.recipe.epochs for arm in which.arms()])) for which in (study, full)
    ]
    steps = _span(pd.Series(list(_steps(study))))
    return (
        f"Quick budget ({epochs[0]} of {epochs[1]} epochs, {train:,} training images, {steps} "
        "steps): directions only; accuracies are not those of the full budget."
    )


def _steps(study: Study) -> Iterator[int]:
    """Yield the optimizer steps of each arm of a shortened study."""
    for recipe in (arm.recipe for arm in study.arms()):
        assert recipe.split.train is not None
        yield recipe.epochs * (recipe.split.train // recipe.batch_size)


def _span(values: "pd.Series[int]") -> str:
    low, high = int(values.min()), int(values.max())
    return str(low) if low == high else f"{low} to {high}"
