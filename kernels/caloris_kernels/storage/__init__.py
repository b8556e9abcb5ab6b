"""Heat stored by what has no constant specific heat: temperature-dependent materials, phase change."""
