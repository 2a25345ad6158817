import shlex

import pytest

from sweeps.cluster.finding import Machine


@pytest.mark.parametrize(
    ("command", "there"),
    [
        ("chmod 600 /home/me/x", "chmod 600 /home/me/x"),
        ("ray stop; rm -r '/tmp/ray'", "bash -lic " + shlex.quote("ray stop; rm -r '/tmp/ray'")),
        ("sweeps clean", "bash -lic 'sweeps clean'"),
    ],
)
def test_what_a_login_shell_alone_finds_is_left_to_one(command: str, there: str) -> None:
    assert shlex.split(Machine("b", "ssh me@b").do(command)) == ["ssh", "me@b", there]
    assert Machine("here").do(command) == command
