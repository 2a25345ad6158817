"""A sampler for tests: says what it was asked, and answers as it was told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cifar_models.ranges import Scalar


@dataclass
class Scripted:
    """Answers with ``answers[name]``, else with the low end or the first choice."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        self.asked[name] = (low, high, log)
        return float(self.answers.get(name, low))

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        self.asked[name] = (low, high, log)
        return int(self.answers.get(name, low))

    def suggest_categorical(self, name: str, choices: Sequence[Scalar]) -> Any:
        self.asked[name] = list(choices)
        return self.answers.get(name, choices[0])
