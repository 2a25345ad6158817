"""What TensorBoard is given, read back from its files."""

import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tensorboardX.proto.event_pb2 import Event

from sweeps.export.tensorboard import export
from sweeps.record.results import Results
from tests.sweeps.analysis import frames
from tests.sweeps.analysis.plot.diagnostics import seen


def events(folder: Path) -> Iterator[Any]:
    (file,) = folder.glob("events.*")
    content = file.read_bytes()
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        event = Event()
        event.ParseFromString(content[12 : 12 + length])
        yield from ((event.step, value) for value in event.summary.value)
        content = content[16 + length :]


def results() -> Results:
    trials = frames.trials({"norm": {"batch": [0.9], "none": [0.8]}})
    curves = pd.DataFrame(
        {"trial": [trials["trial"][0]] * 2, "epoch": [1, 2], "train/loss": [2.0, 1.0]}
    )
    named = {"batch": trials["trial"][0], "none": trials["trial"][1]}
    observed = seen.all_frames()
    del observed["successive_gradients"]  # of another factor
    for frame in observed.values():
        frame["trial"] = frame["level"].map(named)
    return Results({"name": "small"}, {}, {}, trials, curves, "", observations=observed)


def curves_of(observed: dict[str, pd.DataFrame], folder: Path) -> dict[str, float]:
    """Return what was drawn of one trial's diagnostics."""
    whole = results()
    named = {frame["level"].iloc[0]: trial for trial, frame in whole.trials.groupby("trial")}
    given = {key: f.assign(trial=f["level"].map(named)) for key, f in observed.items()}
    export(replace(whole, observations=given), folder)
    (place,) = folder.glob("small/norm=batch, seed *")
    return {v.tag: v.simple_value for _, v in events(place) if v.tag.startswith(tuple(observed))}


def test_a_trial_is_a_run_with_curves_histograms_and_pictures(tmp_path: Path) -> None:
    export(results(), tmp_path)
    assert len(list((tmp_path / "small").iterdir())) == 2
    (folder,) = tmp_path.glob("small/norm=batch, seed *")
    found = list(events(folder))
    losses = [(step, value.simple_value) for step, value in found if value.tag == "train/loss"]
    assert losses == [(1, 2.0), (2, 1.0)]
    histograms = {(step, value.tag): value.histo for step, value in found if value.histo.num}
    assert set(histograms) == {(e, f"{q}/l") for e in (0, 1) for q in ("weight", "gradient")}
    one = histograms[0, "weight/l"]
    assert (list(one.bucket), one.num, one.sum) == ([1, 2, 1], 4, pytest.approx(0))
    pictures = {value.tag for _, value in found if value.image.encoded_image_string}
    assert pictures == {
        "kernels_of_the_first_layer",
        "feature_maps/0/image",
        "feature_maps/0/act",
        "hardest_images",
    }


def test_what_a_diagnostic_tells_of_a_layer_is_a_curve(tmp_path: Path) -> None:
    export(results(), tmp_path)
    (folder,) = tmp_path.glob("small/norm=batch, seed *")
    found = {(value.tag, step): value.simple_value for step, value in events(folder)}
    flow = seen.flow().query("level == 'batch'")
    for row in flow.to_dict("records"):
        tag = f"gradient_flow/mean_absolute/{row['layer']}"
        assert found[tag, row["epoch"]] == pytest.approx(row["mean_absolute"])
    assert found["sharpness/eigenvalue", 1] == 4.0
    assert found["train_and_validation/value/train/loss", 1] == 0.5


def test_numbers_of_steps_images_and_classes_are_no_curves(tmp_path: Path) -> None:
    export(results(), tmp_path)
    (folder,) = tmp_path.glob("small/norm=batch, seed *")
    tags = {value.tag for _, value in events(folder) if not value.HasField("image")}
    several = ("loss_landscape", "beta_smoothness", "confusion_matrix", "calibration",
               "first_kernels/", "feature_maps/", "hardest_images/")  # fmt: skip
    assert not [tag for tag in tags if tag.startswith(several)]


def test_what_has_steps_or_bins_has_no_curve_even_with_one_of_them(tmp_path: Path) -> None:
    frame = seen.all_frames()["calibration"].drop_duplicates(["level"])
    assert curves_of({"calibration": frame}, tmp_path) == {}
    frame = seen.all_frames()["hardest_images"].drop(
        columns=["split", "image", "height", "width", "channels", "values"]
    )
    assert curves_of({"answers": frame}, tmp_path) == {}, "each is of other classes"


def test_what_is_unknown_of_some_is_left_out(tmp_path: Path) -> None:
    frame = seen.flow().query("epoch == 1")
    frame["layer"] = frame["layer"].mask(frame["depth"] == 2)
    frame["mean_absolute"] = frame["mean_absolute"].mask(frame["depth"] == 3)
    found = curves_of({"gradient_flow": frame}, tmp_path)
    assert set(found) == {"gradient_flow/mean_absolute/l1", "gradient_flow/mean_absolute"}


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(ValueError, match=r"cannot write .*taken.* give another DIR"):
        export(results(), tmp_path / "taken")


def test_a_run_that_is_written_again_is_there_once(tmp_path: Path) -> None:
    none = replace(results(), observations={})
    export(none, tmp_path)
    (folder,) = tmp_path.glob("small/norm=batch, seed *")
    (first,) = folder.iterdir()
    first.rename(folder / first.name.replace("tfevents.", "tfevents.1"))  # of an earlier second
    theirs = folder / "events.out.tfevents.1.host"
    theirs.touch()
    export(none, tmp_path)
    (ours,) = set(folder.iterdir()) - {theirs}
    theirs.unlink()
    losses = [value.simple_value for _, value in events(folder) if value.tag == "train/loss"]
    assert losses == [2.0, 1.0]
    assert ours.stat().st_size
