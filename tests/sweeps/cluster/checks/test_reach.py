from pathlib import Path

import pytest

from sweeps.cluster.checks.reach import check_answer, check_nodes, check_number
from sweeps.cluster.finding import Machine
from tests.sweeps.cluster.healthy import WORKER

FILE = "cluster.local.yaml"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "key"
    file.touch()
    return file


@pytest.mark.parametrize(
    ("silence", "said", "mend"),
    [
        ("researcher@10.0.0.2: Permission denied (publickey).",
         "it refuses the key: researcher@10.0.0.2: Permission denied (publickey).",
         "ssh-copy-id -i {key}.pub researcher@10.0.0.2"),
        ("ssh: connect to host 10.0.0.2 port 22: Connection refused",
         "it is there, and no ssh server answers",
         "(at 10.0.0.2 itself) sudo systemctl enable --now ssh"),
        ("ssh: connect to host 10.0.0.2 port 22: No route to host",
         "it cannot be reached: ssh: connect to host 10.0.0.2 port 22: No route to host",
         f"ping -c 3 10.0.0.2  # switch it on, or take its address out of {FILE}"),
        ("Connection timed out during banner exchange", "it takes the connection, and its ssh "
         "server hangs: Connection timed out during banner exchange",
         "(at 10.0.0.2 itself) sudo systemctl restart ssh"),
        ("no answer within 120 s",
         "ssh connects, and the login hangs: no answer within 120 s",
         "ssh -i key researcher@10.0.0.2 'timeout 20 bash --login -i -x -c true'  # shows where"),
        ("Received disconnect from 10.0.0.2 port 22:2: Too many authentication failures",
         "ssh does not get in: Received disconnect from 10.0.0.2 port 22:2: Too many "
         "authentication failures", "ssh -i key researcher@10.0.0.2 -v true  # shows why"),
        ("ssh: Could not resolve hostname python: Name or service not known",
         "nobody here knows its name: ssh: Could not resolve hostname python: Name or service not "
         "known", f"${{{{EDITOR:-vi}}}} {FILE}"),
    ],
)  # fmt: skip
def test_a_machine_that_does_not_answer(silence: str, said: str, mend: str, key: Path) -> None:
    found = check_answer(WORKER, silence, key, FILE)
    assert (found.state, found.said, found.mend) == ("problem", said, mend.format(key=key))


@pytest.mark.parametrize(
    ("silence", "said", "mend"),
    [
        ("bash: line 1: exec: : not found", "it has no Python: bash: line 1: exec: : not found",
         "ssh -i key researcher@10.0.0.2 'sudo apt-get install python3-venv'"),
        ("[Errno 13] Permission denied: '/proc/x'", "ssh gets in, and its Python does not answer: "
         "[Errno 13] Permission denied: '/proc/x'", "ssh -i key researcher@10.0.0.2 "
         "'bash --login -i -c '\"'\"'command -v python; python -VV'\"'\"''"),
        ("no answer within 120 s",
         "ssh connects, and the login hangs: no answer within 120 s",
         "ssh -i key researcher@10.0.0.2 'timeout 20 bash --login -i -x -c true'  # shows where"),
    ],
)  # fmt: skip
def test_one_that_lets_us_in_and_no_further(silence: str, said: str, mend: str, key: Path) -> None:
    found = check_answer(WORKER, silence, key, FILE, inside=True)
    assert (found.state, found.said, found.mend) == ("problem", said, mend)


def test_a_way_through_another_machine_that_is_shut(key: Path) -> None:
    behind = Machine("10.0.0.2", "ssh -o 'ProxyCommand=ssh -W %h:%p gate' researcher@10.0.0.2")
    silence = "kex_exchange_identification: Connection closed by remote host"
    found = check_answer(behind, silence, key, FILE)
    assert found.said == f"its ssh_proxy_command does not get there: {silence}"
    assert found.mend == f"${{EDITOR:-vi}} {FILE}"


def test_a_key_that_is_not_there() -> None:
    silence = "researcher@10.0.0.2: Permission denied (publickey)."
    found = check_answer(WORKER, silence, Path("/no/key"), FILE)
    assert found.said == "there is no key /no/key"
    assert found.mend == "ssh-keygen -t ed25519 -f /no/key"


def test_one_that_answers(key: Path) -> None:
    assert check_answer(WORKER, "", key, FILE).state == "ok"


def test_nodes_that_have_not_joined() -> None:
    head, lost = Machine("10.0.0.1"), Machine("10.0.0.3")
    (found,) = check_nodes(head, [head, WORKER, lost], ["10.0.0.1", "10.0.0.2"], "ray up")
    assert (found.where, found.state, found.mend) == ("10.0.0.3", "problem", "ray up")
    (found,) = check_nodes(head, [head, WORKER], ["10.0.0.2", "10.0.0.1"], "ray up")
    assert (found.where, found.said) == ("10.0.0.1", "2 have joined")


def test_fewer_nodes_than_wanted() -> None:
    head = Machine("driver")
    found = check_number(head, 3, ["b", "a"], "ray start --address=a:6379")
    assert (found.state, found.said) == ("problem", "2 have joined: a, b; 3 are wanted")
    assert found.mend == "ray start --address=a:6379  # on each that is missing"
    assert check_number(head, 2, ["b", "a"], "").state == "ok"
