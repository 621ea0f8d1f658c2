"""A recording goes with its note."""
