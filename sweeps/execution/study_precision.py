"""In which precision a study began, and so goes on, on whichever machines."""

import json
from collections.abc import Callable
from pathlib import Path

from cifar_models.numerics import Device, Precision

FILE = "precisions.json"


class StudyPrecision:
    """What ``auto`` is for a study, by kind of device; a trial's name depends on it.

    Args:
        state: The folder of the study's record.
        study: Its name.
        common: Tells what the machines that are there have in common; asked by a new study.
        anew: Whether the study begins anew.
        keep: Whether to write down what was chosen: the state's only driver does.
    """

    def __init__(
        self, state: Path, study: str, common: Callable[[Device], Precision], *,
        anew: bool = False, keep: bool = False,
    ) -> None:  # fmt: skip
        self._path, self._study, self._common, self._keep = state / FILE, study, common, keep
        self._chosen = {} if anew else self._kept().get(study, {})

    def __call__(self, device: Device) -> Precision:
        """Return it.

        Raises:
            ValueError: A machine that is to be asked does not answer.
        """
        if device not in self._chosen:
            self._chosen[device] = self._common(device)
            if self._keep:
                self._write()
        return self._chosen[device]

    def _write(self) -> None:
        kept = self._kept()
        kept[self._study] = kept.get(self._study, {}) | self._chosen
        temporary = self._path.with_suffix(".new")
        temporary.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        temporary.replace(self._path)

    def _kept(self) -> dict[str, dict[Device, Precision]]:
        try:
            kept: dict[str, dict[Device, Precision]] = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        return kept
