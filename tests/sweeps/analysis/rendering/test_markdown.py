import re

from sweeps.analysis.rendering.markdown import escape, markdown
from sweeps.analysis.table import ablation_table
from tests.sweeps.analysis import frames


def test_every_row_has_as_many_columns_as_the_head() -> None:
    levels = {"relu": [0.70, 0.72], "a|b": [0.73, 0.74]}
    table = ablation_table(frames.trials({"x|y": levels, "norm": levels}), frames.CONTEXT)
    rows = [line for line in markdown(table).splitlines() if line.startswith("|")]
    main, details = rows[:8], rows[8:]
    assert len(main) == len(details) == 2 + 2 * 3
    for grid, bars in ((main, 14), (details, 8)):
        assert {len(re.findall(r"(?<!\\)\|", row)) for row in grid} == {bars}


def test_markup_is_escaped_and_words_are_left_alone() -> None:
    assert escape("leaky_relu") == "leaky_relu"
    assert escape("__x__ *y* <b> `c` [d]") == r"\_\_x\_\_ \*y\* \<b\> \`c\` \[d\]"
    assert escape("two\nlines") == "two lines"
