"""The recipe: everything that determines one training but its seed."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from cifar_models.architectures import Architecture
from cifar_models.augmentation import Augmentation
from cifar_models.averaging import Averaging, NoAveraging
from cifar_models.component import Frozen, json_schema, sentence
from cifar_models.datasets import Dataset
from cifar_models.fixed_streams import NONE_FIXED, FixedStreams
from cifar_models.initialisation import Default, Initialisation
from cifar_models.losses import CrossEntropy, Loss
from cifar_models.mixing import Mixing, NoMixing
from cifar_models.optimizers import Optimizer
from cifar_models.penalties import Penalty
from cifar_models.schedules import Constant, Schedule
from cifar_models.splits import Split
from cifar_models.test_time import OneView, Views

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # C: the same text, sooner
_PHASE_KEYS = ("epochs", "optimizer", "schedule")


class Phase(Frozen):
    """A stretch of epochs under one optimizer and one schedule."""

    epochs: Annotated[int, Field(gt=0)]
    optimizer: Optimizer
    schedule: Schedule = Constant()


class Recipe(Frozen):
    """One training, frozen and validated; equal recipes have equal signatures.

    ``epochs``, ``optimizer`` and ``schedule`` at the top stand for a single phase. Validation comes
    after every ``validate_every`` epochs, and after the last.
    """

    dataset: Dataset
    split: Split = Split()
    model: Architecture
    initialisation: Initialisation = Default()
    loss: Loss = CrossEntropy()
    penalties: tuple[Penalty, ...] = ()
    phases: Annotated[tuple[Phase, ...], Field(json_schema_extra={"minItems": 1})]
    batch_size: Annotated[int, Field(gt=0)] = 128
    augmentation: tuple[Augmentation, ...] = ()
    mixing: Mixing = NoMixing()
    averaging: Averaging = NoAveraging()
    test_time: Views = OneView()
    validate_every: Annotated[int, Field(gt=0)] = 1
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    fixed_streams: Annotated[FixedStreams, Field(exclude_if=NONE_FIXED.__eq__)] = NONE_FIXED
    """Left out of plain data where there are none: recipes keep the signatures that they had."""

    @model_validator(mode="before")
    @classmethod
    def _single_phase(cls, data: Any) -> Any:
        """Fold the shorthand of a single phase into ``phases``."""
        if not isinstance(data, dict):
            return data
        short = {key: data[key] for key in _PHASE_KEYS if key in data}
        if short and "phases" in data:
            raise ValueError(f"give either phases or {', '.join(short)} at the top, not both")
        rest = {key: value for key, value in data.items() if key not in short}
        return rest | {"phases": [short]} if short else data

    @model_validator(mode="after")
    def _some_phase(self) -> Self:
        """Refuse an empty recipe (``min_length`` would also complain of a phase that is wrong)."""
        if not self.phases:
            raise ValueError("a recipe needs at least one phase: give epochs and optimizer")
        return self

    @property
    def epochs(self) -> int:
        """Epochs of all phases together."""
        return sum(phase.epochs for phase in self.phases)

    @property
    def signature(self) -> str:
        """Name of the variant: a hash of the canonical recipe, equal on every machine."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()[:16]

    def canonical(self) -> str:
        """Return the recipe as JSON with sorted keys and every default written out."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True)

    def replace(self, changes: dict[str, Any]) -> Self:
        """Return a validated copy with dotted paths changed: ``{"model.width": 32}``.

        ``optimizer``, ``schedule`` and ``epochs`` at the head of a path mean the first phase of a
        recipe that has only one. Replacing a component by a name takes that component's defaults.

        Raises:
            ValueError: A path does not exist, or the result is no valid recipe.
        """
        data = {"fixed_streams": {}} | self.model_dump(mode="json")
        for path, value in changes.items():
            assign(data, self._full(path), value)
        return self.parse(data)

    def value(self, path: str) -> Any:
        """Return what stands at a dotted path, as plain data.

        Raises:
            ValueError: The path leads nowhere.
        """
        node: Any = self.model_dump(mode="json")
        for step in self._full(path).split("."):
            node = _child(node, step, path)
        return node

    def with_epochs(self, epochs: int) -> Self:
        """Return a copy of so many epochs in all; several phases keep their proportions.

        Raises:
            ValueError: Fewer epochs than phases.
        """
        if epochs < len(self.phases):
            raise ValueError(f"epochs must be at least {len(self.phases)}, got {epochs}")
        changes: dict[str, Any] = {}
        start = planned = 0
        for number, phase in enumerate(self.phases, start=1):
            planned += phase.epochs
            room = epochs - (len(self.phases) - number)  # an epoch at least for each later phase
            end = min(max(round(planned * epochs / self.epochs), start + 1), room)
            changes[f"phases.{number - 1}.epochs"] = end - start
            start = end
        return self.replace(changes)

    def _full(self, path: str) -> str:
        head = path.split(".")[0]
        if head not in _PHASE_KEYS:
            return path
        if len(self.phases) > 1:
            raise ValueError(
                f"{path}: this recipe has {len(self.phases)} phases; say phases.0.{path}"
            )
        return f"phases.0.{path}"

    @classmethod
    def parse(cls, data: Any) -> Self:
        """Validate plain data.

        Raises:
            ValueError: One sentence that names every wrong path and the nearest valid names.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise ValueError(f"not a valid recipe: {sentence(error)}") from None

    @classmethod
    def from_yaml(cls, text: str) -> Self:
        """Read a recipe from YAML text; a ``provenance`` block beside it is passed over.

        Raises:
            ValueError: The text is no YAML mapping, or no valid recipe.
        """
        data = read_mapping(text)
        data.pop("provenance", None)
        return cls.parse(data)

    def to_plain(self) -> dict[str, Any]:
        """Return the recipe as plain data, every default written out, a single phase at the top."""
        data = self.model_dump(mode="json")
        if len(self.phases) == 1:
            data |= data.pop("phases")[0]
        return data

    def to_yaml(self) -> str:
        """Return the recipe as YAML, every default written out."""
        return yaml.dump(self.to_plain(), Dumper=_DUMPER, sort_keys=False)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Return the JSON schema of a recipe file, with the shorthand of a single phase."""
        schema = json_schema(cls)
        phase = schema["$defs"]["Phase"]
        schema["properties"] |= {key: phase["properties"][key] for key in _PHASE_KEYS}
        schema["properties"]["provenance"] = {"type": "object"}
        schema["required"].remove("phases")
        schema["oneOf"] = [
            {"required": ["phases"], "properties": dict.fromkeys(_PHASE_KEYS, False)},
            {"required": phase["required"]},
        ]
        return schema


def read_text(path: Path) -> str:
    """Return the text of a file; ValueError with a sentence when it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no UTF-8 text") from None


