"""Figures of a study; what is drawn is computed apart from the drawing.

Figures are matplotlib objects without pyplot: no window, no global state, safe on any thread.
"""
