"""`sweeps doctor`: is all well with the machines, before anything is spent?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sweeps.commands.options import (
    AddressOption,
    DataDirOption,
    DatasetOption,
    JsonOption,
    StateOption,
    TrackingOption,
    sentences,
    typed,
)

if TYPE_CHECKING:
    from cifar_models.datasets.dataset import Dataset
    from sweeps.cluster.doctor import Wanted
    from sweeps.cluster.finding import Finding

_SIGNS = {"problem": "[bold red]PROBLEM[/bold red]  ", "unknown": "[yellow]?[/yellow]        "}


@sentences
def doctor(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[CLUSTER.yaml]", help="Check the machines of a cluster file."),
    ] = None,
    address: AddressOption = None,
    nodes: Annotated[
        int, typer.Option("--nodes", min=1, help="With --address: so many must have joined.")
    ] = 1,
    study: Annotated[
        str | None,
        typer.Option("--study", metavar="NAME|FILE.py", help="Look at the data that it needs."),
    ] = None,
    dataset: DatasetOption = None,
    data_dir: DataDirOption = None,
    json: JsonOption = False,
    storage: Annotated[
        str | None,
        typer.Option(
            "--storage", envvar="SWEEPS_STORAGE", help="Path or URL that all machines share."
        ),
    ] = None,
    state: StateOption = None,
    tracking_uri: TrackingOption = None,
) -> None:
    """Check machines, versions, storage, clocks, tokens, ports, MLflow and data; changes nothing.

    With a cluster file over ssh, with --address every node of a Ray cluster, else this machine.
    Exit code 1 when something is wrong: each problem comes with the command that mends it.
    """
    import json as encoder
    from dataclasses import asdict

    given = typed(context)
    if file is not None:
        if {"address", "nodes"} & set(given):
            raise ValueError(
                f"--address and --nodes are of a Ray cluster, and {file} says which machines there "
                "are: give one or the other"
            )
        # Only what was typed: this machine's environment has this machine's places, and secrets.
        names = ("study", "dataset", "data_dir", "storage", "state", "tracking_uri")
        told = {f"--{name.replace('_', '-')}": given.get(name) for name in names}
        options = [f"{name}={value}" for name, value in told.items() if value is not None]
        found = _of_file(file, given.get("storage"), options)
    else:
        if "nodes" in given and not address:
            raise ValueError("--nodes counts those of a Ray cluster: give its --address")
        wanted = _wanted(study, dataset, data_dir, storage, state, tracking_uri)
        found = _of_cluster(address, wanted, nodes) if address else _of_here(wanted)
    wrong = sum(each.state == "problem" for each in found)
    if json:
        findings = [asdict(each) for each in found]
        typer.echo(encoder.dumps({"problems": wrong, "findings": findings}, indent=1))
    else:
        _print(found)
    if wrong:
        raise typer.Exit(1)


def _wanted(
    study: str | None,
    dataset: str | None,
    data_dir: Path | None,
    storage: str | None,
    state: Path | None,
    tracking_uri: str | None,
) -> "Wanted":
    from sweeps.cluster.doctor import Wanted
    from sweeps.record.places import DEFAULT_STORAGE, resolve_places

    places = resolve_places(storage or DEFAULT_STORAGE, state, tracking_uri)
    return Wanted(places, _datasets(study, dataset), data_dir)


def _datasets(study: str | None, dataset: str | None) -> "list[Dataset]":
    """Return the data sets that the arms of a study need; of none, the one that is named."""
    from sweeps.commands.studies import resolve_study

    if study is None and dataset is None:
        return []
    question, _ = resolve_study(study or "quickstart", dataset)
    return list(dict.fromkeys(arm.recipe.dataset for arm in question.arms()))


def _of_file(file: Path, storage: str | None, options: list[str]) -> "list[Finding]":
    from sweeps.cluster.cluster_file import read
    from sweeps.cluster.doctor import examine_file

    if storage is not None and "://" not in storage and not Path(storage).is_absolute():
        raise ValueError(f"--storage {storage}: give the whole path, as the machines know it")
    return examine_file(read(file), storage, options)


def _of_cluster(address: str, wanted: "Wanted", nodes: int) -> "list[Finding]":
    import ray

    from sweeps.cluster.doctor import examine_ray
    from sweeps.execution.ray_session import connect

    connect(address, ship=False)  # or each node would show what it was just sent
    try:
        return examine_ray(wanted, nodes)
    finally:
        ray.shutdown()


def _of_here(wanted: "Wanted") -> "list[Finding]":
    from sweeps.cluster.doctor import examine_here

    return examine_here(wanted)


def _print(found: "list[Finding]") -> None:
    """Print what is well in a line a check, and every problem with what mends it."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for check in dict.fromkeys(each.check for each in found):
        well = [each for each in found if each.check == check and each.state == "ok"]
        if well:
            where = well[0].where if len(well) == 1 else f"{len(well)} times"
            console.print(f"{'ok':<9}{check:<15}{where}: {well[0].said}", markup=False)
    for each in found:
        if each.state != "ok":
            console.print(_SIGNS[each.state], end="")
            console.print(f"{each.check:<15}{each.where}: {each.said}", markup=False)
            if each.mend:
                console.print(f"{'':<9}{each.mend}", markup=False)
    wrong = sum(each.state == "problem" for each in found)
    console.print("1 problem" if wrong == 1 else f"{wrong} problems")
