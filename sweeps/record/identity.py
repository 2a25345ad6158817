"""A trial's identity is its content: equal trainings have equal names, whoever asks for them."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from cifar_models.numerics import Numerics
from cifar_models.recipe import Recipe
from cifar_models.training import ENGINE_VERSION
from search_spaces.source_digest import source_digest


@dataclass(frozen=True)
class TrialSpec:
    """One training that can be asked for."""

    recipe: Recipe
    seed: int
    numerics: Numerics
    data: str
    """Fingerprint of the data set."""

    @cached_property
    def id(self) -> str:
        """Name of the trial: 16 hexadecimal digits."""
        content = {
            "signature": self.recipe.signature,
            "seed": self.seed,
            "numerics": self.numerics.model_dump(mode="json"),
            "data": self.data,
            "engine": ENGINE_VERSION,
            "source": source_digest(self.recipe),
        }
        text = json.dumps(content, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what `to_json` gave.

        Raises:
            ValueError: It names a component that is not registered, or is of another version.
        """
        numerics = Numerics.model_validate(data["numerics"])
        return cls(Recipe.parse(data["recipe"]), data["seed"], numerics, data["data"])

    def to_json(self) -> dict[str, Any]:
        """Return plain data that `from_json` reads."""
        return {
            "recipe": self.recipe.model_dump(mode="json"),
            "seed": self.seed,
            "numerics": self.numerics.model_dump(mode="json"),
            "data": self.data,
        }
