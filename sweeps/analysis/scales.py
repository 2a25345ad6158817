"""On what scale the values of a parameter are seen: numbers, their logarithms, or options."""

import pandas as pd

SPAN = 20.0
"""Ratio of the largest value to the smallest from which it is the logarithm that is shown."""


def is_number(values: "pd.Series[float]") -> bool:
    """Whether all values of a parameter are numbers; truth values are none."""
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)


def is_log(values: "pd.Series[float]") -> bool:
    """Whether numbers span so much that they are shown by their logarithm."""
    return bool(values.min() > 0 and values.max() / values.min() >= SPAN)


def ordered_options(values: "pd.Series[float]") -> list[str]:
    """List options, each once: by size where the words are numbers, else as first used."""
    words = list(dict.fromkeys(map(str, values)))
    try:
        return sorted(words, key=float)
    except ValueError:
        return words
