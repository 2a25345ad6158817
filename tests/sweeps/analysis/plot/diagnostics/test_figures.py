"""Every diagnostic of ours has a figure, with words that hold its numbers."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection

from cifar_models.component import registry
from sweeps.analysis.plot.diagnostics.answers import classes_of, matrix
from sweeps.analysis.plot.diagnostics.bands import bands, by_rate, over_rates
from sweeps.analysis.plot.diagnostics.distributions import chosen_depths, densities
from sweeps.analysis.plot.diagnostics.figures import DRAWINGS, drawn
from sweeps.analysis.plot.diagnostics.layers import by_depth
from sweeps.analysis.plot.diagnostics.panels import (
    levels,
    mosaic,
    number,
    paper,
    stretched,
    three_epochs,
)
from sweeps.analysis.plot.diagnostics.pictures import (
    kernel_magnitudes,
    kernel_pictures,
    map_pictures,
)
from tests.cifar_models.components import EVERY
from tests.sweeps.analysis.plot.diagnostics import seen

FRAMES = seen.all_frames()


def words(diagnostic: str, place: int = 0) -> str:
    return DRAWINGS[diagnostic][place].words(FRAMES[diagnostic])


def test_every_diagnostic_has_a_drawing() -> None:
    assert EVERY, "the registry is filled"
    ours = {n for n, c in registry("diagnostic").items() if c.__module__.startswith("cifar_models")}
    assert ours == set(DRAWINGS) == set(FRAMES)


@pytest.mark.parametrize("diagnostic", FRAMES)
def test_each_can_be_drawn_and_told(diagnostic: str) -> None:
    for name, told, factor, drawing, frame in drawn({diagnostic: FRAMES[diagnostic]}):
        assert name.startswith(diagnostic)
        assert told == diagnostic
        assert factor == frame["factor"].iloc[0]
        figure = drawing.draw(frame)
        assert any(axes.lines or axes.images or axes.patches for axes in figure.axes)
        assert drawing.title
        assert drawing.words(frame)


def test_each_factor_is_drawn_apart_under_a_name_for_files() -> None:
    both = pd.concat([seen.flow(), seen.flow().assign(factor="a b/c")])
    assert [name for name, *_ in drawn({"gradient_flow": both})] == [
        "gradient_flow-norm",
        "gradient_flow-a-b-c",
    ]


def test_what_has_no_drawing_of_ours_is_left_out() -> None:
    assert not list(drawn({"of_my_own": seen.flow()}))


def test_the_baseline_comes_first() -> None:
    assert levels(seen.flow()) == ["batch", "none"]


# ---------------------------------------------------------------------- data behind the figures


def test_layers_are_shown_at_three_epochs() -> None:
    assert three_epochs(seen.flow()) == [1, 3, 5]
    table = by_depth(seen.flow().query("level == 'batch'"), "mean_absolute", [1, 5])
    assert list(table.columns) == [1, 5]
    assert table.loc[2, 5] == pytest.approx(0.01 / 5)
    assert "batch 0.02 and 0.0002; none 0.0002 and 2e-06" in words("gradient_flow")


def test_a_band_spans_the_step_sizes() -> None:
    found = bands(seen.landscape(), "loss").query("level == 'none'")
    assert found["low"].tolist() == [5.0, 5.0]
    assert found["high"].tolist() == [10.0, 10.0]
    assert "batch 1, none 5. " in words("loss_landscape")
    assert words("loss_landscape").endswith("times the gradient: 0, 0.5, 1.")
    assert "batch 9 (9)" in words("beta_smoothness")


def test_the_gradient_is_shown_beside_its_change() -> None:
    (drawing,) = DRAWINGS["gradient_predictiveness"]
    frame = FRAMES["gradient_predictiveness"]
    assert "Of the norm of the gradient: Median over steps (and largest): batch 1 (1)" in (
        drawing.words(frame)
    )
    labels = [axes.get_ylabel() for axes in drawing.draw(frame).axes]
    assert labels == ["change of the gradient", "norm of the gradient"]


def test_levels_that_differ_in_their_rate_alone_become_one_band() -> None:
    merged = over_rates(seen.rates())
    assert set(merged["level"]) == {"none", "batch"}
    assert levels(merged) == ["batch", "none"]
    found = bands(merged, "loss").set_index("level")
    assert (found["low"]["none"], found["high"]["none"]) == (0.02, 0.2)
    assert over_rates(seen.flow()) is not None
    assert set(over_rates(seen.flow())["level"]) == {"none", "batch"}
    alone = seen.rates().assign(factor="learning rate")
    assert over_rates(alone) is alone, "its levels are what is compared"


def test_levels_crossed_with_rates_have_a_panel_a_rate() -> None:
    parts = by_rate(seen.rates())
    assert list(parts) == ["learning rate 0.1", "learning rate 0.01"]
    assert [levels(part) for part in parts.values()] == [["batch", "none"]] * 2
    assert list(by_rate(seen.flow())) == [""]
    sizes = [seen.rates().assign(step_size=size, loss=size) for size in (0.0, 1.0)]
    figure = DRAWINGS["loss_landscape"][0].draw(pd.concat(sizes))
    assert [place.get_title() for place in figure.axes] == list(parts)
    assert len({place.get_ylim() for place in figure.axes}) == 1
    legend = figure.axes[-1].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["batch", "none"]


def test_densities_are_of_area_one() -> None:
    edges, density = densities(FRAMES["histograms"].iloc[0].to_dict())
    assert edges.tolist() == pytest.approx([-1, -1 / 3, 1 / 3, 1])
    assert (density * np.diff(edges)).sum() == pytest.approx(1)
    empty = FRAMES["histograms"].iloc[0].to_dict() | {"counts": [0, 0, 0]}
    assert not densities(empty)[1].any()
    assert chosen_depths(seen.flow()) == {0: 1, 1: 2, 2: 3}
    assert chosen_depths(seen.flow().query("depth > 1")) == {0: 2, 2: 3}
    assert chosen_depths(seen.flow().query("depth > 2")) == {0: 3}


def test_kernels_keep_their_place_and_are_stretched_alike() -> None:
    frame = FRAMES["first_kernels"].query("level == 'none'")
    first, second = kernel_pictures(frame)
    assert first.shape == (2, 2, 3)
    assert first[0, 0].tolist() == pytest.approx([0, 4 / 11, 8 / 11])
    assert np.array_equal(first, second)
    assert kernel_pictures(frame.assign(values=None)) == []
    grey = frame.assign(channels=1, values=[[0.0, 1.0, 2.0, 3.0]] * 2)
    assert kernel_pictures(grey)[0][1, 1].tolist() == [1.0, 1.0, 1.0]
    found = kernel_magnitudes(frame)
    assert (found["mean"][0], found["sd"][0]) == (1.5, 0.5)


def test_maps_are_ordered_by_depth() -> None:
    found = map_pictures(FRAMES["feature_maps"].query("level == 'none'"))
    assert [layer for layer, _ in found[0]] == ["image", "act"]
    assert found[0][1][1][0].tolist() == [[0.0, 1.0], [2.0, 3.0]]


def test_every_image_has_a_column_of_maps_in_each_level() -> None:
    one = FRAMES["feature_maps"]
    both = pd.concat([one.assign(image=7), one])
    (drawing,) = DRAWINGS["feature_maps"]
    axes = drawing.draw(both).axes
    assert [place.get_title() for place in axes] == [
        "batch\nimage 0", "none\nimage 0", "batch\nimage 7", "none\nimage 7", *["act"] * 4
    ]  # fmt: skip
    many = pd.concat([one.assign(image=image) for image in range(4)])
    less = many[(many["level"] == "batch") | (many["image"] != 1)]
    axes = drawing.draw(less).axes
    assert [place.get_title() for place in axes[4:8]] == [
        "batch\nimage 1", "none\nimage 1", "act", ""
    ]  # fmt: skip
    assert drawing.words(both).startswith("Some of the training images")
    assert drawing.words(one).startswith("One of the training images")


def test_large_numbers_have_no_exponent_before_they_are_very_large() -> None:
    values = (0.00012, 4.56, 144.0, 99_960.0, 144_000.0, -144.0, -144_000.0, np.inf)
    told = [number(value, ".2g") for value in values]
    assert told == ["0.00012", "4.6", "140", "1e+05", "1.4e+05", "-140", "-1.4e+05", "not finite"]


def test_a_mosaic_has_gaps_of_nothing() -> None:
    one = np.ones((2, 2))
    sheet = mosaic([one, 2 * one, 3 * one], 2)
    assert sheet.shape == (5, 5)
    assert sheet[0, 0], sheet[0, 3] == (1, 2)
    assert sheet[3, 0] == 3
    assert np.isnan(sheet[2]).all()
    assert np.isnan(sheet[3:, 3:]).all()
    assert paper(np.stack([sheet] * 3, axis=-1))[2, 0, 3] == 0


def test_a_map_is_stretched_over_what_is_finite() -> None:
    assert stretched(np.ones((2, 2))).tolist() == [[0.5, 0.5], [0.5, 0.5]]
    found = stretched(np.array([[1.0, np.inf], [3.0, -np.inf], [2.0, np.nan]]))
    assert found[:, 0].tolist() == [0.0, 1.0, 0.5]
    assert np.isnan(found[:, 1]).all()
    assert np.isnan(stretched(np.full((2, 2), np.inf))).all()


def test_a_confusion_matrix_is_of_shares_by_class() -> None:
    frame = FRAMES["confusion_matrix"]
    shares = matrix(frame.query("level == 'none'"), classes_of(frame))
    assert shares.tolist() == [[0.25, 0.75], [0.0, 0.0]]
    assert "none 75% of class cat for class dog" in words("confusion_matrix")
    (drawing,) = DRAWINGS["confusion_matrix"]
    assert [text.get_text() for text in drawing.draw(frame).axes[0].get_xticklabels()] == [
        "cat", "dog"
    ]  # fmt: skip


def test_classes_without_names_are_numbers_up_to_the_last() -> None:
    frame = FRAMES["confusion_matrix"]
    numbers = frame.assign(true=3, predicted=[3, 5] * 2)
    assert classes_of(numbers) == [0, 1, 2, 3, 4, 5]
    (drawing,) = DRAWINGS["confusion_matrix"]
    assert "none 75% of class 3 for class 5" in drawing.words(numbers)
    many = pd.CategoricalDtype([f"class number {number}" for number in range(30)])
    told = {
        name: pd.Categorical.from_codes(numbers[name], dtype=many) for name in ("true", "predicted")
    }
    ticks = drawing.draw(frame.assign(**told)).axes[0].get_xticklabels()
    assert not any("number" in text.get_text() for text in ticks), "they would hide each other"


def test_calibration_is_weighted_by_images() -> None:
    assert "none 20.0 points" in words("calibration")  # (3 * 10 + 1 * 50) / 4
    (axes,) = DRAWINGS["calibration"][0].draw(FRAMES["calibration"]).axes
    points = [drawn for drawn in axes.collections if isinstance(drawn, PathCollection)]
    assert [few / many for many, few in (each.get_sizes() for each in points)] == [1 / 3] * 2


# ---------------------------------------------------------------------- what is missing, is told


def test_an_eigenvalue_that_was_never_found_is_told_and_harms_no_other() -> None:
    frame = FRAMES["sharpness"].astype({"eigenvalue": object})
    frame.loc[frame["level"] == "none", "eigenvalue"] = None
    (drawing,) = DRAWINGS["sharpness"]
    assert drawing.words(frame).endswith("batch 4, none not found.")
    drawn_lines = drawing.draw(frame).axes[0].lines
    assert [np.isfinite(line.get_ydata()).sum() for line in drawn_lines] == [1, 0]
    frame["eigenvalue"] = None
    assert drawing.words(frame).endswith("batch not found, none not found.")
    drawing.draw(frame)


def until(frame: pd.DataFrame, epochs: int) -> pd.DataFrame:
    """Let none end after so many epochs, by which its numbers are none."""
    frame = frame[(frame["level"] != "none") | (frame["epoch"] <= epochs)].copy()
    last = (frame["level"] == "none") & (frame["epoch"] == epochs)
    numbers = frame.columns.intersection(["mean_absolute", "eigenvalue", "value", "magnitude"])
    frame.loc[last, numbers] = np.nan
    return frame


def over_epochs(diagnostic: str, epochs: int = 3) -> pd.DataFrame:
    return pd.concat([FRAMES[diagnostic].assign(epoch=e) for e in range(1, epochs + 1)])


@pytest.mark.parametrize(
    ("diagnostic", "place", "told"),
    [
        ("sharpness", 0, "batch (epoch 3) 4, none (epoch 2) not found."),
        ("train_and_validation", 0, "none (epoch 2) not finite on train, not finite on validation"),
        ("first_kernels", 1, "batch (epoch 3) 1.5, none (epoch 2) not finite."),
    ],
)
def test_a_level_that_ended_early_is_told_at_its_own_last_epoch(
    diagnostic: str, place: int, told: str
) -> None:
    early = until(over_epochs(diagnostic), 2)
    assert told in DRAWINGS[diagnostic][place].words(early)
    assert "epoch 3" not in DRAWINGS[diagnostic][place].words(over_epochs(diagnostic))


def test_layers_of_a_level_that_ended_early_are_told_at_its_own_last_epoch() -> None:
    (drawing,) = DRAWINGS["gradient_flow"]
    told = drawing.words(until(seen.flow(), 2))
    assert "batch (epoch 5) 0.02 and 0.0002" in told
    assert "none (epoch 2) not finite and not finite" in told
    drawing.draw(until(seen.flow(), 2))


def test_an_epoch_has_one_colour_in_all_panels_of_layers() -> None:
    figure = DRAWINGS["gradient_flow"][0].draw(until(seen.flow(), 3))
    batch, none = figure.axes
    colours = {line.get_label(): line.get_color() for line in batch.lines}
    assert [line.get_label() for line in none.lines] == ["epoch 1", "epoch 3"]
    assert all(line.get_color() == colours[line.get_label()] for line in none.lines)
    legend = none.get_legend()
    assert legend is not None
    told = {
        text.get_text(): line.get_color()
        for text, line in zip(legend.get_texts(), legend.get_lines(), strict=True)
    }
    assert told == colours


def test_an_epoch_has_one_colour_in_all_histograms() -> None:
    first = FRAMES["histograms"]
    frame = pd.concat([first, first.query("epoch == 1").assign(epoch=3)])
    early = frame[(frame["epoch"] < 3) | (frame["level"] == "batch")]
    late = early[(early["epoch"] > 0) | (early["quantity"] == "weight")]
    figure = DRAWINGS["histograms"][0].draw(late)
    (legend,) = figure.legends
    told = [text.get_text() for text in legend.get_texts()]
    assert told == ["epoch 0 (initial)", "epoch 1", "epoch 3"]
    named: dict[str, set[object]] = {}
    for patch in (patch for axes in figure.axes for patch in axes.patches):
        look = (patch.get_edgecolor(), patch.get_fill())
        named.setdefault(str(patch.get_label()), set()).add(look)
    assert {name: len(looks) for name, looks in named.items()} == dict.fromkeys(told, 1)
    assert len(set.union(*named.values())) == 3


def test_losses_that_differ_a_lot_are_all_seen() -> None:
    (drawing,) = DRAWINGS["train_and_validation"]
    near = over_epochs("train_and_validation", 2)
    early = (near["epoch"] == 1) & (near["measure"] == "loss")
    far = near.assign(value=near["value"].mask(early, 3000.0))
    never = near.assign(value=near["value"].mask(early, np.inf))
    odd = near.assign(value=near["value"].where(near["measure"] == "loss", 0.001))
    drawn = [drawing.draw(frame).axes for frame in (near, far, never, odd)]
    assert [loss.get_yscale() for loss, _ in drawn] == ["linear", "log", "linear", "linear"]
    assert {accuracy.get_yscale() for _, accuracy in drawn} == {"linear"}


def test_a_histogram_narrower_than_a_pixel_is_seen() -> None:
    frame = FRAMES["histograms"].query("quantity == 'gradient'")
    none = frame["level"] == "none"
    narrow = frame.assign(**{e: frame[e].where(~none, frame[e] / 1e4) for e in ("low", "high")})
    figure = DRAWINGS["histograms"][0].draw(narrow)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    (panel,) = [p for p in figure.axes if p.patches and p.get_subplotspec().colspan.start == 1]
    x0, y0, x1, y1 = panel.get_window_extent().padded(-2).extents.astype(int)
    pixels = np.asarray(canvas.buffer_rgba())[::-1][y0:y1, x0:x1, :3]
    assert (np.ptp(pixels, axis=-1) > 50).any(), "nothing but axes"


def test_a_panel_without_a_layer_is_blank() -> None:
    axes = DRAWINGS["histograms"][0].draw(FRAMES["histograms"]).axes
    assert [place.axison for place in axes] == ([True] * 2 + [False] * 4) * 2


def test_histograms_of_levels_have_one_scale() -> None:
    frame = FRAMES["histograms"]
    wide = frame.assign(**{e: frame[e] * (1 + 9.0 * frame["baseline"]) for e in ("low", "high")})
    axes = DRAWINGS["histograms"][0].draw(wide).axes
    rows = [axes[start : start + 2] for start in range(0, len(axes), 2)]
    shown = [[place.get_xlim() for place in row] for row in rows if row[0].patches]
    assert len(shown) == 2
    assert all(batch == none and batch[1] >= 10 for batch, none in shown)


def test_a_band_is_not_narrower_for_what_is_not_finite() -> None:
    frame = seen.landscape()
    frame.loc[(frame["level"] == "none") & (frame["step_size"] == 1.0), "loss"] = np.nan
    found = bands(frame, "loss").query("level == 'none'")
    assert found["low"].tolist() == [5.0, 5.0]
    assert found["high"].tolist() == [np.inf, np.inf]
    told = DRAWINGS["loss_landscape"][0].words(frame)
    assert "batch 1, none not finite." in told
    assert "without upper end: none at 2 of 2 steps." in told
    (axes,) = DRAWINGS["loss_landscape"][0].draw(frame).axes
    filled = axes.collections[1].get_paths()[0].get_extents()
    assert filled.y1 == pytest.approx(axes.get_ylim()[1]), "open to the top"


def test_a_band_that_lacks_a_rate_is_marked_and_left_out_of_the_median() -> None:
    three = pd.concat([seen.rates().assign(step=step) for step in (1, 2, 3)])
    gone = (three["level"] == "0.1 x none") & (three["step"] > 1)
    (drawing,) = DRAWINGS["successive_gradients"]
    assert bands(over_rates(three[~gone]), "loss").query("~whole")["step"].tolist() == [2, 3]
    told = drawing.words(three[~gone])
    assert "batch 0.09, none 0.18." in told
    assert "left out of the median: none at 2 of 3 steps." in told
    figure = drawing.draw(three[~gone])
    assert [bool(c.get_hatch()) for c in figure.axes[0].collections] == [False, False, True]
    upper = [np.asarray(line.get_ydata(), dtype=float) for line in figure.axes[0].lines]
    joined = [np.isfinite(ends[:2]).all() for ends in upper if np.nanmax(ends[:1], initial=0) > 0.1]
    assert joined == [False], "no fall of the loss where a rate ended"
    ended = three[(three["step"] == 1) | three["level"].str.contains("batch")]
    assert "left out of the median: none at 2 of 3 steps." in drawing.words(ended)
    assert "left out" not in drawing.words(three)


def test_words_say_which_images_were_looked_at() -> None:
    for diagnostic in ("confusion_matrix", "calibration", "feature_maps"):
        (drawing,) = DRAWINGS[diagnostic]
        assert "training images" in drawing.words(FRAMES[diagnostic])
        assert "validation images" in drawing.words(FRAMES[diagnostic].assign(split="validation"))
    labels = [axes.get_ylabel() for axes in DRAWINGS["confusion_matrix"][0].draw(
        FRAMES["confusion_matrix"]).axes]  # fmt: skip
    assert "class (training images)" in labels


def test_only_what_is_crossed_with_rates_has_a_width() -> None:
    (drawing,) = DRAWINGS["successive_gradients"]
    told = drawing.words(seen.rates())
    assert "how far each has got" in told
    assert "batch 0.09, none 0.18. Of its upper end: Median over steps (and largest): " in told
    assert "batch 0.1 (0.1), none 0.2 (0.2). " in told
    assert "width" not in drawing.words(seen.rates().assign(factor="norm"))


def test_no_figure_repeats_another() -> None:
    assert "norm" not in words("first_kernels", 0)
    assert "batch 2, none 2" in words("first_kernels", 0)
    figure = DRAWINGS["successive_gradients"][0].draw(seen.rates())
    assert len(figure.axes) == 2
