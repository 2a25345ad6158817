"""Studies that are killed again and again, and what must be true of them afterwards."""
