"""The recipe as a file that says where it comes from, so that it can be trained again and compared.

An exported file is a recipe with one block more::

    model: {name: lenet5}
    ...
    provenance:
      seed: 3
      numerics: {device: cpu, precision: fp32, channels_last: true, threads: 1}
      data: 5f0c...              # fingerprint of the images
      selection: last            # the epoch that counts
      metrics: {validation/accuracy: 0.8125}
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cifar_models.component import sentence
from cifar_models.numerics import Numerics
from cifar_models.recipe import Recipe, read_mapping, read_text


class Provenance(BaseModel):
    """How a recipe was trained, and what it gave; keys that training needs not are kept as read."""

    model_config = ConfigDict(frozen=True, extra="allow")

    seed: Annotated[int, Field(ge=0)] = 0
    numerics: Numerics | None = None
    trial: str | None = None
    data: str | None = None
    """Fingerprint of the data set."""
    selection: Literal["last", "best"] = "last"
    metrics: dict[str, float] = {}
    """What the selected epoch gave, such as ``validation/accuracy`` or ``test/accuracy``."""


def read_recipe(path: Path) -> tuple[Recipe, Provenance]:
    """Read a recipe file with its provenance; an empty one if it says nothing.

    Raises:
        ValueError: There is no such file, or no valid recipe or provenance in it.
    """
    data = read_mapping(read_text(path))
    try:
        provenance = Provenance.model_validate(data.pop("provenance", None) or {})
    except ValidationError as error:
        raise ValueError(f"not a valid provenance: {sentence(error)}") from None
    return Recipe.parse(data), provenance
