"""The cluster files: what Ray itself says about them, and the traps that they avoid."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

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
    wanted = ("pyproject.toml", "README.md", "cifar_models", "search_spaces", "sweeps")
    assert all(mounts[f"~/cifar-sweeps/{name}"] == name for name in wanted)
    assert "." not in mounts.values(), "`ray up` would read the virtual environment"
    assert "~/.ray/auth_token" in mounts, "nodes that share no token refuse each other"
    assert any("pip install" in c and "~/cifar-sweeps" in c for c in config["setup_commands"])
    assert any("RAY_AUTH_MODE=token" in c for c in config["setup_commands"])
    assert "0.0.0.0" not in str(config["head_start_ray_commands"]), "the dashboard would be open"


def test_aws_pays_for_gpus_only_while_they_work() -> None:
    config = prepared("cluster.yaml")
    head, gpu = config["available_node_types"]["head"], config["available_node_types"]["gpu"]
    assert config["head_node_type"] == "head"
    assert "InstanceMarketOptions" not in head["node_config"], "a head that goes takes the run away"
    assert head["resources"] == {"CPU": 0}
    assert gpu["node_config"]["InstanceMarketOptions"] == {"MarketType": "spot"}
    assert (gpu["min_workers"], gpu["max_workers"]) == (0, 4)
    assert config["idle_timeout_minutes"] <= 10


def test_machines_of_ones_own_all_join() -> None:
    config = prepared("cluster.local.yaml")
    (nodes,) = config["available_node_types"].values()
    assert nodes["min_workers"] == len(config["provider"]["worker_ips"]) == 2
    assert any("RAY_enable_autoscaler_v2=0" in c for c in config["head_start_ray_commands"])


def ray_commands() -> list[list[str]]:
    """Return the `ray ...` commands that the README and the cluster files tell of."""
    files = ("README.md", "cluster.yaml", "cluster.local.yaml")
    text = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in files)
    told = re.findall(r"(?:^\$ |^#   |`|; )ray ([a-z-]+ [^`>#\n]*)", text, re.M)
    return [command.replace("...", "").split() for command in told]


def test_ray_understands_the_commands_we_tell_of() -> None:
    from ray.scripts.scripts import cli

    commands = ray_commands()
    assert {name for name, *_ in commands} >= {"up", "down", "submit", "rsync-up", "dashboard"}
    for name, *arguments in commands:
        said = cli.commands[name].make_context(name, arguments).params
        file = said.get("cluster_config_file")
        assert file is None or (ROOT / file).exists()
        if name == "submit":
            assert said["script"] == "sweeps/ablation.py"
            assert said["script_args"][:2] == ("--study", "activations"), "options go to the script"
