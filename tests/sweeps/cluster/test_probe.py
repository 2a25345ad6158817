"""The probe as it is sent, in a Python of its own, with faults planted around it for real."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sweeps.cluster.checks.hardware import check_clock, check_disks, check_gpus, check_shared_memory
from sweeps.cluster.checks.security import check_ports, check_token
from sweeps.cluster.checks.software import Source, check_package, check_tools, check_versions
from sweeps.cluster.connection import Here, Piped, clock_of, facts_of, probe_text
from sweeps.cluster.doctor import _body
from sweeps.cluster.facts import Facts
from sweeps.cluster.patients import Patient
from tests.sweeps.cluster.healthy import DRIVER, clock, python_here

Ask = Callable[..., Facts]
_ALONE = ["unshare", "--mount", "--propagation", "private", "bash", "-c"]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts file systems")


def in_namespace(mounts: str) -> list[str]:
    """Return the command of a Python that sees file systems of its own."""
    return [*_ALONE, f'{mounts} && exec "$@"', "bash", *python_here(sys.executable)]


@pytest.fixture
def ask(home: Path, piped: Callable[..., Piped]) -> Ask:
    """Ask a Python of its own what it sees."""

    def asked(*places: str, command: Sequence[str] = python_here(sys.executable)) -> Facts:
        return facts_of(piped(command), places)

    return asked


def test_it_is_one_text_that_needs_nothing() -> None:
    text = probe_text()
    assert text.isascii()
    assert "from sweeps" not in text
    assert "import sweeps" not in text.replace("``import sweeps``", "")


def test_a_healthy_machine(ask: Ask, home: Path) -> None:
    found = ask(str(home))
    assert found.python == sys.version.split()[0]
    assert found.versions["ray"]
    assert found.disks[1].path == str(home)
    assert found.package is not None
    assert found.package.ours
    assert check_token(DRIVER, found, "").state == "ok"


def test_a_secret_is_never_told(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", "xyzzy")
    told = ask().model_dump_json()
    assert "xyzzy" not in told
    assert '"mark":""' not in told


def test_what_a_login_shell_prints_is_no_answer(ask: Ask) -> None:
    noisy = ["bash", "-c", 'echo "Welcome!"; exec "$@"', "bash", *python_here(sys.executable)]
    assert ask(command=noisy).python


# ---------------------------------------------------------------------- planted


def test_another_ray(ask: Ask, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = ask()
    planted = home / "planted" / "ray-2.59.0.dist-info"
    planted.mkdir(parents=True)
    (planted / "METADATA").write_text("Metadata-Version: 2.1\nName: ray\nVersion: 2.59.0\n")
    monkeypatch.setenv("PYTHONPATH", str(planted.parent))
    (found,) = check_versions(DRIVER, ask(), driver, "")
    assert found.said.startswith("its ray is 2.59.0")


def test_a_foreign_sweeps(ask: Ask, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "sweeps").mkdir()
    (home / "sweeps" / "__init__.py").write_text("raise SystemExit('never imported')")
    monkeypatch.chdir(home)  # where `ray submit` starts the script
    monkeypatch.setenv("PYTHONPATH", "")
    found = check_package(DRIVER, ask(), Source("/home/me/sweeps", ""), "")
    assert found.said == f"import sweeps finds {home}/sweeps, which is not this project"


def test_another_state_of_ours(ask: Ask, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Path(__file__).parents[3]
    wanted = ask().package
    assert wanted is not None
    for tree in ("cifar_models", "search_spaces", "sweeps"):
        subprocess.run(["cp", "-r", here / tree, home / tree], check=True)
    monkeypatch.chdir(home)
    monkeypatch.setenv("PYTHONPATH", str(home))
    source = Source("/home/me/sweeps", wanted.digest)
    assert check_package(DRIVER, ask(), source, "").state == "ok"
    (home / "search_spaces" / "space.py").write_text("")
    found = check_package(DRIVER, ask(), source, "ray up")
    assert (found.state, found.mend) == ("problem", "ray up")


def test_a_token_that_others_read(ask: Ask, home: Path) -> None:
    (home / ".ray" / "auth_token").chmod(0o644)
    found = check_token(DRIVER, ask(), "")
    assert found.mend == f"chmod 600 {home}/.ray/auth_token"


def test_a_token_that_is_missing(ask: Ask, home: Path) -> None:
    driver = ask()
    (home / ".ray" / "auth_token").unlink()
    assert check_token(DRIVER, ask(), "", driver).said.startswith("there is no token")


def test_another_token(ask: Ask, home: Path) -> None:
    driver = ask()
    (home / ".ray" / "auth_token").write_text("a secrets")
    assert check_token(DRIVER, ask(), "", driver).said.startswith("its token is not the driver's")


def test_tokens_switched_off(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    assert check_token(DRIVER, ask(), "").said.startswith("RAY_AUTH_MODE=disabled")


def test_a_clock_an_hour_ahead(
    home: Path, piped: Callable[..., Piped], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check_clock(DRIVER, clock_of(piped())).state == "ok"
    (home / "sitecustomize.py").write_text(
        "import time\nreal = time.time\ntime.time = lambda: real() + 3600\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(home))
    found = check_clock(DRIVER, clock_of(piped()))
    assert found.state == "problem"
    assert " s ahead " in found.said


def test_no_rsync(ask: Ask, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(home))
    assert check_tools(DRIVER, ask()).said == "it lacks rsync, which `ray up` needs"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo A10G; echo A10G", "nvidia-smi sees 2 GPUs, torch 0"),
        ("exit 9", "nvidia-smi: it ends with 9"),
        ("echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18",
         "nvidia-smi: Failed to initialize NVML: Driver/library version mismatch"),
    ],
)  # fmt: skip
def test_gpus_that_torch_cannot_use(
    ask: Ask, home: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    tool = home / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    torch = home / "torch"
    torch.mkdir()
    (torch / "__init__.py").write_text("class cuda:\n    is_available = lambda: False\n")
    (torch / "version.py").write_text("cuda = None\n")
    monkeypatch.setenv("PATH", f"{home}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(home))
    found = ask()
    assert found.cuda is None
    assert check_gpus(DRIVER, found, "").said == said


def test_a_tool_that_hangs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = home / "nvidia-smi"
    tool.write_text("#!/bin/sh\nexec sleep 60\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{home}:{os.environ['PATH']}")
    monkeypatch.setattr("sweeps.cluster.probe._TOOL_SECONDS", 0.2)
    found = check_gpus(DRIVER, facts_of(Here(), []), "")
    assert found.said == "nvidia-smi: no answer within 0.2 s"


def test_what_it_cannot_tell_leaves_the_rest(
    ask: Ask, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A torch of which half is gone, say."""
    torch = home / "torch"
    torch.mkdir()
    (torch / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(home))
    found = ask()
    assert list(found.untold) == ["cuda"]
    assert found.untold["cuda"].startswith("FileNotFoundError")
    assert found.package is not None
    told = [each for each in _body(Patient(DRIVER, Here(), found, clock(0)), None) if each.said]
    assert ("cuda", "unknown") in {(each.check, each.state) for each in told}
    assert {each.check for each in told} > {"gpus", "ports", "clock", "shared memory"}


