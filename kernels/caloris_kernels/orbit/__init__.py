"""Orbits, the Sun, eclipses and frames."""
