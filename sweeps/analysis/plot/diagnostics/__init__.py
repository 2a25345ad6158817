"""Figures of diagnostics, levels side by side; of each its data apart from its drawing."""
