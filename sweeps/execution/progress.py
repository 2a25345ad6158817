"""The live view of a phase: a panel that refreshes in a terminal, a line a trial elsewhere."""

import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.live import Live
from rich.table import Table

from sweeps.record.diagnosed import missed, seen
from sweeps.record.journal import Journal, TrialRecord

_REFRESH_SECONDS = 0.5
_SHARE = 0.02
"""Of the time is spent on showing at most, however many trials there are."""
_FAILED = ("failed", "out_of_memory", "timed_out")
_SHOWN = ("running", "finished", "stopped", "diverged", "impossible", *_FAILED)


def last_line(text: str) -> str:
    """Return the last line of a reason: of a traceback the error itself."""
    return text.strip().rpartition("\n")[2]


def reasons(records: Iterable[TrialRecord]) -> Iterator[str]:
    """Yield a line for each reason for which trials failed, or diagnostics have not seen them.

    Its first trial is an example. Reasons that differ in their numbers only (how long it took, how
    much it held) are one.
    """
    alike = defaultdict(list)
    for record in records:
        for what, reason in _went_wrong(record):
            alike[what, re.sub(r"\d[\w.]*", "", reason)].append((record.trial, reason))
    for (what, _), told in alike.items():
        trial, reason = told[0]
        count = f"{len(told)} trials, such as " if len(told) > 1 else ""
        yield f"{what}: {count}{trial}: {reason}"


def _went_wrong(record: TrialRecord) -> Iterator[tuple[str, str]]:
    if record.status in _FAILED:
        yield record.status, last_line(record.reason)
    looked = seen(record.facts)
    for key, reason in missed(record.facts).items():
        yield f"not seen by {looked[key]['name']}", f"{reason}; once mended, --fresh looks again"


class Headline:
    """Says what a phase is about to do, and no more."""

    def __init__(self, console: Console, title: str, trials: int, reused: int = 0) -> None:
        self.console, self.title, self.trials, self.reused = console, title, trials, reused

    @property
    def left(self) -> bool:
        """Whether there is anything to do."""
        return self.reused < self.trials

    def head(self) -> None:
        """Say it."""
        self.console.print(self.headline(), soft_wrap=True)

    def headline(self) -> str:
        """Return it."""
        known = f", {self.reused} of them already done" if self.reused else ""
        return f"[bold]{self.title}[/bold]: {self.trials} trials{self._length()}{known}"

    def _length(self) -> str:
        return ""

    def start(self) -> None:
        """Begin to show."""
        self.head()

    def stop(self) -> None:
        """End it."""

    def update(self, handed_out: Sequence[str]) -> None:
        """Refresh."""

    def finish(self, handed_out: Sequence[str]) -> None:
        """Show the last state."""


class Progress(Headline):
    """Shows trials by state, the best so far, speed, and the time that is left."""

    def __init__(
        self, console: Console, journal: Journal, title: str, metric: str,
        *, trials: int, epochs: int, reused: int = 0, higher_is_better: bool = True,
        rungs: Sequence[int] = (),
    ) -> None:  # fmt: skip
        super().__init__(console, title, trials, reused)
        self.journal, self.metric = journal, metric
        self.epochs, self.rungs = epochs, rungs
        self.sign = 1 if higher_is_better else -1
        self._started = time.monotonic()
        self._next = self._started + _REFRESH_SECONDS
        self._announced: set[str] = set()
        self._epochs_before: dict[str, int] = {}
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def start(self) -> None:
        """Begin to show."""
        self.head()
        if self.console.is_terminal:
            self._live.start()

    def stop(self) -> None:
        """Leave one line behind."""
        if self.console.is_terminal:
            self._live.stop()

    def update(self, handed_out: Sequence[str]) -> None:
        """Refresh, at most twice a second and not at the sweep's expense."""
        now = time.monotonic()
        if now < self._next:
            return
        records = [self.journal[name] for name in handed_out]
        for record in records:
            self._epochs_before.setdefault(record.trial, record.epochs)
        if self.console.is_terminal:
            self._live.update(self._panel(records), refresh=True)
        else:
            self._announce(records)
        done = time.monotonic()
        self._next = now + max(_REFRESH_SECONDS, (done - now) / _SHARE)

    def finish(self, handed_out: Sequence[str]) -> None:
        """Show the last state, and once each reason for which something went wrong."""
        self._next = 0.0
        self.update(handed_out)
        for line in reasons(map(self.journal.__getitem__, handed_out)):
            self.console.print(f"  {line}", soft_wrap=True, highlight=False, markup=False)
        self.stop()

    def headline(self) -> str:
        """Return it, and when a search is halved."""
        rungs = f", halved after epochs {', '.join(map(str, self.rungs))}" if self.rungs else ""
        return super().headline() + rungs

    def _length(self) -> str:
        return f" of {self.epochs} epochs"

    def _announce(self, records: list[TrialRecord]) -> None:
        for record in records:
            if record.status in _SHOWN[1:] and record.trial not in self._announced:
                self._announced.add(record.trial)
                self.console.print(
                    f"  {len(self._announced) + self.reused:>4}/{self.trials} "
                    f"{record.trial} {record.status} after {record.epochs} epochs"
                    f"{self._value(record)}",
                    highlight=False,
                )

    def _value(self, record: TrialRecord) -> str:
        value = record.metric(self.metric)
        return "" if value is None else f", {self.metric} {value:.4f}"

    def _panel(self, records: list[TrialRecord]) -> Table:
        states = Counter(record.status for record in records)
        table = Table.grid(padding=(0, 2))
        table.add_row("trials", "  ".join(f"{states[s]} {s}" for s in _SHOWN if states[s]))
        scored = [r for r in records if r.metric(self.metric) is not None]
        if scored:
            best = max(scored, key=lambda r: self.sign * (r.metric(self.metric) or 0.0))
            table.add_row("best", f"{best.metric(self.metric):.4f} {self.metric} ({best.trial})")
        if self.rungs:
            reached = (f"{sum(r.epochs >= rung for r in records)} at epoch {rung}"
                       for rung in self.rungs)  # fmt: skip
            table.add_row("rungs", ", ".join(reached))
        running = [r for r in records if r.status == "running" and r.results]
        speed = sum(r.results[r.epochs]["metrics"].get("images_per_second", 0) for r in running)
        table.add_row("speed", f"{speed:,.0f} images/s over {states['running']} trials")
        table.add_row("left", self._time_left(records))
        return table

    def _time_left(self, records: list[TrialRecord]) -> str:
        """Estimate from epochs done in this phase; early stops make it an upper bound."""
        done = sum(r.epochs - self._epochs_before[r.trial] for r in records)
        ended = sum(self.epochs for r in records if r.status not in ("running", "pending"))
        current = sum(r.epochs for r in records if r.status in ("running", "pending"))
        left = (self.trials - self.reused) * self.epochs - ended - current
        if not done:
            return "…"
        seconds = (time.monotonic() - self._started) / done * max(left, 0)
        bound = "at most " if self.rungs else ""
        return f"{bound}{seconds // 60:.0f} min {seconds % 60:02.0f} s"
