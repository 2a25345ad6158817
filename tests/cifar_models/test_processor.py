from pathlib import Path

import pytest

from cifar_models.processor import has_amx_bf16


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx512_bf16 amx_bf16 amx_tile\n", True),
        ("processor\t: 0\nflags\t\t: fpu avx512_bf16 avx512f\n", False),
        ("processor\t: 0\nFeatures\t: fp asimd bf16\n", False),
    ],
)
def test_only_amx_counts(told: str, expected: bool, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(told)
    assert has_amx_bf16(tmp_path / "cpuinfo") is expected


def test_where_the_system_does_not_tell_it_is_not_assumed(tmp_path: Path) -> None:
    assert not has_amx_bf16(tmp_path / "cpuinfo")
