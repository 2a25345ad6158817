"""Do the tables' methods keep what they promise? Tried on studies whose truth is known."""
