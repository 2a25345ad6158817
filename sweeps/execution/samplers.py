"""What suggests a search's next point: Optuna's samplers, set up for searches of a few dozen."""

import warnings

import optuna
from optuna.samplers import BaseSampler, NSGAIISampler, RandomSampler, TPESampler

from search_spaces.search import Search

_STARTUP = 5
"""Random trials before TPE guides; Optuna's 10 would leave a search of a dozen nearly random."""
_POPULATION = 16
"""A generation of NSGA-II; Optuna's 50 would leave a search of 64 nearly random."""


def make_sampler(search: Search, seed: int) -> BaseSampler:
    """Return the sampler of a search.

    TPE takes trials that are still running for bad ones (constant liar) and treats the parameters
    of a branch together. NSGA-II crosses the parameters that all points have; those of branches it
    draws at random. A grid's points are all given, so that nothing is left to its sampler.
    """
    match search.sampler:
        case "tpe":
            with warnings.catch_warnings():  # multivariate, constant_liar: marked as experimental
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                return TPESampler(
                    seed=seed,
                    n_startup_trials=_STARTUP,
                    multivariate=True,
                    group=True,
                    constant_liar=True,
                )
        case "nsga2":
            return NSGAIISampler(seed=seed, population_size=_POPULATION)
        case "random" | "grid":
            return RandomSampler(seed=seed)
