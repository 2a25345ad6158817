"""Rows as columns that a checkpoint can hold."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from cifar_models.checkpoint import Checkpoint, load, save
from cifar_models.diagnostics.columns import Columns, append


def test_rows_get_their_epoch_unless_they_bring_one_and_can_be_kept(tmp_path: Path) -> None:
    columns: Columns = {}
    append(columns, [{"x": 1.5, "name": "a", "several": [1, 2.0], "hole": None}], 1)
    append(columns, [{"epoch": 0, "x": 2, "name": None, "several": [], "hole": [1]}], 2)
    assert columns == {
        "epoch": [1, 0], "x": [1.5, 2], "name": ["a", None], "several": [[1, 2.0], []],
        "hole": [None, [1]],
    }  # fmt: skip
    url = str(tmp_path / "it.pt")
    save(Checkpoint("s", 0, 1, {}, {}, {}, [], observations={"d": columns}), url)
    assert load(url).observations == {"d": columns}
    pd.DataFrame(columns).to_parquet(tmp_path / "it.parquet")
    assert pd.read_parquet(tmp_path / "it.parquet")["x"].tolist() == [1.5, 2.0]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"b": 1}, "rows differ in their columns: epoch, b after epoch, a"),
        ({"a": np.float64(1)}, "column a holds a float64 that is no plain int, float, bool, str,"),
        ({"a": torch.ones(())}, "column a holds a Tensor that is no plain"),
        ({"a": [np.int64(1)]}, "column a holds a list that is no plain"),
        ({"a": ["b"]}, "or list of numbers"),
        ({"a": "text"}, "column a holds a text after a number"),
        ({"a": [1]}, "column a holds a list after a number"),
        ({"a": True}, "column a holds a truth value after a number"),
        ({"a": 2**63}, "column a holds an int that does not fit into 64 bits"),
        ({"a": -(2**63) - 1}, "column a holds an int that does not fit"),
    ],
)
def test_what_could_not_be_kept_is_refused(row: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        append({}, [{"a": None}, {"a": 1}, row], 1)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"x": "\ud800"}, r"column x holds text that is not UTF-8: '\\ud800'"),
        ({"\ud800": 1}, "a column's name .* holds text that is not UTF-8"),
        ({"x": [2**63]}, "column x holds an int that does not fit into 64 bits"),
        ({3: 1}, "a column is named 3, which is no text"),
    ],
)
def test_what_no_file_can_hold_is_refused_in_the_first_row(row: dict[Any, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        append({}, [row], 1)


def test_what_fits_just_so_can_be_kept(tmp_path: Path) -> None:
    columns: Columns = {}
    append(columns, [{"x": 2**63 - 1, "y": [-(2**63)], "ä": "ü"}], 1)
    pd.DataFrame(columns).to_parquet(tmp_path / "it.parquet")
    read = pd.read_parquet(tmp_path / "it.parquet")
    assert read["x"].tolist() == [2**63 - 1]
    assert list(read["y"][0]) == [-(2**63)]
    assert read["ä"].tolist() == ["ü"]