def read_mapping(text: str) -> dict[str, Any]:
    """Return the plain data of a recipe file.

    Raises:
        ValueError: The text is not safe YAML, or no mapping.
    """
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"not safe YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise ValueError("a recipe is a YAML mapping, such as `model: resnet18`")
    return data


def assign(data: Any, path: str, value: Any) -> None:
    """Set a dotted path in nested lists and mappings; components become plain data first.

    Raises:
        ValueError: The path leads nowhere.
    """
    *parents, last = path.split(".")
    node = data
    for step in parents:
        node = _child(node, step, path)
    try:
        # an unknown key of a mapping is refused by validation, with the nearest name
        node[int(last) if isinstance(node, list) else last] = plain(value)
    except (ValueError, IndexError, TypeError):
        raise ValueError(f"the recipe has no {path!r} (stopped at {last!r})") from None


def _child(node: Any, step: str, path: str) -> Any:
    try:
        return node[int(step)] if isinstance(node, list) else node[step]
    except (KeyError, ValueError, IndexError, TypeError):
        raise ValueError(f"the recipe has no {path!r} (stopped at {step!r})") from None


def plain(value: Any) -> Any:
    """Return components as mappings and tuples as lists, at any depth: what YAML can hold."""
    if isinstance(value, Frozen):
        return value.model_dump(mode="json")
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value
