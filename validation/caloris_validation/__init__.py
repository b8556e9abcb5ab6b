"""Reference cases: analytic and published numbers that the engine must reproduce."""
