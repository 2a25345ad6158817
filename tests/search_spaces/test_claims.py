import pytest
from pydantic import TypeAdapter, ValidationError

from search_spaces.claims import (
    Alike,
    Best,
    Claim,
    Diverges,
    Interval,
    Ordering,
    Reaches,
    Verdict,
    verdict,
)

UNKNOWN = Interval(None)


class Results:
    """Results as told: differences by pair, means by level, divergences by level."""

    def __init__(
        self,
        better: dict[tuple[str, str], Interval] | None = None,
        value: Interval = UNKNOWN,
        diverged: dict[str, tuple[int, int]] | None = None,
    ) -> None:
        self._better, self._value, self._diverged = better or {}, value, diverged or {}

    def better(self, factor: str, level: str, other: str, measure: str) -> Interval:
        assert factor == "f"
        return self._better.get((level, other), UNKNOWN)

    def value(self, factor: str, level: str, measure: str) -> Interval:
        return self._value

    def diverged(self, factor: str, level: str) -> tuple[int, int]:
        return self._diverged.get(level, (0, 0))


def judged(claim: Claim, results: Results) -> tuple[Verdict, list[bool | None]]:
    findings = list(claim.findings(results))
    return verdict(findings), [finding.direction for finding in findings]


YES, NO, OPEN = Interval(0.02, 0.01, 0.03), Interval(-0.02, -0.03, -0.01), Interval(0.02, -1, 1)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (YES, YES, ("upheld", [True, True])),
        (YES, OPEN, ("undecided", [True, True])),
        (OPEN, NO, ("refuted", [True, False])),
        (YES, Interval(0.02), ("undecided", [True, True])),
        (YES, UNKNOWN, ("undecided", [True, None])),
    ],
)
def test_an_order_needs_each_of_its_comparisons(
    first: Interval, second: Interval, expected: tuple[str, list[bool | None]]
) -> None:
    results = Results({("a", "b"): first, ("b", "c"): second})
    assert judged(Ordering(factor="f", levels=("a", "b", "c")), results) == expected


def test_the_best_is_compared_with_each_other() -> None:
    claim = Best(factor="f", level="a", others=("b", "c"))
    assert judged(claim, Results({("a", "b"): YES, ("a", "c"): YES}))[0] == "upheld"
    assert judged(claim, Results({("a", "b"): YES, ("b", "c"): YES}))[0] == "undecided"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Interval(0.001, -0.005, 0.007), "upheld"),
        (Interval(0.001, -0.02, 0.022), "undecided"),
        (Interval(0.02, 0.012, 0.028), "refuted"),
        (Interval(-0.02, -0.028, -0.012), "refuted"),
        (Interval(0.02, 0.005, 0.035), "undecided"),
        (UNKNOWN, "undecided"),
    ],
)
def test_alike_needs_an_interval_inside_the_margin(found: Interval, expected: str) -> None:
    claim = Alike(factor="f", levels=("a", "b"), within=0.01)
    assert judged(claim, Results({("a", "b"): found}))[0] == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Interval(0.93, 0.92, 0.94), ("upheld", [True])),
        (Interval(0.93, 0.91, 0.95), ("undecided", [True])),
        (Interval(0.90, 0.89, 0.91), ("refuted", [False])),
        (UNKNOWN, ("undecided", [None])),
    ],
)
def test_a_number_is_reached_or_not(
    found: Interval, expected: tuple[str, list[bool | None]]
) -> None:
    claim = Reaches(factor="f", level="a", at_least=0.92)
    assert judged(claim, Results(value=found)) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((3, 3), (0, 3), ("upheld", [True, True])),
        ((2, 3), (0, 3), ("undecided", [True, True])),
        ((0, 3), (0, 3), ("refuted", [False, True])),
        ((3, 3), (3, 3), ("refuted", [True, False])),
        ((0, 0), (0, 3), ("undecided", [None, True])),
    ],
)
def test_divergence_is_at_every_seed(
    a: tuple[int, int], b: tuple[int, int], expected: tuple[str, list[bool | None]]
) -> None:
    claim = Diverges(factor="f", levels=("a",), others=("b",))
    assert judged(claim, Results(diverged={"a": a, "b": b})) == expected


@pytest.mark.parametrize(
    "claim",
    [
        {"name": "ordering", "levels": ("relu", "relu")},
        {"name": "best", "level": "relu", "others": ("tanh", "relu")},
        {"name": "alike", "levels": ("relu", "relu")},
        {"name": "diverges", "levels": ("relu",), "others": ("relu",)},
    ],
)
def test_levels_are_not_compared_with_themselves(claim: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=r"a claim compares distinct levels, got .*relu"):
        TypeAdapter(Claim).validate_python(claim | {"factor": "f"})


def test_sentences() -> None:
    assert Ordering(factor="f", levels=("a", "b")).sentence() == "a > b"
    assert Ordering(factor="f", levels=("a", "b"), measure="macro_f1").sentence() == (
        "a > b in macro f1"
    )
    assert Alike(factor="f", levels=("a", "b"), within=0.01).sentence() == "a = b within 0.01"
    assert Reaches(factor="f", level="a", at_least=0.9).sentence() == "a >= 0.9"
    assert Diverges(factor="f", levels=("a",), others=("b",)).sentence() == "a diverge, b do not"


GONE, WELL, PARTLY, ALONE = (3, 3), (0, 3), (1, 3), (1, 1)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (WELL, GONE, ("upheld", [True])),
        (GONE, WELL, ("refuted", [False])),
        (GONE, GONE, ("undecided", [None])),
        (WELL, PARTLY, ("undecided", [None])),
        ((0, 1), ALONE, ("undecided", [None])),
    ],
)
def test_a_level_that_always_diverges_is_worse_than_one_that_never_does(
    first: tuple[int, int], second: tuple[int, int], expected: tuple[str, list[bool | None]]
) -> None:
    results = Results(diverged={"a": first, "b": second})
    assert judged(Ordering(factor="f", levels=("a", "b")), results) == expected
    assert judged(Best(factor="f", level="a", others=("b",)), results) == expected
    slower = Ordering(factor="f", levels=("a", "b"), measure="seconds")
    assert judged(slower, results) == ("undecided", [None])


def test_a_level_that_always_diverges_reaches_nothing_and_is_like_no_other() -> None:
    results = Results(diverged={"a": GONE, "b": WELL})
    assert judged(Reaches(factor="f", level="a", at_least=0.1), results) == ("refuted", [False])
    assert judged(Alike(factor="f", levels=("a", "b")), results) == ("refuted", [False])
