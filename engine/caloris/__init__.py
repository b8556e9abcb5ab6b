"""Caloris: a differentiable thermal, power and radiation-effects engine for satellites."""
