"""Who gets into a cluster that `ray up` has started: whoever has its token, on the ports listed."""

import json
import re
import shlex
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cluster import stranger as knocking
from tests.cluster.hosts import Host
from tests.cluster.local_cluster import LocalCluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
LOOPBACK = "0100007F"
LISTENS = "0A"
CLIENT = (
    "from ray.util.client_connect import connect; import ray; "
    "connect('{}:10001', connection_retries=1); print(ray.cluster_resources())"
)
"""``ray.init('ray://...')``, which tries three times."""


def listed(place: str) -> dict[int, str]:
    """Return the ports of the README's table, and what they say to who shows no token.

    Args:
        place: ``head``, ``every machine`` or ``loopback of the head``.
    """
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\d, to]+) \| (.+?) \| .+? \| (.+?) \|$", readme, re.M)
    found = {}
    for ports, where, says in rows:
        if where == place:
            first, *more = (int(port) for port in re.findall(r"\d+", ports))
            wanted = range(first, more[0] + 1) if " to " in ports else (first, *more)
            found |= dict.fromkeys(wanted, says)
    return found


def listening(host: Host) -> dict[int, set[str]]:
    """Return the ports on which something listens there, and at which addresses, as hex."""
    table = host.ssh("cat /proc/net/tcp /proc/net/tcp6").stdout.splitlines()
    sockets = [line.split() for line in table if ":" in line.split()[0]]
    found: dict[int, set[str]] = {}
    for _, local, _, state, *_ in sockets:
        address, port = local.split(":")
        if state == LISTENS:
            found.setdefault(int(port, 16), set()).add(address)
    return found


def test_only_the_listed_ports_are_open_and_ask_for_the_token(
    cluster: LocalCluster, undisturbed: str
) -> None:
    assert undisturbed, "workers have been at work: some wait for more, and listen"
    for host in cluster.hosts:
        ports = listed("every machine") | (listed("head") if host is cluster.head else {})
        scanned = cluster.stranger.ssh(f"{sys.executable} {knocking.__file__} {host.address}")
        answers = {int(port): answer for port, answer in json.loads(scanned.stdout).items()}
        assert not set(answers) - set(ports), "open, and not in the README"
        always = {port for port in ports if not 10002 <= port <= 19999}
        assert always <= set(answers), "in the README, and not open"
        for port, answer in answers.items():
            if answer == knocking.GONE and port not in always:
                continue  # a worker that had nothing to do
            wanted = {
                "refused": ("HTTP 401", "UNAUTHENTICATED"),
                "shown": ("HTTP 200 # HELP",),
                "your key": ("ssh",),
            }[ports[port]]
            assert answer.startswith(wanted), f"{host.name}:{port}"


def test_dashboard_and_mlflow_stay_on_loopback(cluster: LocalCluster) -> None:
    there = listening(cluster.head)
    for port in listed("loopback of the head"):
        assert there[port] == {LOOPBACK}, port


def test_a_stranger_is_refused_by_ray(cluster: LocalCluster) -> None:
    head = cluster.head.address
    asking = f'python -c "{CLIENT.format(head)}"'
    patient, client, gcs, join, jobs = (
        f"sh -c {shlex.quote(f'until {asking}; do sleep 1; done')}",  # a busy head is slow
        asking,
        f"ray status --address {head}:6379",
        f"ray start --address {head}:6379",
        "ray job list --address http://127.0.0.1:8265",
    )
    nobody, guessed = "RAY_AUTH_MODE=disabled", "RAY_AUTH_MODE=token RAY_AUTH_TOKEN=" + "ab" * 32
    friend = f"RAY_AUTH_MODE=token RAY_AUTH_TOKEN={cluster.token}"

    def try_as(host: Host, who: str, command: str) -> tuple[int, str]:
        done = host.ssh(f"{who} PATH={sys.prefix}/bin:$PATH timeout 120 {command} 2>&1")
        return done.returncode, done.stdout

    stranger, user = cluster.stranger, cluster.head  # one at the head, but another user's shell
    with ThreadPoolExecutor() as at_once:  # mostly they wait
        let_in = [(stranger, friend, patient), (stranger, friend, gcs), (user, friend, jobs)]
        refused = [
            *((stranger, who, command) for who in (nobody, guessed) for command in (client, gcs)),
            (stranger, nobody, join), (user, nobody, jobs),
        ]  # fmt: skip
        for code, said in at_once.map(lambda words: try_as(*words), let_in):
            assert code == 0, f"the way is open to who has the token, but {said}"
        for code, said in at_once.map(lambda words: try_as(*words), refused):
            assert code not in (0, 124), said
            assert re.search("[Tt]oken|connection timeout", said), said


def test_mlflow_asks_for_its_password_where_it_listens_further(cluster: LocalCluster) -> None:
    head = cluster.head
    served = head.ssh(f"~/env/bin/sweeps serve --folder team --host {head.address} --port 5001")
    assert served.returncode == 0, served.stdout + served.stderr
    password = head.home / "team/password"
    assert stat.S_IMODE(password.stat().st_mode) == 0o600
    assert password.read_text() not in head.ssh("cat /proc/[0-9]*/cmdline").stdout
    uri = f"http://{head.address}:5001/api/2.0/mlflow/experiments/search?max_results=1"
    ask = (
        "import sys, urllib.request, urllib.error\n"
        "manager = urllib.request.HTTPPasswordMgrWithDefaultRealm()\n"
        f"manager.add_password(None, {uri!r}, 'admin', sys.argv[1])\n"
        "opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(manager))\n"
        "try:\n"
        f"    print(opener.open({uri!r}).status)\n"
        "except urllib.error.HTTPError as error:\n"
        "    print(error.code)\n"
    )
    (cluster.folder / "ask.py").write_text(ask, encoding="utf-8")
    for known, code in ((password.read_text(), "200"), ("guessed", "401")):
        asked = cluster.stranger.ssh(f"{sys.executable} {cluster.folder / 'ask.py'} {known}")
        assert asked.stdout.strip() == code, asked.stdout + asked.stderr


def test_the_token_is_for_its_owner_alone(cluster: LocalCluster) -> None:
    for host in cluster.hosts:
        for file in (host.home / ".ray/auth_token", host.home / ".ray"):
            assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file
        commands = host.ssh("cat /proc/[0-9]*/cmdline").stdout
        assert "raylet" in commands
        assert cluster.token not in commands
        where = "~ /tmp/ray --exclude-dir .ray --devices skip"  # logs, journal, record, tables
        found = host.ssh(f"grep --recursive --files-with-matches {cluster.token} {where}")
        assert not found.stdout
