import shlex
from typing import Any

import pytest

from sweeps.cluster.checks.software import Source, check_package, check_tools, check_versions
from tests.sweeps.cluster.healthy import WORKER, facts

UP = "ray up -y cluster.local.yaml"
OURS = Source("/home/me/sweeps", "0123456789ab")
LOGIN = "ssh -i key researcher@10.0.0.2 "


def test_all_is_well() -> None:
    well = facts()
    (versions,) = check_versions(WORKER, well, well, UP)
    found = [check_tools(WORKER, well), versions, check_package(WORKER, well, OURS, UP)]
    assert [each.state for each in found] == ["ok"] * 3
    assert versions.said == "Python 3.12.3, ray 2.60.0, torch 2.15.0 for CUDA 13.2"


@pytest.mark.parametrize(
    ("planted", "said", "mend"),
    [
        ({"python": "3.9.2"}, "its Python is 3.9.2, and 3.11 is the oldest that will do",
         "sudo apt-get install python3.11 python3.11-venv"),
        ({"tools": {"rsync": False}}, "it lacks rsync, which `ray up` needs",
         "sudo apt-get install rsync"),
        ({"tools": {"rsync": False, "venv": False}},
         "it lacks rsync and python3-venv, which `ray up` needs",
         "sudo apt-get install rsync python3-venv"),
    ],
)  # fmt: skip
def test_a_machine_that_cannot_be_set_up(planted: dict[str, Any], said: str, mend: str) -> None:
    found = check_tools(WORKER, facts(**planted))
    assert (found.state, found.said) == ("problem", said)
    assert found.mend == f"{LOGIN}'{mend}'"


@pytest.mark.parametrize(
    ("planted", "said", "mend"),
    [
        ({"python": "3.12.4"}, "its Python is 3.12.4, the driver's 3.12.3: Ray refuses to connect",
         "python3.12 -m venv --clear /home/researcher/env"),
        ({"versions": {"ray": "2.59.0"}},
         "its ray is 2.59.0, the driver's 2.60.0: Ray refuses to connect",
         "-m pip install 'ray[default,tune]==2.60.0'"),
        ({"versions": {"torch": "2.14.0"}}, "its torch is 2.14.0, the driver's 2.15.0",
         "-m pip install torch==2.15.0"),
        ({"cuda": "12.8"}, "its torch is built for CUDA 12.8, the driver's for CUDA 13.2: numbers "
         "may differ", "-m pip install --force-reinstall torch==2.15.0"),
        ({"cuda": None}, "its torch is built for CPUs, the driver's for CUDA 13.2: numbers may "
         "differ", "-m pip install --force-reinstall torch==2.15.0"),
    ],
)  # fmt: skip
def test_another_version(planted: dict[str, Any], said: str, mend: str) -> None:
    (found,) = check_versions(WORKER, facts(**planted), facts(), UP)
    assert (found.state, found.said) == ("problem", said)
    assert found.mend.startswith(LOGIN)
    assert shlex.split(found.mend)[-1].endswith(mend)


def test_a_package_that_is_not_there_at_all() -> None:
    lacking = facts().model_copy(update={"versions": {"ray": "2.60.0", "torch": "2.15.0"}})
    found = check_versions(WORKER, lacking, facts(), UP)
    assert [each.said for each in found] == [
        "its mlflow is not there, the driver's 3.17.2",
        "its cifar-sweeps is not there, the driver's 0.1.0",
    ]


def test_a_machine_before_its_first_ray_up_is_no_problem() -> None:
    bare = facts(package=None).model_copy(update={"versions": {}, "cuda": None})
    (versions,) = check_versions(WORKER, bare, facts(), UP)
    package = check_package(WORKER, bare, OURS, UP, installed=False)
    assert {(each.state, each.mend) for each in (versions, package)} == {("unknown", UP)}


@pytest.mark.parametrize(
    ("planted", "said", "mend"),
    [
        (None, "import sweeps finds nothing", UP),
        ({"digest": "ffffffffffff"}, "/home/researcher/cifar-sweeps/sweeps is another state of "
         "this project than /home/me/sweeps", UP),
        ({"path": "/home/researcher/sweeps", "ours": False},
         "import sweeps finds /home/researcher/sweeps, which is not this project",
         f"{LOGIN}'mv /home/researcher/sweeps /home/researcher/sweeps.foreign' && {UP}"),
        ({"owners": ["cifar-sweeps", "sweeps"], "ours": False},
         "import sweeps finds /home/researcher/cifar-sweeps/sweeps, which is not this project",
         f"{LOGIN}'/home/researcher/env/bin/python -m pip uninstall -y sweeps' && {UP}"),
        ({"owners": ["cifar-sweeps", "sweeps"]}, "the distribution sweeps has put a package sweeps "
         "over ours in /home/researcher/cifar-sweeps/sweeps",
         f"{LOGIN}'/home/researcher/env/bin/python -m pip uninstall -y sweeps' && {UP}"),
    ],
)  # fmt: skip
def test_a_foreign_package(planted: dict[str, Any] | None, said: str, mend: str) -> None:
    found = check_package(WORKER, facts(package=planted), OURS, UP)
    assert (found.state, found.said, found.mend) == ("problem", said, mend)
