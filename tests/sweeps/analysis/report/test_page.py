import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest

from sweeps.analysis.importance import Importance, shares
from sweeps.analysis.report.evidence import broken, evidence
from sweeps.analysis.report.figures import pictures
from sweeps.analysis.report.page import page, script
from tests.sweeps.analysis import frames
from tests.sweeps.analysis.report.materials import material

VOID = {"meta", "br", "link"}


class Outline(HTMLParser):
    """What a page is made of: ids, links, labels; and whether each element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.attributes.append((tag, found))
        self.ids += [str(found["id"])] if "id" in found else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def written() -> str:
    found = material()
    return page(found, list(pictures(found)))


def test_every_element_is_closed_every_id_is_one_and_every_link_leads_somewhere(
    written: str,
) -> None:
    outline = Outline(written)
    assert outline.open == []
    assert len(set(outline.ids)) == len(outline.ids)
    for _, found in outline.attributes:
        for name in ("aria-labelledby", "aria-describedby"):
            assert found.get(name) is None or found[name] in outline.ids
        assert not str(found.get("href", "#")).startswith("http")
        assert str(found.get("href", "#")).removeprefix("#") in {"", *outline.ids}
        assert "src" not in found


def test_question_and_answer_come_first(written: str) -> None:
    body = written[written.index("<body>") :]
    order = [
        "Which &lt;activation&gt; suits the network?",
        "None of 2 comparisons with the baseline is resolved",
        'id="table"',
        'id="differences"',
        'id="curves"',
        'id="cost"',
        'id="search"',
        'id="provenance"',
        'id="again"',
        "sweeps run --study activations",
    ]
    places = [body.index(word) for word in order]
    assert places == sorted(places)


def test_it_tells_of_both_themes_of_print_and_of_the_search(written: str) -> None:
    assert "color-scheme: light dark" in written
    assert "@media print" in written
    assert "5 trials by hand." in written
    assert "Rank agreement with the full budget" in written
    assert re.search(r"<th scope=\"row\">t2</th><td>90.00</td>", written)


def test_a_study_without_search_or_curves_has_no_such_section() -> None:
    from dataclasses import replace

    import pandas as pd

    bare = replace(material(search=False), curves=pd.DataFrame(), recipes={})
    text = page(bare, list(pictures(bare)))
    assert 'id="search"' not in text
    assert 'id="curves"' not in text
    assert Outline(text).open == []


def test_what_stands_behind_its_numbers_is_in_it(written: str) -> None:
    found = re.search(r'id="evidence">(.*?)</script>', written, re.S)
    assert found is not None
    made = material()
    assert (
        broken(json.loads(found[1]), json.loads(json.dumps(evidence(made.table, made.trials))))
        == []
    )
    assert "run-activation-tanh-2" in written


def test_names_are_text_and_never_markup() -> None:
    trials = frames.trials({"<b>": {"x": [0.7, 0.72], "</script><script>alert(1)": [0.71, 0.75]}})
    found = material(trials, search=False)
    text = page(found, list(pictures(found)))
    assert "<b>" not in text
    assert "<script>alert" not in text
    assert "<" not in script({"level": "</script>"})
    assert Outline(text).open == []


def test_what_seems_to_matter_is_shown_as_an_exploration() -> None:
    rows = [{"branch": "", "parameter": "lr", "n": 40, "ped_anova": 0.6, "chance": 0.2}]
    effects = pd.DataFrame([{"parameter": "lr", "level": "0.1 to 0.5", "mean": 0.61, "n": 7}])
    found = Importance(1, 9, shares(rows), effects, ("Importance of the branch a=b: too few.",))
    told = replace(material(), importance=found)
    text = page(told, list(pictures(told)))
    for said in (
        "What seems to matter (exploratory)",
        "0.1 to 0.5",
        "61.00",
        "0.60",
        "a=b: too few.",
    ):
        assert said in text
    assert "What seems to matter" not in page(material(), list(pictures(material())))
