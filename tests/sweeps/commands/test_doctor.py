import json
from pathlib import Path
from typing import Any

import pytest

from sweeps.cluster import doctor
from sweeps.cluster.finding import Finding, Machine
from tests.sweeps.commands.command_line import call, refuse

HERE = Machine("here")
WELL = [Finding.ok("clock", Machine(name), f"{name} well") for name in ("a", "b")]
WRONG = Finding.problem("token", Machine("b", "ssh b"), "there is no [token]", "make it")


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """What the doctor will find."""
    findings = list(WELL)
    monkeypatch.setattr(doctor, "examine_here", lambda _: findings)
    return findings


def test_all_is_well(found: list[Finding]) -> None:
    result = call("doctor")
    assert result.exit_code == 0
    assert result.stdout.split() == ["ok", "clock", "2", "times:", "a", "well", "0", "problems"]


def test_a_problem_is_printed_with_what_mends_it(found: list[Finding]) -> None:
    found.append(WRONG)
    result = call("doctor")
    assert result.exit_code == 1
    *_, problem, mend, last = result.stdout.splitlines()
    assert problem.split(maxsplit=2) == ["PROBLEM", "token", "b: there is no [token]"]
    assert mend.strip() == "ssh b 'make it'"
    assert last == "1 problem"


def test_what_nobody_can_tell_is_no_problem(found: list[Finding]) -> None:
    found.append(Finding.unknown("data", HERE, "none is given"))
    result = call("doctor")
    assert result.exit_code == 0
    assert "?        data           here: none is given\n" in result.stdout


def test_json_has_everything(found: list[Finding]) -> None:
    found.append(WRONG)
    result = call("doctor", "--json")
    told: dict[str, Any] = json.loads(result.stdout)
    assert (result.exit_code, told["problems"]) == (1, 1)
    assert [Finding(**each) for each in told["findings"]] == found


def test_bad_input_is_a_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("cluster_name: only a name\n")
    no_yaml = tmp_path / "no.yaml"
    no_yaml.write_text("a: [")
    refuse(tmp_path, f"cannot read {tmp_path}/none.yaml", "doctor", tmp_path / "none.yaml")
    refuse(tmp_path, f"cannot read {no_yaml}", "doctor", no_yaml)
    refuse(tmp_path, f"Ray does not understand {broken}", "doctor", broken)
    ours = Path(__file__).parents[3] / "cluster.local.yaml"
    refuse(tmp_path, "--storage runs: give the whole path", "doctor", ours, "--storage", "runs")
    refuse(tmp_path, "no Ray cluster answers at 127.0.0.1:9",
           "doctor", "--address", "127.0.0.1:9", "--storage", tmp_path)  # fmt: skip
    for alone in (("--address", "auto"), ("--nodes", 2)):
        refuse(tmp_path, "--address and --nodes are of a Ray cluster", "doctor", ours, *alone)
    refuse(tmp_path, "--nodes counts those of a Ray cluster", "doctor", "--nodes", 2)
    refuse(tmp_path, "unknown study 'no'", "doctor", "--study", "no", "--storage", tmp_path)


def test_the_head_is_told_what_was_typed_and_nothing_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[list[str]] = []

    def examine(_: object, storage: str | None, options: list[str]) -> list[Finding]:
        told.append([str(storage), *options])
        return []

    file = tmp_path / "cluster.yaml"
    file.write_text((Path(__file__).parents[3] / "cluster.local.yaml").read_text())
    monkeypatch.setattr(doctor, "examine_file", examine)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@here")
    monkeypatch.setenv("SWEEPS_STORAGE", "/mine")
    monkeypatch.setenv("RAY_ADDRESS", "auto")
    assert call("doctor", file).exit_code == 0
    assert call("doctor", file, "--storage", "/shared", "--study", "own.py").exit_code == 0
    assert told == [["None"], ["/shared", "--study=own.py", "--storage=/shared"]]
