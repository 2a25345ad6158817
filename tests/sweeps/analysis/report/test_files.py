import json
from pathlib import Path

import pytest

from sweeps.analysis.report.files import EVIDENCE, REPORT, TABLES, write, write_page, write_text
from tests.sweeps.analysis.report.materials import material


def test_everything_is_written_and_again_over_what_is_there(tmp_path: Path) -> None:
    found = material(search=False)
    files = write(found, tmp_path / "new" / "folder")
    names = {file.name for file in files}
    assert names >= {*TABLES.values(), EVIDENCE, REPORT, "curves.png", "differences.svg"}
    assert all(file.stat().st_size > 100 for file in files)
    before = {file: file.read_bytes() for file in files}
    assert {file: file.read_bytes() for file in write(found, tmp_path / "new" / "folder")} == before
    assert set(json.loads((tmp_path / "new" / "folder" / EVIDENCE).read_text())["files"]) == {
        *TABLES.values()
    }
    alone = write_page(found, tmp_path / "alone.html")
    assert alone.read_bytes() == before[tmp_path / "new" / "folder" / REPORT]


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"cannot write .*page\.html: "):
        write_text("", tmp_path / "file" / "page.html")
