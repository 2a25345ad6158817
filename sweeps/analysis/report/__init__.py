"""The report: one page with the answer, the table, the figures and where all of it comes from."""
