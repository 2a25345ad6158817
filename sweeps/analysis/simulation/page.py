"""The page that says what the tables' statistics promise, and whether they keep it."""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence

from sweeps.analysis.measure import HOLE
from sweeps.analysis.simulation.rates import Planted, Rate, Trial
from sweeps.analysis.simulation.sequences import Saved, looks_to
from sweeps.analysis.simulation.worlds import WORLDS

COMMAND = "python -m sweeps.analysis.simulation --out docs/statistics.md"
_ABOUT = """# Do the statistics keep what they promise?

Tables are made of simulated studies whose truth is known, by the functions that make real tables.
Written by `{command}`; equal calls
write equal pages.

A study has levels that share the luck of their seeds (standard deviation 0.5), and chance of their
own (1) of one of these kinds; no level differs from another:

{worlds}

Each number is the share of {studies} studies in %, at so many seeds a level. *Italic*: the method
does not promise it there (it takes normal differences, or equal variances), and one sees what comes
of that. **Bold**: further from what it should be than three standard errors of simulation.
"""
_POWER = """## Planted differences are found as often as theory says

All three levels differ from the baseline by so many standard deviations of the paired differences,
in the normal world. Theory is the power of the paired t test alone, and of one at a third of the
level, which Holm's method has at the least; in % of {studies} studies. The sign-flip test cannot
find anything with fewer than six seeds: its smallest p is 0.25 with three, 0.062 with five.
"""


_SAVED = """## Sequential seeds find as much, and take fewer

All three levels differ from the baseline by so many standard deviations of the paired differences,
in the normal world; what is found at a look gets no more seeds. Looks: after {looks} % of
the seeds. Beside it the design in which each level gets all seeds, and the power that theory gives
the last look at a third of the level, which is the least that it can have. Covered: by repeated
intervals, where their comparisons ended; they are wide enough for all looks together. Seeds: the
mean of a level. Trials: the share of those of the design with all seeds, the baseline's included.
In % of {studies} studies.
"""


def page(trials: Sequence[Trial], found: Sequence[Planted], spared: Sequence[Saved]) -> str:
    """Write the page.

    Args:
        trials: of promises, by promise, world and seeds.
        found: of planted differences.
        spared: of planted differences in sequential studies.
    """
    worlds = "\n".join(f"- {world.name}: {world.title}" for world in WORLDS)
    studies = f"{found[0].t.studies:,}"
    about = _ABOUT.format(command=COMMAND, worlds=worlds, studies=studies)
    power = _POWER.format(studies=studies)
    saved = _SAVED.format(studies=studies, looks=", ".join(map(str, looks_to(100))))
    verdict = _verdict(trials, found, spared)
    return "\n".join(
        [about, verdict, *_promises(trials), power, *_power(found), saved, *_spared(spared)]
    )


def broken(
    trials: Iterable[Trial], found: Iterable[Planted], spared: Iterable[Saved] = ()
) -> list[str]:
    """Name what is promised and not kept."""
    names = [
        f"{trial.promise.title}, {trial.world.name}, {trial.seeds} seeds"
        for trial in trials
        if trial.promised and not trial.found.kept
    ]
    names += [
        f"power at an effect of {one.effect:g} with {one.seeds} seeds"
        for one in found
        if not one.t.kept or one.holm.rate < one.holm.nominal - one.holm.error
    ]
    return names + [
        f"sequential seeds at an effect of {one.effect:g} with at most {one.most}"
        for one in spared
        if not one.kept
    ]


def _verdict(trials: Sequence[Trial], found: Sequence[Planted], spared: Sequence[Saved]) -> str:
    count = sum(trial.promised for trial in trials) + len(found) + len(spared)
    names = broken(trials, found, spared)
    return f"Promised: {count} rates. Not kept: {'; '.join(names) or 'none'}.\n"


def _promises(trials: Sequence[Trial]) -> Iterator[str]:
    """Yield a table a promise, a row a world."""
    for promise, of_promise in itertools.groupby(trials, key=lambda trial: trial.promise):
        rows = [list(row) for _, row in itertools.groupby(of_promise, key=lambda t: t.world)]
        first = rows[0][0].found
        limit = "at most " if promise.at_most else ""
        yield f"## {promise.title[0].upper()}{promise.title[1:]}\n"
        fewer = "" if promise.share == 1.0 else f" ({first.studies:,} studies)"
        yield (
            f"Promised: {limit}{100 * first.nominal:.0f} %; "
            f"three standard errors are {100 * first.error:.1f}{fewer}.\n"
        )
        yield from _grid(
            ["chance", *(f"{trial.seeds} seeds" for trial in rows[0])],
            [[row[0].world.name, *map(_cell, row)] for row in rows],
        )


def _power(found: Sequence[Planted]) -> Iterator[str]:
    yield from _grid(
        ["seeds", "difference", "t test", "theory", "after Holm", "at least", "sign flip"],
        [
            [
                *(f"{one.seeds}", f"{one.effect:g}"),
                *(_marked(one.t), _percent(one.t.nominal)),
                *(_percent(one.holm.rate), _percent(one.holm.nominal), _percent(one.flip)),
            ]
            for one in found
        ],
    )


def _spared(spared: Sequence[Saved]) -> Iterator[str]:
    heads = ["at most", "difference", "found", "with all seeds", "at least", "covered", "seeds"]
    yield from _grid(
        [*heads, "trials"],
        [
            [
                *(f"{one.most}", f"{one.effect:g}"),
                *map(_percent, (one.found, one.fixed, one.least, one.covered)),
                *(f"{one.seeds:.1f}", _percent(one.trials)),
            ]
            for one in spared
        ],
    )


def _cell(trial: Trial) -> str:
    text = _marked(trial.found)
    return text if trial.promised else f"*{text}*"


def _marked(rate: Rate) -> str:
    return _percent(rate.rate) if rate.kept else f"**{_percent(rate.rate)}**"


def _percent(rate: float) -> str:
    return HOLE if math.isnan(rate) else f"{100 * rate:.1f}"


def _grid(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"| :--- |{' ---: |' * (len(heads) - 1)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""
