"""`sweeps list`: what can be chosen, straight from the registries."""

from typing import Annotated, Any, Literal, get_args, get_origin

import typer

from sweeps.commands.options import JsonOption, sentences


@sentences
def list_choices(
    kind: Annotated[
        str, typer.Argument(help="studies, or a kind such as activation; all when left out.")
    ] = "",
    json: JsonOption = False,
) -> None:
    """List studies, architectures, activations, losses, optimizers, schedules and so on."""
    import json as encoder

    from cifar_models.component import kinds, nearest

    found = _studies() if kind in ("", "studies", "study") else []
    wanted = [name for name in _kinds() if kind in ("", name, _plural(name))]
    if not found and not wanted:
        raise ValueError(f"unknown kind {kind!r}: {nearest(kind, ['studies', *kinds()])}")
    found += [row for name in wanted for row in _choices(name)]
    if kind and "architecture" in wanted:
        found = [row | _counts(row["name"]) for row in found]
    if json:
        typer.echo(encoder.dumps(found, indent=1))
    else:
        _print(found, detailed=bool(kind))


def _kinds() -> tuple[str, ...]:
    import search_spaces  # noqa: F401 - both imports fill the registries
    from cifar_models.component import kinds

    return kinds()


def _plural(kind: str) -> str:
    return kind[:-1] + "ies" if kind.endswith("y") else kind + ("es" if kind[-1] == "s" else "s")


def _studies() -> list[dict[str, Any]]:
    from search_spaces.loading import load_study, study_names

    return [
        {"kind": "study", "name": name, "about": load_study(name)[0].question}
        for name in study_names()
    ]


def _choices(kind: str) -> list[dict[str, Any]]:
    from cifar_models.component import registry

    return [
        {
            "kind": kind,
            "name": name,
            "about": (choice.__doc__ or "").strip().splitlines()[0],
            "parameters": _parameters(choice),
        }
        for name, choice in sorted(registry(kind).items())
    ]


def _parameters(choice: Any) -> dict[str, str]:
    """Return each field with its default, and the range in which it is usually searched."""
    from search_spaces.space import Interval

    fields = {}
    for name, field in choice.model_fields.items():
        default = field.get_default(call_default_factory=True)
        usual = [f" [{r.low:g}, {r.high:g}]" for r in field.metadata if isinstance(r, Interval)]
        fields[name] = getattr(default, "name", str(default)) + "".join(usual)
    del fields["name"]
    return fields


def _counts(architecture: str) -> dict[str, Any]:
    """Return the exact number of parameters, with other structural choices and classes too."""
    from cifar_models.architectures import Architecture, ImageShape
    from cifar_models.component import registry

    choice = registry("architecture")[architecture]
    assert issubclass(choice, Architecture)

    def count(classes: int = 10, **changes: Any) -> int:
        shape = ImageShape(3, 32, 32, classes)
        return choice.model_validate({"name": architecture} | changes).parameter_count(shape)

    choices = {
        f"{name} {value}": {name: value}
        for name, field in choice.model_fields.items()
        for value in _values(field.annotation)
    }
    usual = count()
    choices = {said: change for said, change in choices.items() if count(**change) != usual}
    others = {said: count(**change) for said, change in choices.items()}
    others |= {"100 classes": count(100)}
    others |= {f"{said}, 100 classes": count(100, **change) for said, change in choices.items()}
    return {"parameter_count": usual, "other_counts": others}


def _values(annotation: Any) -> list[Any]:
    """Return all values of a field that is on or off, one of some words, or a norm."""
    from cifar_models.component import registry
    from cifar_models.norms import Norm

    if annotation is Norm:
        return sorted(registry("norm"))
    if annotation is bool:
        return [False, True]
    return list(get_args(annotation)) if get_origin(annotation) is Literal else []


def _print(rows: list[dict[str, Any]], *, detailed: bool) -> None:
    """Print a table a kind; with the parameters of each choice where one kind was asked for."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for kind in dict.fromkeys(row["kind"] for row in rows):
        table = Table(title=_plural(kind), title_justify="left", title_style="bold", box=None)
        table.add_column("name", style="cyan", no_wrap=True)
        table.add_column("about")
        for row in (row for row in rows if row["kind"] == kind):
            cells = [row["name"], row["about"]]
            if "parameter_count" in row:
                others = row["other_counts"].items()
                counts = [f"{row['parameter_count']:,} parameters for 32x32 images of 10 classes"]
                counts += [f"{number:,} with {change}" for change, number in others]
                cells[1] += "\n" + "; ".join(counts)
            if detailed and row.get("parameters"):
                given = row["parameters"].items()
                cells[1] += "\n" + ", ".join(f"{name} {value}" for name, value in given)
            table.add_row(*cells, end_section=detailed)
        console.print(table)
        console.print()