@pytest.mark.parametrize(
    ("address", "state"),
    [("0.0.0.0", "problem"), ("127.0.0.1", "ok"), ("::", "problem"), ("::1", "ok")],
)
def test_an_open_port(ask: Ask, address: str, state: str) -> None:
    family = "AF_INET6" if ":" in address else "AF_INET"
    code = (
        "import socket, sys; "
        f"s = socket.create_server(({address!r}, 0), family=socket.{family}); "
        "print(s.getsockname()[1], flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, "mlflow.server"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        port = int(server.stdout.readline())
        found = ask()
        server.kill()
    mine = [each for each in found.listeners if each.port == port]
    assert [(each.service, each.address) for each in mine] == [("mlflow", address)]
    seen = found.model_copy(update={"listeners": tuple(mine)})
    assert check_ports(DRIVER, seen).state == state


@needs_root
def test_a_full_disk(ask: Ask, home: Path) -> None:
    command = in_namespace(
        f"mount -t tmpfs -o size=1m none {home}; head -c 2m /dev/zero > {home}/x"
    )
    command[len(_ALONE)] = command[len(_ALONE)].replace(" && ", "; ")
    (_, disk) = check_disks(DRIVER, ask(str(home), command=command), str(home), DRIVER)
    assert disk.said == f"{home} has 0.0 GiB free (100% used): too little"


@needs_root
def test_small_shared_memory(ask: Ask) -> None:
    found = ask(command=in_namespace("mount -t tmpfs -o size=64m none /dev/shm"))
    assert "/dev/shm has 0.1 GiB" in check_shared_memory(DRIVER, found).said
