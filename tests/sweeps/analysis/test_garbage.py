import gc
import weakref

import pytest

from sweeps.analysis.garbage import spared


class Ring:
    def __init__(self) -> None:
        self.self = self


def test_what_was_there_is_left_alone_until_the_end() -> None:
    before = Ring()
    seen = weakref.ref(before)
    del before
    with spared():
        gc.collect()
        assert seen() is not None
        within = weakref.ref(Ring())
        gc.collect()
        assert within() is None, "what is new is collected as ever"
    gc.collect()
    assert seen() is None


def test_what_is_spared_already_stays_so() -> None:
    outer = weakref.ref(Ring())
    with spared():
        with spared():
            pass
        gc.collect()
        assert outer() is not None
    gc.collect()
    assert outer() is None


def test_an_error_ends_it_too() -> None:
    seen = weakref.ref(Ring())
    with pytest.raises(ZeroDivisionError), spared():
        _ = 1 / 0
    gc.collect()
    assert seen() is None
