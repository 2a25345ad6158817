"""What to vary: ranges, spaces, factors, designs and studies.

Imports `cifar_models`; never Ray, Optuna or MLflow.
"""

from cifar_models.ranges import IntRange, LogRange, Range
from search_spaces.designs import Cumulative, Factorial, LeaveOneOut, OneFactor, TunedOneFactor
from search_spaces.factors import factor
from search_spaces.search import Search
from search_spaces.sources import VarianceBySource
from search_spaces.space import choice, tuned
from search_spaces.study import Study

__all__ = [
    "Cumulative",
    "Factorial",
    "IntRange",
    "LeaveOneOut",
    "LogRange",
    "OneFactor",
    "Range",
    "Search",
    "Study",
    "TunedOneFactor",
    "VarianceBySource",
    "choice",
    "factor",
    "tuned",
]
