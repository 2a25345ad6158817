"""The cluster files: what Ray itself says about them, and the traps that they avoid."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


def prepared(name: str) -> dict[str, Any]:
    """Return a cluster file as `ray up` sees it: Ray's defaults filled in, its schema checked."""
    from ray.autoscaler._private.util import prepare_config, validate_config

    config: dict[str, Any] = prepare_config(yaml.safe_load((ROOT / name).read_text()))
    validate_config(config)
    return config


@pytest.mark.parametrize("name", ["cluster.yaml", "cluster.local.yaml"])
def test_is_valid_and_safe(name: str) -> None:
    config = prepared(name)
    mounts = config["file_mounts"]
    assert "~/sweeps" not in mounts, "it would shadow the installed package in the home folder"
    packages = ("cifar_models", "search_spaces", "sweeps")
    wanted = (*packages, "pyproject.toml", "constraints.txt", "README.md")
    assert all(mounts[f"~/cifar-sweeps/{name}"] == name for name in wanted)
    assert "." not in mounts.values(), "`ray up` would read the virtual environment"
    assert "~/.ray/auth_token" in mounts, "nodes that share no token refuse each other"
    setup = config["setup_commands"]
    assert any(
        "pip install" in c and "-c ~/cifar-sweeps/constraints.txt -e ~/cifar-sweeps" in c
        for c in setup
    ), "machines would have different versions"
    assert any("RAY_AUTH_MODE=token" in c for c in setup)
    assert "chmod 600 ~/.ray/auth_token" in setup[0], "others would read it meanwhile"
    start = config["head_start_ray_commands"]
    assert "0.0.0.0" not in str(start), "dashboard or MLflow would be open"
    assert any("sweeps serve" in c and "--host" not in c for c in start)
    named = "RAY_ADDRESS=auto", "MLFLOW_TRACKING_URI=", "SWEEPS_STORAGE=", "SWEEPS_STATE="
    assert all(any(name in c for c in config["head_setup_commands"]) for name in named)


@pytest.mark.parametrize("name", ["cluster.yaml", "cluster.local.yaml"])
def test_every_port_of_ray_is_one_that_the_readme_lists(name: str) -> None:
    config = prepared(name)
    table = (ROOT / "README.md").read_text(encoding="utf-8")
    chosen = ("node-manager", "object-manager", "runtime-env-agent", "metrics-export")
    for commands in (config["head_start_ray_commands"], config["worker_start_ray_commands"]):
        (start,) = [command for command in commands if "ray start" in command]
        ports = dict(re.findall(r"--([a-z-]+)-port=(\d+)", start))
        assert {*chosen, "dashboard-agent-grpc"} <= set(ports), "Ray would take any"
        for port in ports.values():
            assert re.search(rf"^\| [\d, ]*{port}[\d, ]* \|", table, re.M), port


def test_versions_are_pinned_that_the_project_can_do_with() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for needed in map(Requirement, project["dependencies"]):
        assert needed.specifier.contains(pins[canonicalize_name(needed.name)]), needed
    assert {"boto3", "s3fs"} <= set(pins), "what cluster.yaml installs besides"


def test_aws_pays_for_gpus_only_while_they_work() -> None:
    config = prepared("cluster.yaml")
    kinds = config["available_node_types"]
    head, spot, on_demand = kinds["head"], kinds["gpu-spot"], kinds["gpu-on-demand"]
    assert config["head_node_type"] == "head"
    assert "InstanceMarketOptions" not in head["node_config"], "a head that goes takes the run away"
    assert head["resources"] == {"CPU": 0}
    market = {"InstanceMarketOptions": {"MarketType": "spot"}}
    assert spot["node_config"] == on_demand["node_config"] | market
    for kind in (spot, on_demand):
        assert (kind["min_workers"], kind["max_workers"]) == (0, 4)
    assert config["max_workers"] == 4, "of both together"
    assert config["idle_timeout_minutes"] <= 10
    for kind in kinds.values():
        tagged = {tags["ResourceType"] for tags in kind["node_config"]["TagSpecifications"]}
        assert tagged == {"instance", "volume"}


