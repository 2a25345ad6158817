"""How many trials share a GPU: the rule, and what it is fed with."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import ray
from rich.console import Console

from cifar_models.datasets import Images
from cifar_models.numerics import Numerics
from cifar_models.recipe import Recipe
from sweeps.execution import packing
from sweeps.execution.images import ImageStore
from sweeps.execution.options import Options
from sweeps.execution.packing import (
    Measured,
    choose,
    excerpt,
    probe,
    probe_cluster,
    sizes,
    told,
)
from sweeps.execution.ray_session import RaySession, Resources
from sweeps.execution.runner import StudyRun
from sweeps.execution.side_by_side import Work
from sweeps.execution.trial_source import data_key
from sweeps.record.journal import read_records
from sweeps.record.places import resolve_places
from tests.sweeps.execution.specs import BASE, study


def ladder(*rates: float, memory: int = 10, capacity: int = 100) -> list[Measured]:
    """Return measurements of 1, 2, 4, 8 trials that take so much memory each."""
    sizes = packing.SIZES[: len(rates)]
    return [
        Measured(size, rate, size * memory, capacity)
        for size, rate in zip(sizes, rates, strict=True)
    ]


def work(recipe: Recipe = BASE) -> Work:
    parts = ImageStore(None).source(recipe).parts
    plain = recipe.model_dump(mode="json")
    return Work(plain, Numerics(), parts.train, parts.validation, 10)


@pytest.mark.parametrize(
    ("rates", "chosen"),
    [
        ((100.0, 180.0, 300.0, 400.0), 8),
        ((100.0, 180.0, 300.0, 310.0), 4),  # eight give nothing that four do not
        ((100.0, 105.0, 115.0), 4),  # four must beat one, not two
        ((100.0, 105.0, 109.0), 1),
        ((100.0, 60.0, 40.0, 30.0), 1),
        ((100.0, 160.0, 90.0, 150.0), 2),
        ((100.0,), 1),
        ((), 1),
    ],
)
def test_more_trials_are_taken_only_where_they_are_faster(
    rates: tuple[float, ...], chosen: int
) -> None:
    assert choose(ladder(*rates)) == chosen


@pytest.mark.parametrize(("memory", "chosen"), [(11, 8), (12, 4), (23, 2), (46, 1), (99, 1)])
def test_memory_must_be_left(memory: int, chosen: int) -> None:
    assert choose(ladder(1.0, 2.0, 4.0, 8.0, memory=memory)) == chosen


@pytest.mark.parametrize(
    ("cpus", "gpus", "threads", "at_once", "tried"),
    [
        (16, 1, 1, float("inf"), [1, 2, 4, 8]),
        (16, 1, 4, float("inf"), [1, 2, 4]),
        (16, 8, 1, float("inf"), [1, 2]),  # every GPU needs its part of the CPUs
        (16, 1, 1, 3, [1, 2]),
        (16, 1, 1, 1, [1]),
        (2, 4, 1, float("inf"), []),
    ],
)
def test_what_is_tried_is_what_cpus_and_user_allow(
    cpus: float, gpus: float, threads: int, at_once: float, tried: list[int]
) -> None:
    assert sizes(cpus, gpus, threads, at_once) == tried


def test_large_data_are_measured_by_an_excerpt() -> None:
    many = Images(np.zeros((30_000, 4, 4, 1), np.uint8), np.zeros(30_000, np.int64))
    large = replace(work(), train=many, validation=many)
    part = excerpt(large)
    assert (len(part.train), part.images) == (2000, 2000)  # 100 steps of 20
    assert part.resident is many  # their memory counts
    assert part.validation is not None
    assert len(part.validation) == 1000
    assert excerpt(replace(large, validation=None)).validation is None


def test_one_and_two_processes_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "_SECONDS", 0.1)
    measured = probe(work(), (1, 2))
    assert [found.processes for found in measured] == [1, 2]
    for found in measured:
        assert found.images_per_second > 0
        assert 0 < found.memory < found.capacity
    assert choose(measured) in (1, 2)


def test_what_does_not_run_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def measure(_: Work, count: int) -> Measured:
        tried.append(count)
        if count == 4:
            raise RuntimeError("CUDA out of memory")
        return Measured(count, 1.0 * count, 10 * count, 100)

    monkeypatch.setattr(packing, "measure", measure)
    assert [found.processes for found in probe(work(), packing.SIZES)] == [1, 2]
    assert tried == [1, 2, 4]


def test_what_is_too_full_ends_the_ladder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "measure", lambda _, n: Measured(n, 1.0 * n, 50 * n, 100))
    measured = probe(work(), packing.SIZES)
    assert [found.processes for found in measured] == [1, 2]
    assert choose(measured) == 1


def test_the_choice_is_told_with_its_reasons() -> None:
    gib = 2**30
    line = told(ladder(1000.0, 1500.0, 2400.0, memory=gib, capacity=80 * gib))
    assert line == (
        "4 trials on a GPU, measured with the base recipe (1: 1,000 images/s in 1.0 GiB, "
        "2: 1,500 images/s in 2.0 GiB, 4: 2,400 images/s in 4.0 GiB)"
    )
    assert told([]).startswith("1 trial on a GPU")


@pytest.fixture
def pretended_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray and torch are told of a GPU that is not there: the trainings are those of a CPU."""
    init = ray.init
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    monkeypatch.setattr(ray, "init", lambda **more: init(num_cpus=2, num_gpus=1, **more))
    monkeypatch.setattr(Resources, "device", "cpu")


@pytest.mark.slow
@pytest.mark.usefixtures("pretended_gpu")
def test_a_cluster_measures_on_one_of_its_gpus() -> None:
    store = ImageStore(None)
    store.source(BASE)
    with RaySession(None) as session:
        session.ready()
        images = store.share((0,))[data_key(BASE, 0)]
        measured = probe_cluster(BASE, Numerics(), images, (), None)
        alone = probe_cluster(BASE, Numerics(), images, (), 1)
    assert [found.processes for found in measured] == [1, 2]
    assert alone == []


@pytest.mark.slow
@pytest.mark.usefixtures("pretended_gpu")
def test_a_study_measures_before_its_first_training_alone(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = ladder(100.0, 200.0)
    asked: list[Recipe] = []

    def pretend(recipe: Recipe, *_: object) -> list[Measured]:
        asked.append(recipe)
        return measured

    monkeypatch.setattr("sweeps.execution.packing.probe_cluster", pretend)
    places, said = resolve_places(str(state)), io.StringIO()
    for _ in range(2):
        run = StudyRun(study(), (), places, Options(gpus_per_trial="auto"), Console(file=said))
        run.execute()
    assert asked == [BASE]  # the second run had nothing to train
    assert said.getvalue().count("2 trials on a GPU, measured with the base recipe") == 1
    records = read_records(places.state).values()
    assert {record.facts["gpus"] for record in records} == {"0.5"}
    assert {record.status for record in records} == {"finished"}
