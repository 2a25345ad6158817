"""What is told of a search's parameters, on numbers that are known."""

import numpy as np
import pytest

from sweeps.analysis.importance import explained_by_options


def test_a_choice_explains_how_much_its_options_differ() -> None:
    best = np.array([True, True, True, False, True, False, False, False])
    assert explained_by_options(list("aaaabbbb"), best) == pytest.approx(0.25**2 / 0.25)
    assert explained_by_options(list("aaabaccc"), best) == pytest.approx(1.0)
    assert explained_by_options([True] * 8, best) == 0.0
    assert explained_by_options([1, 1, 2, 2, 2, 1, 1, 2], best) == explained_by_options(
        list("xxyyyxxy"), best
    )
    assert np.isnan(explained_by_options(list("aabb"), np.ones(4, dtype=bool)))
