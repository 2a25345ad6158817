"""`sweeps serve`: MLflow's server, for a record that is kept on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from sweeps.commands.options import sentences, typed


@sentences
def serve(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Option("--folder", help="Of its database, log and artifacts.")
    ] = Path("mlflow"),
    host: Annotated[
        str, typer.Option("--host", help="Where it listens; elsewhere than here with a password.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 5000,
    artifacts: Annotated[
        str | None,
        typer.Option("--artifacts", help="Path or URL of artifacts.  [default: in the folder]"),
    ] = None,
    stop: Annotated[
        bool, typer.Option("--stop", help="End the server that was started over the folder.")
    ] = False,
) -> None:
    """Start MLflow's server in the background, unless it answers already; or end it."""
    from sweeps.record.server import USER, Server, way_in

    if stop:
        if set(typed(context)) - {"stop", "folder"}:
            raise ValueError("--stop ends the server of a folder: give it --folder alone")
        _end(folder.absolute())
        return
    server = Server(folder.absolute(), host, port, artifacts)
    if server.answers():
        server.check_password()
        typer.echo(f"MLflow already answers at {server.uri}")
        return
    server.start()
    server.check_password()
    typer.echo(f"MLflow answers at {server.uri}; what it prints is in {server.log}")
    if way := way_in(server.uri):
        typer.echo(f"From another machine at the same address, after {way}")
    if server.password:
        typer.echo(
            "It asks for a password. Whoever uses it, commands and browsers:\n"
            f"  export MLFLOW_TRACKING_USERNAME={USER}\n"
            f"  export MLFLOW_TRACKING_PASSWORD=$(cat {server.password})"
        )


def _end(folder: Path) -> None:
    from sweeps.record.server_process import end

    server = end(folder)
    typer.echo(f"{server} has ended" if server else f"no server over {folder} is at work")
