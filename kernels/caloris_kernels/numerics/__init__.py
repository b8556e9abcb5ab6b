"""Interpolation and quadrature."""
