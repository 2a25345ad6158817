import sys
from pathlib import Path

import pytest

from sweeps.analysis.simulation import __main__ as command
from sweeps.analysis.simulation.promises import PROMISES
from sweeps.analysis.simulation.rates import Rate, Trial, planted
from sweeps.analysis.simulation.sequences import saved
from sweeps.analysis.simulation.worlds import NORMAL


@pytest.mark.parametrize(("rate", "status"), [(0.95, 0), (0.5, 1)])
def test_a_broken_promise_is_the_commands_status(
    rate: float, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = Trial(PROMISES[0], NORMAL, 5, Rate(rate, 0.95, 100))
    monkeypatch.setattr(command, "tried", lambda _: [trial])
    monkeypatch.setattr(command, "planted", lambda studies: planted(studies, (5,)))
    monkeypatch.setattr(command, "saved", lambda studies: saved(studies, (8,), (5.0,)))
    out = tmp_path / "page.md"
    monkeypatch.setattr(sys, "argv", ["simulation", "--studies", "100", "--out", str(out)])
    assert command.main() == status
    assert out.read_text(encoding="utf-8").startswith("# Do the statistics keep")


def test_too_few_studies_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["simulation", "--studies", "3"])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 2
    assert "at least 100" in capsys.readouterr().err
