"""`sweeps list`: what can be chosen, straight from the registries."""

from typing import Annotated, Any

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
            if detailed and row.get("parameters"):
                given = row["parameters"].items()
                cells[1] += "\n" + ", ".join(f"{name} {value}" for name, value in given)
            table.add_row(*cells, end_section=detailed)
        console.print(table)
        console.print()
