import pytest

from search_spaces.claims import Alike, Best, Claim, Diverges, Ordering, Reaches
from sweeps.analysis.conclusions import Conclusion, examine
from sweeps.analysis.rendering.conclusions import page
from sweeps.analysis.seed_noise import Noise

PRINTED = {
    "a": {"accuracy": 0.95, "loss": 0.30},
    "b": {"accuracy": 0.90, "loss": 0.50},
    "c": {"accuracy": 0.899},
}
NOISE = Noise(low=0.001, high=0.02, source="stand-in")  # tells 0.0028 to 0.0554 apart


def told(claim: Claim, noise: Noise | None = NOISE) -> Conclusion:
    return Conclusion("x", "here", claim.sentence(), tuple(examine(claim, PRINTED, noise, None)))


@pytest.mark.parametrize(
    ("claim", "fates", "whole"),
    [
        (Ordering(factor="f", levels=("a", "b")), ["between"], "between"),
        (Ordering(factor="f", levels=("b", "c")), ["within"], "within"),
        (Ordering(factor="f", levels=("a", "b"), measure="loss"), ["larger"], "larger"),
        (Ordering(factor="f", levels=("b", "a"), measure="loss"), ["against"], "against"),
        (Alike(factor="f", levels=("b", "a"), measure="loss"), ["apart"], "apart"),
        (Alike(factor="f", levels=("a", "b")), ["unclear"], "unclear"),
        (Alike(factor="f", levels=("b", "c")), ["alike"], "alike"),
        (Best(factor="f", level="a", others=("b", "c")), ["between", "between"], "between"),
        (Ordering(factor="f", levels=("a", "b", "c")), ["between", "within"], "within"),
        (Ordering(factor="f", levels=("a", "d")), ["unprinted"], "unprinted"),
        (Reaches(factor="f", level="a", at_least=0.9), ["no difference"], "no difference"),
        (Diverges(factor="f", levels=("a",)), ["no difference"], "no difference"),
    ],
)
def test_a_claim_is_as_weak_as_its_weakest_comparison(
    claim: Claim, fates: list[str], whole: str
) -> None:
    found = told(claim)
    assert [one.fate for one in found.examined] == fates
    assert found.fate == whole


def test_without_a_noise_nothing_is_judged() -> None:
    assert told(Ordering(factor="f", levels=("a", "b")), None).fate == "unmeasured"


def test_less_is_better_of_a_loss() -> None:
    (one,) = told(Ordering(factor="f", levels=("a", "b"), measure="loss")).examined
    assert one.printed == pytest.approx(0.2)


def test_the_page_counts_claims_and_says_what_was_not_run() -> None:
    claims = (
        Ordering(factor="f", levels=("b", "c")), Alike(factor="f", levels=("b", "c")),
        Reaches(factor="f", level="a", at_least=0.9),
    )  # fmt: skip
    text = " ".join(page([told(claim) for claim in claims], ()).split())
    assert "make 3 claims. Of 2 that" in text
    assert "1 of them say that one is better: **0 are larger than seed noise, 1 lie" in text
    assert "1 say that two are alike: 1 lie within the noise" in text
    assert (
        "| +0.10 points | 0.10 to 2.00, stand-in | 0.28 to 5.54 | within seed noise | not run"
        in text
    )
    assert "| \N{EN DASH} | \N{EN DASH} | \N{EN DASH} | not judged: no difference" in text
