import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sweeps.analysis.rendering.latex import escape, latex
from sweeps.analysis.table import ablation_table
from tests.sweeps.analysis import frames


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("leaky_relu", r"leaky\_relu"),
        ("50 % & more", r"50 \% \& more"),
        ("$#{}", r"\$\#\{\}"),
        ("a\\b", r"a\textbackslash{}b"),
        ("~^<>|", r"\textasciitilde{}\textasciicircum{}\textless{}\textgreater{}\textbar{}"),
        ("[*]", "{[}{*}{]}"),
        ("\N{MINUS SIGN}0.5 \N{PLUS-MINUS SIGN} 1", r"$-$0.5 $\pm$ 1"),
    ],
)
def test_every_special_character_is_escaped(text: str, expected: str) -> None:
    assert escape(text) == expected


def test_rows_have_equal_columns_and_environments_close() -> None:
    levels = {"relu": [0.70, 0.72], "a&b_%": [0.73, 0.74]}
    table = ablation_table(frames.trials({"x_y": levels, "norm": levels}), frames.CONTEXT)
    text = latex(table)
    for part, ampersands in zip(text.split(r"\end{tabular}"), (11, 6), strict=False):
        lines = part.splitlines()
        rows = [line for line in lines if line.endswith(r"\\") and "multicol" not in line]
        assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {ampersands}
    assert re.findall(r"\\begin{(.*?)}", text) == re.findall(r"\\end{(.*?)}", text)[::-1]
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    for rule in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert rule in text
    assert text.isascii()


def test_a_status_is_shown_where_not_all_are_finished() -> None:
    trials = frames.trials({"activation": {"relu": [0.70, 0.72], "tanh": [0.73, 0.74]}})
    assert "status" not in latex(ablation_table(trials, frames.CONTEXT))
    lost = frames.blank(trials, "tanh", 10, "diverged")
    assert "status" in latex(ablation_table(lost, frames.CONTEXT))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex here")
def test_it_compiles(tmp_path: Path) -> None:
    levels = {"relu": [0.70, 0.72], "a&b_%": [0.73, 0.74], "tanh": [0.6, 0.7]}
    text = latex(ablation_table(frames.trials({"x_y": levels, "norm": levels}), frames.CONTEXT))
    (tmp_path / "table.tex").write_text(
        "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n"
        f"{text}\n\\end{{document}}\n"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
    ran = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-2000:]
    assert (tmp_path / "table.pdf").exists()
