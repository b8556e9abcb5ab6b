"""Caloris kernels: arrays in, arrays out; radiative heat transfer, orbits, time stepping, particles."""
