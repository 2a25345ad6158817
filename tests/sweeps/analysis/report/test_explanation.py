"""The page that explains: outcomes beside what was seen."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from sweeps.analysis.report.explanation import explanation, outcomes
from sweeps.analysis.report.figures import pictures
from sweeps.analysis.report.files import write_explanation
from sweeps.analysis.report.page import page
from tests.sweeps.analysis import frames
from tests.sweeps.analysis.plot.diagnostics import seen
from tests.sweeps.analysis.report.materials import material


def explained():  # type: ignore[no-untyped-def]
    levels = {"none": "tanh", "batch": "relu"}
    flow = seen.flow().assign(factor="activation")
    flow["level"] = flow["level"].map(levels)
    own = flow.rename(columns={"mean_absolute": "mine"})
    return replace(material(search=False), observations={"gradient_flow": flow, "own": own})


def unseen(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Return what was not seen of the first seed: diagnostic, level, words."""
    columns = ["diagnostic", "factor", "level", "seed", "words"]
    told = [(name, "activation", level, 0, words) for name, level, words in rows]
    return pd.DataFrame(told, columns=columns)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes seconds: one test does."""
    for module in ("page", "explanation"):
        monkeypatch.setattr(f"sweeps.analysis.report.{module}.inline", lambda _: "<svg></svg>")


def test_outcomes_stand_beside_the_pictures() -> None:
    told = explained()
    text = explanation(told)
    rows = outcomes(told, "activation")
    assert rows[0][0] == "relu (baseline)"
    for parts in rows:
        assert all(part in text for part in parts)
    assert "Gradient flow" in text
    assert "First and last layer, last epoch: relu 0.02 and 0.0002" in text
    assert "Of one training each: seed 0." in text
    assert text.count("<svg") == 1, "what has no figure of ours is data alone"
    assert "Its data are in own.parquet; there is no figure of them." in text
    assert "gradient_flow.parquet" not in text


def test_outcomes_say_of_how_many_seeds_they_are() -> None:
    trials = frames.blank(frames.small(), "tanh", 12, "diverged")
    rows = {name: told for name, *told in outcomes(material(trials, search=False), "activation")}
    assert rows["leaky_relu"][:4] == ["3/3", "75.00 ± 2.65", "+3.00", "[+0.52, +5.48]"]
    assert rows["tanh"][0] == "2/3"


def test_the_report_has_them_too(undrawn: None) -> None:
    drawn = list(pictures(explained()))
    shown = [p for p in drawn if p.section in ("differences", "diagnostics")]
    assert [p.title for p in shown] == ["Differences to the baseline", "Gradient flow"]
    assert '<h2 id="diagnostics">' in page(explained(), shown)
    assert '<h2 id="diagnostics">' not in page(material(search=False), shown[:1])


def test_without_anything_seen_there_is_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"nothing was looked at in study .*diagnostics=\("):
        explanation(material(search=False))


def test_what_was_not_seen_is_said_beside_the_level(undrawn: None) -> None:
    missing = unseen(
        ("gradient_flow", "elu", "not seen: in epoch 2: KeyError: '<x>'"),
        ("sharpness", "relu", "not seen: in epoch 1: OutOfMemoryError: 9 GiB."),
        ("sharpness", "tanh", "not seen after epoch 1 of 3: lost"),
    )
    told = replace(explained(), unseen=missing)
    shown = [p for p in pictures(told) if p.section in ("differences", "diagnostics")]
    assert shown[1].words.endswith(". elu: not seen: in epoch 2: KeyError: '<x>'.")
    sharpness = (
        "<h3>sharpness</h3>\n<p>relu: not seen: in epoch 1: OutOfMemoryError: 9 GiB. "
        "tanh: not seen after epoch 1 of 3: lost.</p>"
    )
    for text in (explanation(told), page(told, shown)):
        assert "elu: not seen: in epoch 2: KeyError: &#39;&lt;x&gt;&#39;." in text
        assert sharpness in text
        assert "<h3>gradient_flow" not in text, "it stands below its picture"


def test_where_nothing_was_seen_at_all_the_page_says_why(undrawn: None, tmp_path: Path) -> None:
    told = replace(
        material(search=False), unseen=unseen(("sharpness", "relu", "not seen: KeyError"))
    )
    text = explanation(told)
    assert "<p>relu: not seen: KeyError.</p>" in text
    assert all(level in text for level, *_ in outcomes(told, "activation"))
    assert "Of one training each: seed 0." in text
    assert '<h2 id="diagnostics">' in page(told, list(pictures(told))[:1])
    assert len(write_explanation(told, tmp_path)) == 1


def test_data_are_written_beside_the_page(undrawn: None, tmp_path: Path) -> None:
    told = explained()
    files = write_explanation(told, tmp_path / "there", tmp_path / "page.html")
    assert [file.name for file in files] == ["page.html", "gradient_flow.parquet", "own.parquet"]
    kept = pd.read_parquet(files[1])
    pd.testing.assert_frame_equal(kept, told.observations["gradient_flow"])
