"""The benchmark of trapped flux, small, on the table of a dipole."""

import jax.numpy as jnp
import numpy as np
import pytest

from caloris_benchmarks import bench_trapped_flux
from caloris_benchmarks.runner import load
from caloris_kernels.magnetic import shell_table
from caloris_kernels.magnetic.field import REFERENCE_RADIUS, FieldCoefficients, dipole_moment
from caloris_kernels.magnetic.shell_table import DriftShellTable, table_positions


def dipole_table(_epoch: float) -> DriftShellTable:
    """The exact table of a dipole along the axis: 1/L = cos^2(latitude) a/r, q = 1."""
    cosine = np.zeros((14, 14))
    cosine[1, 0] = -3e-5
    coefficients = FieldCoefficients(jnp.asarray(cosine), jnp.zeros((14, 14)))
    place = table_positions()
    radius = np.linalg.norm(place, axis=1)
    inverse = (place[:, 0] ** 2 + place[:, 1] ** 2) / radius**3 * REFERENCE_RADIUS
    values = jnp.asarray(np.stack([inverse, np.ones_like(inverse)]).reshape(2, 61, 60, 22))
    return DriftShellTable(shell_table._rows(values), coefficients, dipole_moment(coefficients))


@pytest.mark.slow
def test_dry_run(monkeypatch):
    monkeypatch.setattr(bench_trapped_flux, "drift_shell_table", dipole_table)
    assert load("trapped-flux") is bench_trapped_flux.bench_trapped_flux
    table, gradient, lines = bench_trapped_flux.bench_trapped_flux(orbits=4, points=10, energies=5)
    assert table["size"] == "4 orbits x 10 points x 5 energies" and "within" not in table
    # Table and field lines: Hilton's formula, 1e-4 in L; AP-8 falls steeply with L at its lower edge.
    assert 0.0 < table["error"] < 0.02
    assert all(row["seconds"] > 0.0 and row["compile_seconds"] >= 0.0 for row in (table, gradient, lines))


def test_orbits_are_circular():
    place = bench_trapped_flux._orbits(50, 20)
    radius = np.linalg.norm(place, axis=-1)
    np.testing.assert_allclose(radius, radius[:, :1] + np.zeros((1, 20)), rtol=1e-12)
    altitude = radius[:, 0] - bench_trapped_flux.EARTH_RADIUS
    assert altitude.min() > 500e3 and altitude.max() < 2000e3
