"""From frames to artifacts: statistics, guards, tables and plots.

Everything here takes the ``trials`` and ``curves`` frames and gives a value, a text or a figure.
Nothing here knows where the frames came from.
"""
