"""Windows and results that tests make up."""

from benchmarks.harness import Case, Figure, Result, Window


def window(arm: str, number: int, rate: float, **more: bool) -> Window:
    """Return a window of two seconds at a rate."""
    return Window(arm=arm, round=number, seconds=2.0, work=2 * rate, foreign=0.01, **more)


def result(*cases: Case, benchmark: str = "input", device: str = "cpu") -> Result:
    """Return a result of a machine that there is not."""
    return Result(
        benchmark=benchmark,
        device=device,
        scale="standard",
        threads=2,
        cases=cases,
        date="2026-01-01 12:00",
        machine={"cpu": "A processor", "cores": "2"},
        versions={"torch": "2.11"},
    )


CASE = Case(
    name="LeNet5",
    unit="images",
    windows=(
        window("stock", 0, 100.0),
        window("ours", 0, 400.0),
        window("ours", 1, 10.0, polluted=True, discarded=True),
        window("ours", 1, 600.0, polluted=True),
        window("stock", 1, 100.0),
    ),
    figures=(
        Figure(name="ours over stock", values=(4.0, 6.0), at_least=4.0, polluted=True),
        Figure(name="cost", values=(30.0,), unit=" ms", at_most=25.0),
        Figure(name="told only", values=(0.1234,), unit=" %"),
    ),
    notes=("A note.",),
)
