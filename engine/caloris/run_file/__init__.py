"""Solutions as the named arrays of a run file."""
