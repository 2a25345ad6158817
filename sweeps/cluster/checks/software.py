"""Is the software of all machines the same, and ours?"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from sweeps.cluster.facts import Facts, Package
from sweeps.cluster.finding import Finding, Machine

OURS = "cifar-sweeps"
"""This project, as pip knows it."""
OLDEST_PYTHON = (3, 11)
ALIKE = ("ray", "torch", "torchvision", "numpy", "optuna", "mlflow", "cifar-sweeps")
"""What a driver and its workers must have in equal versions."""
_EXTRAS = {"ray": "ray[default,tune]"}


@dataclass(frozen=True)
class Source:
    """Our packages as they ought to be: where, and a digest of their source."""

    path: str
    digest: str


def check_tools(machine: Machine, facts: Facts) -> Finding:
    """`ray up` makes an environment there and copies files to it."""
    python = tuple(int(part) for part in facts.python.split(".")[:2])
    if python < OLDEST_PYTHON:
        needed = ".".join(map(str, OLDEST_PYTHON))
        return Finding.problem(
            "tools", machine, f"its Python is {facts.python}, and {needed} is the oldest that will "
            "do", f"sudo apt-get install python{needed} python{needed}-venv",
        )  # fmt: skip
    packages = {"rsync": "rsync", "venv": "python3-venv"}
    lacking = [packages[tool] for tool, there in facts.tools.items() if not there]
    if lacking:
        return Finding.problem(
            "tools", machine, f"it lacks {' and '.join(lacking)}, which `ray up` needs",
            f"sudo apt-get install {' '.join(lacking)}",
        )  # fmt: skip
    return Finding.ok("tools", machine, f"Python {facts.python}, venv, rsync")


def check_versions(machine: Machine, facts: Facts, driver: Facts, set_up: str) -> list[Finding]:
    """Compare Python, CUDA and packages with the driver's; Ray refuses another Python or Ray.

    Args:
        machine: Of the facts.
        facts: Of a node.
        driver: Where the study will be started.
        set_up: The command that installs what is not there at all.
    """
    if "ray" not in facts.versions:
        return [
            Finding.unknown("versions", machine, "nothing is installed there yet", set_up)
        ]  # fmt: skip
    found = [*_python(machine, facts, driver), *_packages(machine, facts, driver)]
    torch = driver.versions.get("torch")
    if facts.cuda != driver.cuda and facts.versions.get("torch") == torch:
        said = f"its torch is built for {_cuda(facts)}, the driver's for {_cuda(driver)}"
        mend = _install(facts, f"torch=={torch}", "--force-reinstall")
        found.append(Finding.problem("versions", machine, f"{said}: numbers may differ", mend))
    ray = facts.versions["ray"]
    said = (
        f"Python {facts.python}, ray {ray}, torch {facts.versions.get('torch')} for {_cuda(facts)}"
    )
    return found or [Finding.ok("versions", machine, said)]


def _python(machine: Machine, facts: Facts, driver: Facts) -> Iterator[Finding]:
    if facts.python != driver.python:
        minor = ".".join(driver.python.split(".")[:2])
        yield Finding.problem(
            "versions", machine,
            f"its Python is {facts.python}, the driver's {driver.python}: Ray refuses to connect",
            f"python{minor} -m venv --clear {shlex.quote(facts.prefix)}",
        )  # fmt: skip


def _packages(machine: Machine, facts: Facts, driver: Facts) -> Iterator[Finding]:
    for name in ALIKE:
        there, wanted = facts.versions.get(name), driver.versions.get(name)
        if wanted and there != wanted:
            reason = ": Ray refuses to connect" if name == "ray" else ""
            yield Finding.problem(
                "versions", machine,
                f"its {name} is {there or 'not there'}, the driver's {wanted}{reason}",
                _install(facts, f"{_EXTRAS.get(name, name)}=={wanted}"),
            )  # fmt: skip


def _cuda(facts: Facts) -> str:
    return f"CUDA {facts.cuda}" if facts.cuda else "CPUs"


def _install(facts: Facts, requirement: str, *options: str) -> str:
    words = (facts.executable, "-m", "pip", "install", *options, requirement)
    return shlex.join(words)


def check_package(
    machine: Machine, facts: Facts, wanted: Source, again: str, *, installed: bool = True
) -> Finding:
    """See that ``import sweeps`` finds this project there, in this very version.

    Another public distribution has a package of the same name, and a folder of that name beside a
    script hides what is installed.

    Args:
        machine: Of the facts.
        facts: Of it.
        wanted: This project as it is here.
        again: The command that brings it there again.
        installed: Whether it ought to be there by now.
    """
    found = facts.package
    if found is None:
        said = "import sweeps finds nothing"
        if not installed:
            return Finding.unknown("package", machine, said, again)
        return Finding("package", machine.name, "problem", said, again)
    foreign = [owner for owner in found.owners if owner != OURS]
    if foreign or not found.ours:
        return _foreign(machine, facts, found, foreign, again)
    if found.digest != wanted.digest:
        said = f"{found.path} is another state of this project than {wanted.path}"
        return Finding("package", machine.name, "problem", said, again)
    return Finding.ok("package", machine, f"{found.path}, source {found.digest}")


def _foreign(
    machine: Machine, facts: Facts, found: Package, owners: list[str], again: str
) -> Finding:
    """Name whose package it is, and take it away."""
    path = shlex.quote(found.path)
    mend = f"mv {path} {path}.foreign"
    if owners:
        mend = shlex.join([facts.executable, "-m", "pip", "uninstall", "-y", *owners])
    said = f"import sweeps finds {found.path}, which is not this project"
    if owners and found.ours:
        said = f"the distribution {owners[0]} has put a package sweeps over ours in {found.path}"
    return Finding("package", machine.name, "problem", said, f"{machine.do(mend)} && {again}")
