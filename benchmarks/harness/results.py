"""What a benchmark gives: cases with their windows and figures, stored as JSON."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Self

import torch
from pydantic import BaseModel, ConfigDict, computed_field

from benchmarks.harness.windows import Window, kept, ratios
from sweeps.record.environment import processor

PACKAGES = ("torch", "torchvision", "numpy", "ray", "optuna", "mlflow")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Figure(_Frozen):
    """A number with its spread and, if there is one, its target.

    Attributes:
        name: What it is of, such as "ours over classic".
        values: One for each pair or window.
        unit: Written after the number: "x" for a ratio, " ms", " %".
        at_least: Target of the median.
        at_most: Target of the median, where small is good.
        polluted: Whether a window behind it was measured under foreign load.
    """

    name: str
    values: tuple[float, ...]
    unit: str = "x"
    at_least: float | None = None
    at_most: float | None = None
    polluted: bool = False

    @computed_field  # type: ignore[prop-decorator]
    @property
    def n(self) -> int:
        """Number of values."""
        return len(self.values)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def median(self) -> float:
        """Median of the values."""
        return median(self.values)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def spread(self) -> tuple[float, float]:
        """Smallest and largest value."""
        return min(self.values), max(self.values)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def met(self) -> bool | None:
        """Whether the median meets the target; None without one."""
        if self.at_least is None and self.at_most is None:
            return None
        low = self.at_least is None or self.median >= self.at_least
        return low and (self.at_most is None or self.median <= self.at_most)


class Case(_Frozen):
    """One piece of work, done by several arms, and what follows from their windows.

    Attributes:
        name: Such as the network that is trained.
        unit: What an arm does in a second, such as "images".
        windows: All that were measured, discarded ones too.
        figures: Ratios of arms, costs, whatever has a target.
        notes: What was found besides, one sentence each.
    """

    name: str
    unit: str = ""
    windows: tuple[Window, ...] = ()
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms, in the order of their first windows."""
        return tuple(dict.fromkeys(window.arm for window in self.windows))


class Result(_Frozen):
    """One run of one benchmark on one kind of device.

    ``code`` is the commit that was checked out, and ``seconds`` how long that took.
    """

    benchmark: str
    device: str
    scale: str
    threads: int
    cases: tuple[Case, ...]
    date: str
    machine: dict[str, str]
    versions: dict[str, str]
    code: str = ""
    seconds: float = 0.0

    def write(self, folder: Path) -> Path:
        """Write it as JSON into a folder and return the file."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.benchmark}-{self.device}.json"
        path.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")
        return path

    @classmethod
    def read_all(cls, folder: Path) -> list[Self]:
        """Read every result in a folder."""
        files = sorted(folder.glob("*-*.json"))
        return [cls.model_validate_json(file.read_text(encoding="utf-8")) for file in files]


def compare(
    windows: list[Window],
    arm: str,
    over: str,
    at_least: float | None = None,
) -> Figure:
    """Return how many times faster one arm was than another, paired by round."""
    behind = [*kept(windows, arm), *kept(windows, over)]
    return Figure(
        name=f"{arm} over {over}",
        values=tuple(ratios(windows, arm, over)),
        at_least=at_least,
        polluted=any(window.polluted for window in behind),
    )


def now() -> str:
    """Return this minute in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M")


def machine(device: str) -> dict[str, str]:
    """Return what the numbers were measured on."""
    found = {"cpu": processor(), "cores": str(os.cpu_count()), "system": platform.system()}
    return found | ({"gpu": torch.cuda.get_device_name()} if device == "cuda" else {})


def versions() -> dict[str, str]:
    """Return the versions of Python and of what could matter."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
