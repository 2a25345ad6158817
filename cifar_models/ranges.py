"""Ranges of a hyperparameter: what may be searched, stated beside the field or in a space.

Components annotate a field with its usual range (``Annotated[float, LogRange(1e-4, 1.0)]``); search
spaces use the same classes. A range knows how to ask a sampler for a value, through three methods
that Optuna's trials happen to have, so that nothing here depends on Optuna. (Not pydantic models:
pydantic would take one in an annotation for the field's schema.)
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Scalar = str | int | float | bool | None


class Suggest(Protocol):
    """What draws values: ``optuna.Trial``, ``optuna.trial.FixedTrial``, or a test's own."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """Return a float in [low, high]."""

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """Return an integer in [low, high]."""

    def suggest_categorical(self, name: str, choices: Sequence[Scalar]) -> Any:
        """Return one of the choices."""


@dataclass(frozen=True)
class _Interval:
    """Closed interval [low, high]."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"a range needs finite low < high, got [{self.low}, {self.high}]")


@dataclass(frozen=True)
class Range(_Interval):
    """Floats, uniform in [low, high]."""

    type: Literal["range"] = "range"

    def suggest(self, trial: Suggest, name: str) -> float:
        """Draw a value for the parameter ``name``."""
        return trial.suggest_float(name, self.low, self.high)


@dataclass(frozen=True)
class LogRange(_Interval):
    """Positive floats, log-uniform in [low, high]."""

    type: Literal["log_range"] = "log_range"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low <= 0:
            raise ValueError(f"a logarithmic range needs low > 0, got {self.low}")

    def suggest(self, trial: Suggest, name: str) -> float:
        """Draw a value for the parameter ``name``."""
        return trial.suggest_float(name, self.low, self.high, log=True)


@dataclass(frozen=True)
class IntRange(_Interval):
    """Integers in [low, high], both included; ``log`` spaces them logarithmically."""

    low: int
    high: int
    log: bool = False
    type: Literal["int_range"] = "int_range"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.log and self.low <= 0:
            raise ValueError(f"a logarithmic range needs low > 0, got {self.low}")

    def suggest(self, trial: Suggest, name: str) -> int:
        """Draw a value for the parameter ``name``."""
        return trial.suggest_int(name, self.low, self.high, log=self.log)
