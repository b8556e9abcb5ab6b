"""Verbs: one solver a file, the jit boundary."""
