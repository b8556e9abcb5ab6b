"""Particle environment, transport and spectra."""
