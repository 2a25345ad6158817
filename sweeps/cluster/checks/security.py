"""Are strangers kept out?"""

import shlex

from sweeps.cluster.facts import Facts, Listener
from sweeps.cluster.finding import Finding, Machine
from sweeps.cluster.processes import GUARDED
from sweeps.record.server import is_loopback

_PRIVATE = 0o077
_GENERATE = "ray get-auth-token --generate > /dev/null && chmod 600 ~/.ray/auth_token"
_LOOPBACK = {
    "dashboard": "ray stop; ray start --head --dashboard-host=127.0.0.1 --port=6379",
    "mlflow": "mlflow server --host 127.0.0.1 --port {port}",
    "optuna-dashboard": "optuna-dashboard --host 127.0.0.1 --port {port}",
}
"""Services that nobody but this machine should reach: others come by an ssh tunnel."""


def check_token(
    machine: Machine, facts: Facts, restart: str, driver: Facts | None = None, *, own: bool = False
) -> Finding:
    """See that Ray asks for a token, that it is the driver's, and that nobody else can read it.

    Args:
        machine: Of the facts.
        facts: Of it.
        restart: The command that starts its Ray anew.
        driver: Whose token it must be; None for nobody's.
        own: Whether only this machine's own Ray is meant, which makes a token when it starts.
    """
    token, modes = facts.token, facts.ray.modes if facts.ray else ()
    if (token.mode or "token").lower() != "token":
        return Finding.problem(
            "token", machine, f"RAY_AUTH_MODE={token.mode}: anybody may run code there",
            "echo 'export RAY_AUTH_MODE=token' >> ~/.bashrc",
        )  # fmt: skip
    if not token.mark:
        if own:
            return Finding.ok("token", machine, "none yet: Ray makes one")
        return _lacking(
            machine, facts, driver, f"there is no token in {token.path}: anybody may run code there"
        )
    if token.permissions is not None and token.permissions & _PRIVATE:
        return Finding.problem(
            "token", machine, f"{token.path} can be read by others ({token.permissions:04o})",
            f"chmod 600 {shlex.quote(token.path)}",
        )  # fmt: skip
    if driver is not None and token.mark != driver.token.mark:
        said = "its token is not the driver's: they refuse each other"
        return _lacking(machine, facts, driver, said)
    if any(mode.lower() != "token" for mode in modes):
        said = "the Ray that runs there was started without a token"
        return Finding("token", machine.name, "problem", said, restart)
    return Finding.ok("token", machine, "asked for, and private")


def _lacking(machine: Machine, facts: Facts, driver: Facts | None, said: str) -> Finding:
    """Return what makes a token, or brings the driver's: by standard input, never in a command."""
    if driver is None or not driver.token.mark:
        return Finding.problem("token", machine, said, _GENERATE)
    path = shlex.quote(facts.token.path)
    bring = machine.do(f"umask 077; mkdir -p ~/.ray; cat > {path}; chmod 600 {path}")
    mend = f"{bring} < {shlex.quote(driver.token.path)}"
    return Finding("token", machine.name, "problem", said, mend)


def check_ports(machine: Machine, facts: Facts) -> Finding:
    """See that dashboard and MLflow listen on loopback alone.

    Ray's own servers (control store, raylet, workers, client, metrics) must listen for the other
    nodes: the token guards them.
    """
    for listener in facts.listeners:
        if listener.service in _LOOPBACK and not is_loopback(listener.address):
            return Finding.problem(
                "ports", machine, f"{listener.service} listens on {_shown(listener)}, for anybody",
                _LOOPBACK[listener.service].format(port=listener.port),
            )  # fmt: skip
    guards = {"Ray": "its token guards all but its metrics", GUARDED: "sent unencrypted"}
    told = [
        f"{service} listens on {', '.join(map(str, ports))}: {guard}"
        for service, guard in guards.items()
        if (ports := _ports(facts, service))
    ]
    said = f"only {'; '.join(told)}" if told else "nothing of ours listens for others"
    return Finding.ok("ports", machine, said)


def _ports(facts: Facts, service: str) -> list[int]:
    """Return the ports on which a service listens for others."""
    ours = (each for each in facts.listeners if each.service == service)
    return sorted({each.port for each in ours if not is_loopback(each.address)})


def _shown(listener: Listener) -> str:
    return f"{listener.address}:{listener.port}"
