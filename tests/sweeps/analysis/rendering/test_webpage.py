from html.parser import HTMLParser

from sweeps.analysis.rendering.webpage import webpage
from sweeps.analysis.table import ablation_table
from tests.sweeps.analysis import frames


class Reader(HTMLParser):
    """Collect the cells of each table row, and every reference to something outside."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[int] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th"):
            self.rows[-1] += 1
        self.outside += [name for name, _ in attrs if name in ("src", "href")]


def test_the_page_is_whole_and_needs_nothing_else() -> None:
    text = webpage(ablation_table(frames.small(), frames.CONTEXT))
    reader = Reader()
    reader.feed(text)
    assert reader.rows == [13] * 4 + [7] * 4
    assert reader.outside == []
    assert text.startswith("<!doctype html>")


def test_names_are_escaped() -> None:
    levels = {"relu": [0.70, 0.72], "<script>": [0.73, 0.74]}
    text = webpage(ablation_table(frames.trials({"a&b": levels}), frames.CONTEXT))
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "a&amp;b" in text


def test_the_name_of_a_factor_heads_its_rows_on_the_left() -> None:
    levels = {"relu": [0.70, 0.72], "tanh": [0.73, 0.74]}
    text = webpage(ablation_table(frames.trials({"a": levels, "b": levels}), frames.CONTEXT))
    assert text.count('scope="rowgroup">a</th>') == 2, "of the table, and of what stands behind it"
    assert "th[scope] { text-align: left; }" in text
