"""Protons and electrons trapped in the Earth's field: NASA's AP-8 and AE-8."""
