"""What was recorded for benchmarks, how, and how it is read."""
