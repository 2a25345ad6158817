"""From facts to findings: pure functions, which ask nobody."""
