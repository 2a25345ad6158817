import copy
from pathlib import Path
from typing import Any

import pytest

from sweeps.cluster.checks.cluster_file import check_file
from sweeps.cluster.cluster_file import read

ROOT = Path(__file__).parents[4]
EVERYBODY = [{"CidrIp": "0.0.0.0/0"}]


@pytest.fixture(scope="module")
def aws() -> dict[str, Any]:
    return read(ROOT / "cluster.yaml").config


@pytest.fixture
def config(aws: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Ours, where a token is."""
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("secret")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(ROOT)
    return copy.deepcopy(aws)


def problems(config: dict[str, Any]) -> list[tuple[str, str]]:
    found = check_file(config, Path("cluster.yaml"))
    return [(each.said, each.mend) for each in found if each.state == "problem"]


def test_ours_is_safe(config: dict[str, Any]) -> None:
    assert problems(config) == []


def test_a_mount_that_is_not_here(config: dict[str, Any]) -> None:
    config["file_mounts"]["~/data"] = "no/data"
    assert problems(config) == [
        ("its mount no/data is not here", "${EDITOR:-vi} cluster.yaml")
    ]  # fmt: skip


def test_mounts_that_are_looked_up_from_another_folder(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (found,) = (each for each in check_file(config, ROOT / "cluster.yaml")
                if each.state == "problem")  # fmt: skip
    assert "sweeps are not here, but in" in found.said
    assert found.mend == f"cd {ROOT}"


def test_a_token_that_does_not_travel(config: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / ".ray" / "auth_token").unlink()
    ((said, mend),) = problems(config)
    assert said == "there is no token in ~/.ray/auth_token"
    assert mend.startswith("ray get-auth-token --generate")
    del config["file_mounts"]["~/.ray/auth_token"]
    ((said, mend),) = problems(config)
    assert said == "it brings no token to the machines: file_mounts lacks ~/.ray/auth_token"
    assert mend.startswith("sed -i ")


def test_machines_that_would_ask_for_no_token(config: dict[str, Any]) -> None:
    config["setup_commands"] = []
    assert problems(config)[0][0].startswith("no command of it sets RAY_AUTH_MODE=token")


def test_an_open_dashboard(config: dict[str, Any]) -> None:
    config["head_start_ray_commands"] = ["ray start --head --dashboard-host=0.0.0.0"]
    assert problems(config)[0][0] == "its dashboard would listen for everybody"


@pytest.mark.parametrize(
    ("rule", "is_open"),
    [
        ({"FromPort": 8265, "ToPort": 8265, "IpProtocol": "tcp", "IpRanges": EVERYBODY}, True),
        ({"FromPort": 8265, "ToPort": 8265, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}, True),
        ({"IpProtocol": "-1", "IpRanges": EVERYBODY}, True),
        ({"FromPort": 22, "ToPort": 22, "IpProtocol": "tcp", "IpRanges": EVERYBODY}, False),
        ({"FromPort": 8265, "ToPort": 8265, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}, False),
    ],
)
def test_a_security_group(config: dict[str, Any], rule: dict[str, Any], is_open: bool) -> None:
    config["provider"]["security_group"] = {"GroupName": "ours", "IpPermissions": [rule]}
    found = [said for said, _ in problems(config)]
    assert bool(found) == is_open
    assert all("opens ports" in said for said in found)


def test_a_group_that_only_aws_knows(config: dict[str, Any]) -> None:
    def group() -> tuple[str, str]:
        found = check_file(config, Path("f"))
        return next((each.state, each.mend) for each in found if each.check == "security group")

    assert group() == (
        "unknown",
        "aws ec2 describe-security-groups --filters Name=group-name,Values=cifar-sweeps "
        "--output table",
    )
    del config["provider"]["security_group"]
    assert group() == ("ok", "")
    config["available_node_types"]["head"]["node_config"]["SecurityGroupIds"] = ["sg-1"]
    assert group() == ("unknown", "aws ec2 describe-security-groups --output table")
