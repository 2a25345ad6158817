from pathlib import Path

import pytest
import ray

from sweeps.execution.ray_session import RaySession, Resources
from sweeps.execution.shipping import runtime_env

ROOT = Path(__file__).parents[3]
OURS = {str(ROOT / name) for name in ("cifar_models", "search_spaces", "sweeps")}


def test_the_packages_are_those_that_the_driver_runs() -> None:
    assert set(runtime_env()["py_modules"]) == OURS


@pytest.mark.parametrize(("address", "sent"), [("auto", OURS), ("local", None)])
def test_they_are_sent_to_a_cluster_and_nowhere_on_this_machine(
    address: str, sent: set[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {}
    monkeypatch.setattr(ray, "init", lambda **options: asked.update(options))
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 2.0})
    monkeypatch.setattr(
        "sweeps.execution.ray_session.plan_resources", lambda *_: Resources(1, 0.0, 2)
    )
    with RaySession(address) as session:
        session.ready()
    env = asked["runtime_env"]
    assert (env and set(env["py_modules"])) == sent
