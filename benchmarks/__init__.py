"""Measured claims: every file directly in this folder is one benchmark; see `harness.benchmark`."""
