"""Fluid loops and heat pipes: properties, pressure drop, heat transfer, and the laws of their parts."""
