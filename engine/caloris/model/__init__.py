"""Models: data, shapes and units; no algorithms."""
