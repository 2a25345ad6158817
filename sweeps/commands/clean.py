"""`sweeps clean`: free disk space, and say how much."""

import contextlib
from collections import defaultdict
from typing import TYPE_CHECKING, Annotated

import typer

from sweeps.commands.options import (
    JsonOption,
    StateOption,
    StorageOption,
    TrackingOption,
    sentences,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sweeps.record.cleaning import StoredFile, Verdict
    from sweeps.record.journal import TrialRecord
    from sweeps.record.mlflow_runs import Runs
    from sweeps.record.places import Places

_UNITS = ("B", "kB", "MB", "GB", "TB")


@sentences
def clean(
    orphans: Annotated[
        bool, typer.Option("--orphans", help="Files of no trial on record, and half-written ones.")
    ] = False,
    checkpoints: Annotated[
        bool,
        typer.Option("--checkpoints", help="Weights that no training, evaluation or table needs."),
    ] = False,
    study: Annotated[
        str | None,
        typer.Option(
            "--study",
            metavar="NAME|FILE.py",
            help="Weights and files of this study that no other shares, also those that its table "
            "cites.",
        ),
    ] = None,
    unfinished: Annotated[
        bool,
        typer.Option(
            "--unfinished",
            help="With --study: also what it would go on from. Run again it trains that anew.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would go, and remove nothing.")
    ] = False,
    json: JsonOption = False,
    storage: StorageOption = "runs",
    state: StateOption = None,
    tracking_uri: TrackingOption = None,
) -> None:
    """Free disk space. All results stay in MLflow and in the journal.

    A study that is run again after it trains nothing whose results are recorded.
    """
    from sweeps.commands.studies import study_name
    from sweeps.record.cleaning import remove
    from sweeps.record.journal import FILE, Journal, read_records
    from sweeps.record.mlflow_runs import Runs
    from sweeps.record.places import resolve_places

    if not (orphans or checkpoints or study):
        raise ValueError("say what: --orphans, --checkpoints or --study NAME; see first: --dry-run")
    if unfinished and not study:
        raise ValueError("--unfinished goes with --study NAME: it gives that study up")
    places = resolve_places(storage, state, tracking_uri)
    if not (places.state / FILE).exists():
        raise ValueError(
            f"nothing was run in {places.state}: there is no journal, which says what may go; give "
            "the --storage or --state that studies were run with"
        )
    runs = Runs(places.tracking_uri, reading=True)
    with contextlib.ExitStack() as stack:
        if dry_run:
            records: Mapping[str, TrialRecord] = read_records(places.state)
        else:  # refuses while a driver is at work
            journal = stack.enter_context(contextlib.closing(Journal(places.state)))
            records = journal.trials
        verdicts = [
            *(_orphans(places, runs, records) if orphans else ()),
            *(_needless(places, runs, records) if checkpoints else ()),
            *(_of_study(study, places, runs, records, unfinished) if study else ()),
        ]
        if not dry_run:
            remove(verdicts)
            if study:
                with contextlib.suppress(OSError):  # there is none
                    places.folder(study_name(study)).rmdir()
    _tell(verdicts, dry_run=dry_run, as_json=json)


def _orphans(
    places: "Places", runs: "Runs", records: "Mapping[str, TrialRecord]"
) -> "Iterator[Verdict]":
    from sweeps.record.cleaning import orphans, stored_files
    from sweeps.record.places import checkpoint_folder

    def known(trial: str) -> bool:
        return trial in records or runs.trial(trial) is not None

    return orphans(stored_files(checkpoint_folder(places.storage)), known)


def _needless(
    places: "Places", runs: "Runs", records: "Mapping[str, TrialRecord]"
) -> "Iterator[Verdict]":
    from sweeps.record.cleaning import needless, stored_files
    from sweeps.record.memberships import memberships
    from sweeps.record.places import checkpoint_folder

    cited = frozenset[str]().union(*(study.cited for study in memberships(runs).values()))
    return needless(stored_files(checkpoint_folder(places.storage)), records, cited)


def _of_study(
    name: str,
    places: "Places",
    runs: "Runs",
    records: "Mapping[str, TrialRecord]",
    unfinished: bool,
) -> "Iterator[Verdict]":
    from cifar_models.component import nearest
    from sweeps.commands.studies import study_name
    from sweeps.record.cleaning import Verdict, of_study, stored_files
    from sweeps.record.memberships import memberships, unshared
    from sweeps.record.places import checkpoint_folder

    study, members = study_name(name), memberships(runs)
    if study not in members:
        raise ValueError(f"MLflow at {runs.uri} has no study {study!r}: {nearest(study, members)}")
    trials, rule = unshared(study, members), members[study].rule
    weights = stored_files(checkpoint_folder(places.storage))
    yield from of_study(weights, records, trials, rule, unfinished=unfinished)
    for file in stored_files(str(places.folder(study))):
        yield Verdict(file, True, "made of the results")
    for file in stored_files(str(places.trials)):
        if file.trial in trials:
            yield Verdict(file, True, "written by `sweeps logs`")


def _tell(verdicts: "list[Verdict]", *, dry_run: bool, as_json: bool) -> None:
    """Print what goes, file by file, and what stays, by its reason."""
    going = {verdict.file.url: verdict for verdict in verdicts if verdict.goes}
    staying = {v.file.url: v for v in verdicts if v.file.url not in going}
    freed = sum(verdict.file.size for verdict in going.values())
    if as_json:
        import json as encoder

        found = {"dry_run": dry_run, "freed": freed} | {
            name: [{"file": v.file.url, "size": v.file.size, "why": v.why} for v in these.values()]
            for name, these in (("removed", going), ("kept", staying))
        }
        typer.echo(encoder.dumps(found, indent=1))
        return
    for verdict in going.values():
        typer.echo(f"{_size(verdict.file.size):>9}  {verdict.file.url}  ({verdict.why})")
    reasons = defaultdict[str, list["StoredFile"]](list)
    for verdict in staying.values():
        reasons[verdict.why].append(verdict.file)
    for why, files in reasons.items():
        typer.echo(f"{_size(sum(f.size for f in files)):>9}  {_files(len(files))} kept: {why}")
    if not going:
        typer.echo("nothing to remove")
        return
    did = "would remove" if dry_run else "removed"
    typer.echo(
        f"{did} {_files(len(going))}, {_size(freed)}; MLflow and the journal keep all results"
    )


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"


def _size(size: float) -> str:
    for unit in _UNITS[:-1]:
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.3g} {_UNITS[-1]}"
