import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sweeps.analysis.report.figures import inline, pictures
from tests.sweeps.analysis import frames
from tests.sweeps.analysis.report.materials import material


def test_figures_are_those_that_have_data() -> None:
    names = [picture.name for picture in pictures(material())]
    assert names == [
        *("differences", "curves", "time", "search-rungs", "search-slices", "search-parallel"),
    ]
    without = [picture.name for picture in pictures(material(search=False))]
    assert without == ["differences", "curves", "time"]


def test_words_say_what_there_is_to_see() -> None:
    words = {picture.name: picture.words for picture in pictures(material())}
    assert "leaky_relu +3.00 [+0.52, +5.48]; tanh 0.00" in words["differences"].replace(
        "+0.00", "0.00"
    )
    assert "relu 0.726, leaky_relu 0.755" in words["curves"]
    assert words["search-rungs"] == (
        "Every trial by epoch: after epoch 1, 4 of 5 went on; after epoch 2, 3 of 4 went on."
    )


def test_a_curve_that_ended_early_is_not_told_as_of_the_last_epoch() -> None:
    whole = material()
    trained = whole.curves["trial"].isin(whole.trials.query("level == 'tanh'")["trial"])
    cut = whole.curves[~trained | (whole.curves["epoch"] == 1)]
    words = {picture.name: picture.words for picture in pictures(replace(whole, curves=cut))}
    assert re.search(r"relu 0\.726, .*tanh [\d.]+ \(epoch 1\)\.$", words["curves"])


@pytest.fixture(scope="module")
def drawn() -> str:
    return inline(next(pictures(material())))


def test_a_figure_in_a_page_is_labelled_and_well_formed(drawn: str) -> None:
    root = ElementTree.fromstring(drawn)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "differences-title"
    assert root.get("aria-describedby") == "differences-words"
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert all(str(name).startswith("differences-") for name in ids)
    assert len(set(ids)) == len(ids)
    used = [of for element in root.iter() for key, of in element.items() if key.endswith("href")]
    assert {name.removeprefix("#") for name in used} <= set(ids)


def test_its_inks_are_the_pages_and_it_asks_the_network_for_nothing(drawn: str) -> None:
    assert "#000000" not in drawn
    assert "currentColor" in drawn
    assert "var(--colour-0)" in drawn
    without_names = drawn.replace("http://www.w3.org/", "")
    assert "http" not in without_names


def test_text_stays_text(drawn: str) -> None:
    assert ">leaky_relu</text>" in drawn


def test_nothing_finished_has_a_figure_that_says_so(tmp_path: Path) -> None:
    trials = frames.small().assign(status="running")
    (first, *_) = pictures(material(trials, search=False))
    assert "no difference to the baseline yet" in inline(first)
