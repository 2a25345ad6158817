from multiprocessing import active_children

import pytest

from cifar_models.numerics import Numerics
from cifar_models.source_file import SourceFile
from sweeps.execution.images import ImageStore
from sweeps.execution.side_by_side import Work, device_memory, side_by_side
from tests.sweeps.execution.specs import BASE
from tests.sweeps.execution.study_file import TEXT

PARTS = ImageStore(None).source(BASE).parts


def work(activation: str = "relu") -> Work:
    plain = BASE.model_dump(mode="json")
    plain["model"]["activation"] = {"name": activation}
    source = SourceFile("own.py", TEXT)
    return Work(plain, Numerics(), PARTS.train, PARTS.validation, 10, (source,))


def test_a_users_own_component_trains_in_every_process() -> None:
    with side_by_side(2, work("doubled")) as trainings:
        trainings.train(2)
        used, capacity = trainings.memory()
        trainings.train(1)
    assert 0 < used < capacity


@pytest.mark.parametrize(
    ("activation", "reason"), [("broken", "broken on purpose"), ("nowhere", "nowhere")]
)
def test_why_one_cannot_train_is_told(activation: str, reason: str) -> None:
    with pytest.raises(RuntimeError, match=reason), side_by_side(1, work(activation)) as trainings:
        trainings.train(1)


def test_a_process_that_is_killed_is_told() -> None:
    before = set(active_children())
    with side_by_side(1, work()) as trainings:
        (child,) = set(active_children()) - before
        child.kill()
        with pytest.raises(RuntimeError, match="ended early"):
            trainings.train(1)


def test_an_epoch_drops_the_last_batch_that_is_not_full() -> None:
    assert len(PARTS.train) == 180
    assert work().images == 180
    assert Work({"batch_size": 50}, Numerics(), PARTS.train, None, 10).images == 150


def test_without_a_gpu_memory_is_the_machines() -> None:
    used, capacity = device_memory("cpu")
    assert 0 < used < capacity
