from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from cifar_models.numerics import Numerics
from sweeps.export.bundle import EXPECTED, RECIPE, Expected
from sweeps.export.verification import prediction, trained, verify
from sweeps.record.environment import processor
from tests.sweeps.record.small import RECIPE as SMALL


def bundle(folder: Path, seeds: int = 2, **changes: Any) -> Expected:
    """Write a bundle of what this machine gives, with changes."""
    folder.mkdir(exist_ok=True)
    (folder / RECIPE).write_text(SMALL.to_yaml())
    told = Expected(
        study="small", variant="activation = relu", selection="best", numerics=Numerics(),
        device=processor(), torch=torch.__version__, data=SMALL.dataset.build(None).fingerprint,
        seeds={0: {}},
    )  # fmt: skip
    metrics = {
        seed: {
            name: value
            for name, value in trained(folder, told, seed, None).items()
            if name in ("validation/accuracy", "test/accuracy", "test/loss")
        }
        for seed in range(seeds)
    }
    told = told.model_copy(update={"seeds": metrics, **changes})
    (folder / EXPECTED).write_text(yaml.safe_dump(told.model_dump(exclude_none=True)))
    return told


def test_the_same_machine_gives_the_same_numbers(tmp_path: Path) -> None:
    bundle(tmp_path)
    found = list(verify(tmp_path, 2, None))
    assert [verdict.seed for verdict in found] == [0] * 3 + [1] * 3
    assert all(verdict.holds and verdict.interval is None for verdict in found)
    assert "exactly" in str(found[0])


def test_a_number_that_is_not_given_again_is_told(tmp_path: Path) -> None:
    told = bundle(tmp_path)
    told.seeds[0]["test/loss"] += 1e-9
    told.seeds[0]["test/other"] = 0.5
    (tmp_path / EXPECTED).write_text(yaml.safe_dump(told.model_dump(exclude_none=True)))
    wrong = [verdict for verdict in verify(tmp_path, 1, None) if not verdict.holds]
    assert [verdict.metric for verdict in wrong] == ["test/loss", "test/other"]
    assert "exactly" in str(wrong[0])


def test_another_machine_has_an_interval(tmp_path: Path) -> None:
    told = bundle(tmp_path, device="another processor")
    found = list(verify(tmp_path, 1, None))
    assert all(verdict.holds and verdict.interval is not None for verdict in found)
    for metrics in told.seeds.values():
        metrics["test/accuracy"] += 10.0
    (tmp_path / EXPECTED).write_text(yaml.safe_dump(told.model_dump(exclude_none=True)))
    (wrong,) = [verdict for verdict in verify(tmp_path, 1, None) if not verdict.holds]
    assert "OUTSIDE" in str(wrong)


def test_one_seed_says_nothing_on_another_machine(tmp_path: Path) -> None:
    bundle(tmp_path, seeds=1, torch="1.0.0")
    with pytest.raises(ValueError, match=r"one seed, which gives no interval"):
        list(verify(tmp_path, 1, None))


def test_other_data_are_a_sentence(tmp_path: Path) -> None:
    bundle(tmp_path, data="f" * 16)
    with pytest.raises(ValueError, match="the data are not those of the bundle"):
        list(verify(tmp_path, 1, None))


def test_the_interval_is_that_of_one_more_value() -> None:
    interval = prediction([1.0, 2.0, 3.0])
    assert interval.high - 2.0 == pytest.approx(4.3027 * (4 / 3) ** 0.5, rel=1e-4)
    assert 2.0 in interval
    assert 7.0 not in interval


def test_many_numbers_are_given_more_room() -> None:
    one, ten = prediction([1.0, 2.0, 3.0]), prediction([1.0, 2.0, 3.0], judged=10)
    assert ten.high - 2.0 == pytest.approx(14.089 * (4 / 3) ** 0.5, rel=1e-3)  # t at 0.9975
    assert ten.low < one.low
