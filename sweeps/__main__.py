"""The console script `sweeps`, also ``python -m sweeps``."""

import typer

from sweeps.commands.analyse import analyse
from sweeps.commands.attach import attach
from sweeps.commands.clean import clean
from sweeps.commands.doctor import doctor
from sweeps.commands.explain import explain
from sweeps.commands.export import export
from sweeps.commands.list import list_choices
from sweeps.commands.logs import logs
from sweeps.commands.plan import plan
from sweeps.commands.report import report
from sweeps.commands.reproduce import reproduce
from sweeps.commands.retry import retry
from sweeps.commands.run import run
from sweeps.commands.serve import serve
from sweeps.commands.status import status
from sweeps.commands.stop import stop
from sweeps.commands.table import table
from sweeps.commands.verify import verify

app = typer.Typer(
    help="Hyperparameter sweeps and ablation studies on CIFAR that a researcher can publish.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("run")(run)
app.command("attach")(attach)
app.command("status")(status)
app.command("stop")(stop)
app.command("doctor")(doctor)
app.command("plan")(plan)
app.command("list")(list_choices)
app.command("table")(table)
app.command("report")(report)
app.command("explain")(explain)
app.command("analyse")(analyse)
app.command("export")(export)
app.command("verify")(verify)
app.command("reproduce")(reproduce)
app.command("retry")(retry)
app.command("logs")(logs)
app.command("clean")(clean)
app.command("serve")(serve)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
