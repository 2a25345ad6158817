"""The base of everything that a recipe can choose: a frozen pydantic model that builds itself.

A *kind* is opened by ``class Optimizer(Component, kind="optimizer")``; a *choice* joins it by being
a subclass with a literal name::

    class SGD(Optimizer):
        '''Stochastic gradient descent. Source: torch.optim.SGD.'''
        name: Literal["sgd"] = "sgd"
        lr: Annotated[float, Field(gt=0), LogRange(1e-3, 1.0)] = 0.1

A field typed with the kind (``optimizer: Optimizer``) accepts an instance, a mapping with ``name``
or the bare name, and looks the name up at that moment: a class defined later, in a user's file,
counts too. Nothing else is needed: validation, YAML, the JSON schema, ``sweeps list``, search
ranges and the contract tests all read the registry.
"""

import difflib
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_KIND_MARK = "x-kind"
_MANY = 30
_REGISTRIES: dict[str, dict[str, type["Component"]]] = {}


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a sentence that names the known word nearest to ``word``, and others if it helps."""
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1)
    if close and len(known) > _MANY:
        return f"did you mean {close[0]!r}? {len(known)} are known"
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}known: {', '.join(known)}"


class Frozen(BaseModel):
    """An immutable value without unknown keys, infinities or NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, data: Any) -> Any:
        """Refuse unknown keys with the nearest known one (pydantic's own message names none)."""
        if isinstance(data, dict):
            for key in data:
                if key not in cls.model_fields:
                    raise ValueError(f"unknown key {key!r}: {nearest(str(key), cls.model_fields)}")
        return data


class Component(Frozen):
    """One choice of a kind. Subclasses add ``name``, parameters, and a ``build`` method."""

    kind: ClassVar[str]
    name: str

    def __init_subclass__(cls, kind: str | None = None, **kwargs: Any) -> None:
        """Take the class keyword ``kind``; pydantic's own hook below uses it."""
        super().__init_subclass__(**kwargs)

    @classmethod
    def __pydantic_init_subclass__(cls, kind: str | None = None, **kwargs: Any) -> None:
        """Open the registry of a kind, or join it (fields exist only from here on)."""
        super().__pydantic_init_subclass__(**kwargs)
        if kind is not None:
            cls.kind = kind
            _REGISTRIES.setdefault(kind, {})
            return
        names = get_args(cls.model_fields["name"].annotation)
        if not names:  # an intermediate base class, no choice
            return
        known = _REGISTRIES[cls.kind].setdefault(names[0], cls)
        same = (known.__module__, known.__qualname__) == (cls.__module__, cls.__qualname__)
        if not same:
            raise ValueError(
                f"two {cls.kind} components are named {names[0]!r}: {known.__module__}."
                f"{known.__qualname__} and {cls.__module__}.{cls.__qualname__}; rename one"
            )
        _REGISTRIES[cls.kind][names[0]] = cls  # a re-import replaces the old class

    @classmethod
    def is_kind(cls) -> bool:
        """Tell a kind (or another abstract base) from a choice."""
        return not get_args(cls.model_fields["name"].annotation)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate a choice as pydantic would, a kind by looking ``name`` up."""
        if not cls.is_kind():
            return handler(source)
        return core_schema.no_info_plain_validator_function(
            cls._resolve,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda value: value.model_dump(mode="json")
            ),
        )

    @classmethod
    def _resolve(cls, value: Any) -> Self:
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            value = {"name": value}
        if not isinstance(value, dict) or not isinstance(value.get("name"), str):
            raise ValueError(f"{cls.kind} wants a name, or a mapping with one, not {value!r}")
        choices = registry(cls.kind)
        if value["name"] not in choices:
            raise ValueError(f"unknown {cls.kind} {value['name']!r}: "
                             f"{nearest(value['name'], choices)}")  # fmt: skip
        choice = choices[value["name"]]
        if missing := sorted(getattr(choice, "__abstractmethods__", ())):
            raise ValueError(f"{choice.__qualname__} lacks {', '.join(missing)}")
        chosen = choice.model_validate(value)
        assert isinstance(chosen, cls), f"the registry of {cls.kind} holds only its own"
        return chosen

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Mark a kind; ``json_schema`` puts its choices there."""
        return {_KIND_MARK: cls.kind} if cls.is_kind() else handler(schema)


def settings_key(plain: Mapping[str, Any]) -> str:
    """Return the name of a choice, given as plain data, and a hash of all its settings."""
    settings = json.dumps(plain, sort_keys=True).encode()
    return f"{plain['name']}-{hashlib.sha256(settings).hexdigest()[:8]}"


def registry(kind: str) -> dict[str, type[Component]]:
    """Return the choices of a kind by name.

    Raises:
        ValueError: There is no such kind.
    """
    if kind not in _REGISTRIES:
        raise ValueError(f"unknown kind {kind!r}: {nearest(kind, _REGISTRIES)}")
    return dict(_REGISTRIES[kind])


def kinds() -> tuple[str, ...]:
    """Return the names of all kinds, in the order in which they were opened."""
    return tuple(_REGISTRIES)


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of a model, each kind one definition with all its choices."""
    definitions: dict[str, Any] = {}

    def linked(node: Any) -> Any:
        if isinstance(node, list):
            return [linked(item) for item in node]
        if not isinstance(node, dict):
            return node
        if _KIND_MARK not in node:
            return {key: linked(value) for key, value in node.items()}
        kind = node[_KIND_MARK]
        if kind not in definitions:
            definitions[kind] = {}  # a kind may contain itself: lookahead around an optimizer
            choices = registry(kind)
            definitions[kind] = {
                "anyOf": [{"enum": sorted(choices)}]
                + [described(choice) for choice in choices.values()]
            }
        return {"$ref": f"#/$defs/{kind}"}

    def described(model: type[BaseModel]) -> dict[str, Any]:
        schema: dict[str, Any] = linked(model.model_json_schema())
        definitions.update(schema.pop("$defs", {}))
        return schema

    return described(model) | {"$defs": definitions}


def forget(module: str) -> None:
    """Take the components of a module out of the registries (it failed to load, or is replaced)."""
    for choices in _REGISTRIES.values():
        for name in [n for n, choice in choices.items() if choice.__module__ == module]:
            del choices[name]


def sentence(error: ValidationError) -> str:
    """Say in one line what is wrong with a value and where: ``phases.0.optimizer.lr: ...``."""
    parts = []
    for detail in error.errors(include_url=False):
        where = ".".join(str(part) for part in detail["loc"])
        cause = detail.get("ctx", {}).get("error")
        message = str(cause) if cause else detail["msg"]
        if isinstance(cause, ValidationError):
            message = sentence(cause)
        if not cause and not isinstance(detail["input"], (dict, list)):
            message += f", got {detail['input']!r}"
        parts.append(f"{where}: {message}" if where else message)
    return "; ".join(dict.fromkeys(parts))
