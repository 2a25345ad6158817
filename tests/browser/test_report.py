"""The report, opened from disk without a network, as its readers see and use it."""

import re
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Keys

from tests.browser.chromium import Chromium

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

CONTRAST = 4.5
"""Of text to its background, WCAG 2.2, 1.4.3 (AA)."""
LARGE = 24.0
"""Pixels of a text for which 3 is enough."""


@pytest.fixture
def report(offline: Chromium, studied: Path) -> Chromium:
    offline.open((studied / "studies/quickstart/report.html").as_uri())
    offline.see("//h1")
    return offline


def column(page: Chromium, head: str) -> list[str]:
    """Return a column of the first table, by its head, without the names of factors."""
    cells: list[str] = page.run(
        """
        const table = document.querySelector("table.sortable");
        const heads = [...table.tHead.rows[0].cells].map(cell => cell.innerText.trim());
        const place = heads.findIndex(text => text.startsWith(arguments[0]));
        return [...table.tBodies].flatMap(body => [...body.rows])
          .filter(row => !row.classList.contains("factor"))
          .map(row => row.cells[place].innerText.trim());
        """,
        head,
    )
    return cells


def within(levels: list[str], count: int) -> list[set[str]]:
    """Return the first levels, those of the first factor, and the rest, as sets."""
    return [set(levels[:count]), set(levels[count:])]


def test_it_opens_without_a_network_and_without_complaint(report: Chromium) -> None:
    report.whole("report")
    assert report.see("//h1").text.endswith("?")
    assert "comparison" in report.see("//*[contains(@class, 'answer')]").text
    assert len(report.texts("main section")) >= 5
    asked = [url for url in report.requests() if not url.startswith(("file:", "about:", "data:"))]
    assert asked == []
    assert report.complaints() == []
    width = report.run("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1], "the page scrolls sideways"


def test_a_click_on_a_head_sorts_and_another_turns_it_round(report: Chromium) -> None:
    before, levels = column(report, "validation"), column(report, "level")
    factor = next(n for n, level in enumerate(levels) if n and "(baseline)" in level)
    head = "//table[1]//th//button[starts-with(normalize-space(.), 'validation')]"
    report.click(head)
    rising = column(report, "validation")
    assert rising[:factor] == sorted(before[:factor])
    assert rising[factor:] == sorted(before[factor:])
    assert within(column(report, "level"), factor) == within(levels, factor)
    assert report.see(f"{head}/ancestor::th").get_attribute("aria-sort") == "ascending"
    report.shot("report-sorted")
    report.click(head)
    assert column(report, "validation")[:factor] == rising[:factor][::-1]
    assert report.complaints() == []


def test_a_table_is_sorted_from_the_keyboard(report: Chromium) -> None:
    before = column(report, "validation")
    keys = ActionChains(report.driver)
    for _ in range(40):
        keys.send_keys(Keys.TAB).perform()
        if str(report.run("return document.activeElement.innerText")).startswith("validation"):
            break
    outline = report.run("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "one does not see where one is"
    report.shot("report-keyboard")
    keys.send_keys(Keys.ENTER).perform()
    rising = column(report, "validation")
    keys.send_keys(Keys.SPACE).perform()
    assert column(report, "validation") != rising
    assert sorted(rising) == sorted(before)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_text_can_be_read(report: Chromium, theme: str) -> None:
    report.emulate(prefers_color_scheme=theme)
    report.run("document.querySelectorAll('details').forEach(part => part.open = true)")
    report.whole(f"report-{theme}")
    page = report.run("return getComputedStyle(document.body).backgroundColor")
    assert sum(numbers(page)[:3]) > 600 if theme == "light" else sum(numbers(page)[:3]) < 150
    texts = report.run(COLOURS)
    assert len(texts) > 100
    faint = {
        (text, ink, paper)
        for text, ink, paper, size in texts
        if contrast(numbers(ink), numbers(paper)) < (3.0 if size >= LARGE else CONTRAST)
    }
    assert not faint


COLOURS = """
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
  if (!text || !element.checkVisibility() || element.closest("script, style, .hidden")) continue;
  const style = getComputedStyle(element);
  let behind = element;
  while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)" && behind.parentElement)
    behind = behind.parentElement;
  const ink = element.closest("svg") ? style.fill : style.color;
  found.push([text.slice(0, 40), ink, getComputedStyle(behind).backgroundColor,
              parseFloat(style.fontSize)]);
}
return found;
"""
"""A text, its colour, the colour behind it, its size in pixels."""


def numbers(colour: str) -> list[float]:
    return [float(number) for number in re.findall(r"[\d.]+", colour)]


def contrast(ink: list[float], paper: list[float]) -> float:
    """Return the contrast of two sRGB colours (WCAG 2.2, 'contrast ratio')."""
    bright = []
    for colour in (ink, paper):
        parts = [c / 255 for c in colour[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        bright.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(bright) + 0.05) / (min(bright) + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast([0, 0, 0], [255, 255, 255]) == pytest.approx(21.0)
    assert contrast([118, 118, 118], [255, 255, 255]) == pytest.approx(4.54, abs=0.01)


def test_figures_tables_and_sections_have_names_for_who_hears_them(report: Chromium) -> None:
    tree = report.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    heard: dict[str, list[tuple[str, str]]] = {}
    for node in tree:
        if not node["ignored"]:
            said = [node.get(part, {}).get("value", "") for part in ("name", "description")]
            heard.setdefault(str(node["role"]["value"]), []).append((said[0], said[1]))
    images = heard.get("image", []) + heard.get("img", [])
    assert len(images) >= 3
    assert all(len(name) > 5 and len(words) > 20 for name, words in images)
    assert all(name for role in ("table", "region", "navigation") for name, _ in heard[role])
    assert len(heard["main"]) == 1


def test_it_prints_on_a_few_pages_in_dark_ink(report: Chromium) -> None:
    report.emulate(prefers_color_scheme="dark")
    pdf = report.printed("report")
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert 2 <= pages <= 12
    sizes = {
        tuple(map(round, map(float, m)))
        for m in re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf)
    }
    assert sizes == {(595, 842)}
    report.emulate("print", prefers_color_scheme="dark")
    assert sum(numbers(report.run("return getComputedStyle(document.body).color"))[:3]) < 150
    report.whole("report-print")
    assert report.see("//h1").is_displayed()
    assert report.run("return getComputedStyle(document.querySelector('nav')).display") == "none"
