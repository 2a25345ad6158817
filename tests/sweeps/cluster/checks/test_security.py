from typing import Any

import pytest

from sweeps.cluster.checks.security import check_ports, check_token
from tests.sweeps.cluster.healthy import DRIVER, WORKER, facts

LOGIN = "ssh -i key researcher@10.0.0.2 "
COPY = (
    f"{LOGIN}'umask 077; mkdir -p ~/.ray; cat > /home/researcher/.ray/auth_token; "
    "chmod 600 /home/researcher/.ray/auth_token' < /home/researcher/.ray/auth_token"
)


@pytest.mark.parametrize(
    ("planted", "said", "mend"),
    [
        ({"token": {"mark": "", "permissions": None}},
         "there is no token in /home/researcher/.ray/auth_token: anybody may run code there", COPY),
        ({"token": {"mark": "000000000000"}},
         "its token is not the driver's: they refuse each other", COPY),
        ({"token": {"permissions": 0o644}},
         "/home/researcher/.ray/auth_token can be read by others (0644)",
         f"{LOGIN}'chmod 600 /home/researcher/.ray/auth_token'"),
        ({"token": {"permissions": 0o640}},
         "/home/researcher/.ray/auth_token can be read by others (0640)",
         f"{LOGIN}'chmod 600 /home/researcher/.ray/auth_token'"),
        ({"token": {"mode": "disabled"}},
         "RAY_AUTH_MODE=disabled: anybody may run code there",
         f"{LOGIN}'echo '\"'\"'export RAY_AUTH_MODE=token'\"'\"' >> ~/.bashrc'"),
        ({"ray": {"head": True, "modes": ["", "token"]}},
         "the Ray that runs there was started without a token", "RESTART"),
    ],
)  # fmt: skip
def test_a_door_that_is_open(planted: dict[str, Any], said: str, mend: str) -> None:
    found = check_token(WORKER, facts(**planted), "RESTART", facts())
    assert (found.state, found.said, found.mend) == ("problem", said, mend)


def test_a_driver_without_a_token_makes_one() -> None:
    none = facts(token={"mark": "", "permissions": None})
    for driver in (None, none):
        found = check_token(DRIVER, none, "RESTART", driver)
        assert found.mend == (
            "ray get-auth-token --generate > /dev/null && chmod 600 ~/.ray/auth_token"
        )
    assert check_token(DRIVER, none, "RESTART", own=True).state == "ok"


@pytest.mark.parametrize("mode", [None, "token", "TOKEN"])
def test_a_door_that_is_shut(mode: str | None) -> None:
    assert check_token(WORKER, facts(token={"mode": mode}), "RESTART", facts()).state == "ok"


@pytest.mark.parametrize(
    ("service", "address", "mend"),
    [
        ("dashboard", "0.0.0.0", "ray stop; ray start --head --dashboard-host=127.0.0.1"),
        ("dashboard", "10.0.0.2", "ray stop; ray start --head --dashboard-host=127.0.0.1"),
        ("mlflow", "::", "mlflow server --host 127.0.0.1 --port 5000"),
        ("optuna-dashboard", "0.0.0.0", "optuna-dashboard --host 127.0.0.1 --port 5000"),
    ],
)
def test_a_port_that_is_open(service: str, address: str, mend: str) -> None:
    open_ = {"service": service, "address": address, "port": 5000}
    found = check_ports(WORKER, facts(listeners=[open_]))
    assert found.state == "problem"
    assert found.said == f"{service} listens on {address}:5000, for anybody"
    assert mend in found.mend


@pytest.mark.parametrize("address", ["127.0.0.1", "127.3.0.1", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_nobodys_business(address: str) -> None:
    services = [
        {"service": service, "address": address, "port": 5000} for service in ("mlflow", "Ray")
    ]
    found = check_ports(WORKER, facts(listeners=services))
    assert (found.state, found.said) == ("ok", "nothing of ours listens for others")


def test_ray_must_listen_for_its_nodes() -> None:
    found = check_ports(WORKER, facts())
    assert found.state == "ok"
    assert found.said == "only Ray listens on 6379: its token guards all but its metrics"
