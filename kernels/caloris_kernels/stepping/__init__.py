"""Time integration, periodic orbits and their adjoints."""