class Template(yaml.SafeLoader):
    """Reads what CloudFormation adds to YAML, its functions, as their arguments."""


Template.add_multi_constructor(
    "!",
    lambda loader, _, node: (
        loader.construct_scalar(node)
        if isinstance(node, yaml.ScalarNode)
        else loader.construct_sequence(node)
    ),
)


def statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a role may do beside using the bucket."""
    policies = role["Properties"].get("Policies", [])
    return [said for policy in policies for said in policy["PolicyDocument"]["Statement"]]


def test_the_machines_of_aws_may_do_no_more_than_they_must() -> None:
    text = (ROOT / "cluster.account.yaml").read_text()
    assert not any(isinstance(e, yaml.AliasEvent) for e in yaml.parse(text)), "AWS refuses them"
    template = yaml.load(text, Template)["Resources"]
    config = yaml.safe_load((ROOT / "cluster.yaml").read_text())
    profiles = {template[name]["Properties"]["InstanceProfileName"]: template[name]
                for name in ("HeadProfile", "WorkerProfile")}  # fmt: skip
    for name, kind in config["available_node_types"].items():
        profile = profiles[kind["node_config"]["IamInstanceProfile"]["Name"]]
        assert profile["Properties"]["Roles"] == ["HeadRole" if name == "head" else "WorkerRole"]
    assert statements(template["WorkerRole"]) == []
    for said in statements(template["HeadRole"]):
        assert "*" not in str(said["Action"])
        if said["Resource"] == "*":
            assert said["Action"] == "ec2:DescribeInstances" or "Condition" in said
        if "ec2:TerminateInstances" in said["Action"]:
            named = said["Condition"]["StringEquals"]["aws:ResourceTag/ray-cluster-name"]
            assert named == config["cluster_name"], "it could end machines of others"


def test_only_ssh_gets_through_the_firewall_of_aws() -> None:
    template = yaml.load((ROOT / "cluster.account.yaml").read_text(), Template)
    firewall = template["Resources"]["Firewall"]["Properties"]
    config = yaml.safe_load((ROOT / "cluster.yaml").read_text())
    assert firewall["GroupName"] == config["provider"]["security_group"]["GroupName"]
    (ssh,) = firewall["SecurityGroupIngress"]
    assert (ssh["FromPort"], ssh["ToPort"], ssh["CidrIp"]) == (22, 22, "SshFrom")
    among = template["Resources"]["AmongThemselves"]["Properties"]
    assert among["SourceSecurityGroupId"] == among["GroupId"]
    allowed = template["Parameters"]["SshFrom"]["AllowedPattern"]
    assert re.fullmatch(allowed, "203.0.113.7/32")
    assert not re.fullmatch(allowed, "0.0.0.0/0")


def test_machines_of_ones_own_all_join() -> None:
    config = prepared("cluster.local.yaml")
    (nodes,) = config["available_node_types"].values()
    assert nodes["min_workers"] == len(config["provider"]["worker_ips"]) == 2
    assert any("RAY_enable_autoscaler_v2=0" in c for c in config["head_start_ray_commands"])


def ray_commands() -> list[list[str]]:
    """Return the `ray ...` commands that the README and the cluster files tell of."""
    files = ("README.md", "cluster.yaml", "cluster.local.yaml")
    text = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in files)
    text = text.replace("\\\n#", "")
    told = re.findall(r"(?:^\$ |^#   |`|; )ray ([a-z-]+ [^`>#\n]*)", text, re.M)
    return [shlex.split(command.replace("...", "")) for command in told]


def test_ray_understands_the_commands_we_tell_of() -> None:
    from ray.scripts.scripts import cli

    commands = ray_commands()
    told = {"up", "down", "submit", "rsync-up", "rsync-down", "exec", "attach"}
    assert {name for name, *_ in commands} >= told
    for name, *arguments in commands:
        said = cli.commands[name].make_context(name, arguments).params
        file = said.get("cluster_config_file")
        assert file is None or (ROOT / file).exists()
        if name == "submit":
            assert said["script"] == "sweeps/ablation.py"
            assert said["script_args"][:2] == ("--study", "activations"), "options go to the script"
