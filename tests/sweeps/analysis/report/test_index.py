from pathlib import Path

from sweeps.analysis.report.index import Entry, index
from tests.sweeps.analysis.report.materials import material


def test_studies_stand_by_name_with_question_answer_and_link() -> None:
    page, place = Path("runs/studies/b c/report.html"), Path("runs/index.html")
    known = Entry.of(material(), page, place)
    text = index([known, Entry("a", problem="nothing <yet>")])
    assert text.index("nothing &lt;yet&gt;") < text.index("Which &lt;activation&gt;")
    assert 'href="studies/b%20c/report.html"' in text
    assert "None of 2 comparisons" in text
    assert ">14<" in text, "nine trials of the ablation, five of the search"
    assert "no page" in text
