"""What the doctor says of one thing on one machine."""

import shlex
from dataclasses import dataclass
from typing import Literal, Self

State = Literal["ok", "problem", "unknown"]
_OF_ENVIRONMENT = {"ray", "sweeps", "mlflow", "optuna-dashboard", "python", "pip"}
"""Commands that only a login shell finds, as `ray up` sets it up."""


@dataclass(frozen=True)
class Machine:
    """A machine, and how one gets there."""

    name: str
    login: str = ""
    """The words of ssh that lead there; empty for this machine."""

    def do(self, command: str) -> str:
        """Return what runs a command there, to be typed here."""
        if not self.login:
            return command
        if command.split()[0] in _OF_ENVIRONMENT:
            command = f"bash -lic {shlex.quote(command)}"
        return f"{self.login} {shlex.quote(command)}"


@dataclass(frozen=True)
class Finding:
    """One check on one machine: a sentence, and the command that mends what is wrong."""

    check: str
    where: str
    state: State
    said: str
    mend: str = ""

    @classmethod
    def ok(cls, check: str, machine: Machine, said: str) -> Self:
        """Return that all is well."""
        return cls(check, machine.name, "ok", said)

    @classmethod
    def unknown(cls, check: str, machine: Machine, said: str, mend: str = "") -> Self:
        """Return that nobody can tell yet: no reason not to begin."""
        return cls(check, machine.name, "unknown", said, mend)

    @classmethod
    def problem(cls, check: str, machine: Machine, said: str, mend: str) -> Self:
        """Return what is wrong; the command is to be typed on the machine itself."""
        return cls(check, machine.name, "problem", said, machine.do(mend))
