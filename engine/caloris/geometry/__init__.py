"""Parametric shapes, mesh files, assembly and ray casting."""
