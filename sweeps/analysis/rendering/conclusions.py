"""The reports' own conclusions as one page of Markdown."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from textwrap import fill

from sweeps.analysis.claims import Found
from sweeps.analysis.conclusions import DIFFER, RESEMBLE, WORDS, Conclusion, Examined
from sweeps.analysis.measure import HOLE
from sweeps.analysis.quantity import find_quantity
from sweeps.analysis.rendering.comparison import DIRECTIONS, fate, silent
from sweeps.analysis.rendering.markdown import escape
from sweeps.analysis.seed_noise import Recorded

_HEAD = """# Conclusions re-examined

Made by `sweeps reproduce --conclusions docs/conclusions.md --out docs/reproduction`; a change made
here by hand is lost.
"""
_HOW = """## How they are judged

Printed numbers are of one seed a variant, but for those of d_seeds. Two trainings that differ in
their seed alone differ by chance: with a standard deviation s over seeds, one run a variant can
tell a difference from none where it is above 1.96 √2 s (two-sided, 5 %, normal; where s comes of
few seeds, with the quantile of t). A printed difference above it is larger than seed noise; one
below it may be true, but the print does not show it. A claim of several comparisons is larger
than seed noise where each of them is, and within it where one is within; nothing is adjusted for
their number. That two variants are alike is neither shown nor refuted by a difference within the
noise. One that is larger need not be fair: a level that was chosen on test images, or trained
with a learning rate that suits only the other, differs too.

Where s comes from, the first of these that there is: our own trainings of the study at its full
budget; seeds that the report printed apart; else, as a stand-in, the range of our recorded
trainings of a small network on the same data, from the smallest to the largest s of a recipe.
These are other networks, trained for fewer epochs: a difference between what the two ends can
tell is not judged. The quick budget ends long before the printed epochs, and its s is not used.
"""
_FIELDS = ("study", "claim", "compared", "printed", "s", "one run tells", "printed is", "ours")


def page(conclusions: Sequence[Conclusion], recorded: Iterable[Recorded]) -> str:
    """Write the page."""
    parts = [_HEAD, fill(_summary(conclusions), 100), "", _HOW, *_recordings(recorded)]
    for report, group in groupby(sorted(conclusions, key=_report), _report):
        members = list(group)
        parts += ["", f"## Report {report}", "", *_grid(_FIELDS, _rows(members))]
        below = list(_run_again(members))
        parts += ["", *below] if below else []
    return "\n".join(parts) + "\n"


def _report(conclusion: Conclusion) -> str:
    return conclusion.study[0]


def _summary(conclusions: Sequence[Conclusion]) -> str:
    """Say in a few sentences how many claims stand out of the noise, and what was run."""
    fates = Counter(one.fate for one in conclusions)
    judged = [one for one in conclusions if one.fate in DIFFER + RESEMBLE]
    differ, resemble = (sum(fates[fate] for fate in kind) for kind in (DIFFER, RESEMBLE))
    known = sum(noise.freedom is not None for one in judged if (noise := one.examined[0].noise))
    budgets = Counter(one.again.budget for one in conclusions if one.again)
    other_way = f", {fates['against']} point the other way" if fates["against"] else ""
    return (
        f"The four reports make {len(conclusions)} claims. Of {len(judged)} that compare variants, "
        f"the numbers were printed and a noise of the seed is on record. {differ} of them say that "
        f"one is better: **{fates['larger']} are larger than seed noise, {fates['within']} lie "
        f"within it**{other_way}, and for {fates['between']} it depends on how large the noise of "
        f"their own network was. {resemble} say that two are alike: {fates['alike']} lie within "
        f"the noise, which neither shows nor refutes it, {fates['apart']} do not, "
        f"{fates['unclear']} depend. The noise is that of the same network for {known} of the "
        f"{len(judged)}, a stand-in for the others. Run again were {budgets['full']} claims at "
        f"the full budget, which decides, and {budgets['quick']} at the quick one, which shows "
        "directions only."
    )


def _recordings(recorded: Iterable[Recorded]) -> Iterator[str]:
    rows = []
    for one in recorded:
        measure = find_quantity(one.measure).measure
        low, high = (measure.text(sd) for sd in (min(one.sd.values()), max(one.sd.values())))
        name = f"{measure.title} ({measure.difference_unit})"
        span = f"{low} to {high}"
        rows.append((escape(one.what), one.data, name, str(len(one.sd)), str(one.seeds), span))
    yield from _grid(("recorded", "data", "measure", "recipes", "seeds each", "s"), rows)


def _rows(members: Iterable[Conclusion]) -> Iterator[tuple[str, ...]]:
    for conclusion in members:
        for place, one in enumerate(_shown(conclusion)):
            first = place == 0
            yield (
                f"{conclusion.study}, {conclusion.where}" if first else "",
                escape(conclusion.claim) if first else "",
                escape(one.text),
                _printed(one),
                _spread(one),
                _told(one),
                WORDS[one.fate],
                escape(_ours(conclusion, one.ours)),
            )


def _shown(conclusion: Conclusion) -> Sequence[Examined]:
    """Return the comparisons that have something to say; of a claim without any, one."""
    nothing = conclusion.again is None and all(one.printed is None for one in conclusion.examined)
    return conclusion.examined[:1] if nothing else conclusion.examined


def _printed(one: Examined) -> str:
    return HOLE if one.printed is None else _signed(one.measure, one.printed)


def _spread(one: Examined) -> str:
    if one.noise is None or one.printed is None:
        return HOLE
    return f"{_span(one.measure, one.noise.low, one.noise.high)}, {one.noise.source}"


def _told(one: Examined) -> str:
    if one.noise is None or one.printed is None:
        return HOLE
    return _span(one.measure, *one.noise.detectable)


def _span(name: str, low: float, high: float) -> str:
    measure = find_quantity(name).measure
    return " to ".join(dict.fromkeys((measure.text(low), measure.text(high))))


def _signed(name: str, difference: float) -> str:
    measure = find_quantity(name).measure
    return f"{measure.signed(difference)} {measure.difference_unit}".strip()


def _ours(conclusion: Conclusion, found: Found | None) -> str:
    """Say what the same comparison gave here, and whether it holds."""
    again, judgement = conclusion.again, conclusion.judgement
    if again is None:
        return "not run"
    if judgement is None or found is None:
        return f"{again.budget} budget: without this comparison"
    if silent(judgement, again):
        return f"{again.budget} budget: {fate(judgement, again)}"
    words = [f"{again.budget} budget, n = {max(row.seeds for row in again.rows)}"]
    if found.mean is not None and found.measure:
        measure = find_quantity(found.measure).measure
        words.append(_signed(found.measure, found.mean))
        if found.low is not None and found.high is not None:
            low, high = (measure.signed(end) for end in (found.low, found.high))
            words[-1] += f" [{low}, {high}]"
    whole = again.budget == "full"
    words.append(found.verdict if whole else f"{DIRECTIONS[found.direction]} (direction only)")
    return ": ".join(words)


def _run_again(members: Iterable[Conclusion]) -> Iterator[str]:
    """Yield what the studies that were run again were run with."""
    for again in {one.study: one.again for one in members if one.again}.values():
        yield f"- Ours of {again.id}, {again.budget} budget: {escape(again.caption)}"


def _grid(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    cells = [head, tuple("---" for _ in head), *rows]
    return [f"| {' | '.join(row)} |" for row in cells]
