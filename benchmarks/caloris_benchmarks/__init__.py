"""Benchmarks: Caloris beside its peers in one run."""
