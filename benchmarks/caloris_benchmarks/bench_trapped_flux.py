"""Trapped flux along many orbits from the table of drift shells, beside the package aep8."""

import importlib
import importlib.util
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from caloris.solve.drift_shells import drift_shell_table
from caloris_benchmarks.timing import timed
from caloris_kernels.constants import EARTH_RADIUS
from caloris_kernels.magnetic.drift_shell import DriftShell, drift_shell
from caloris_kernels.magnetic.shell_table import look_up_drift_shell
from caloris_kernels.trapped.flux import orbit_flux, orbit_means
from caloris_kernels.trapped.flux_map import FIELD_EPOCHS, trapped_map

# What 1000 orbits of 100 points and 30 energies may take on two cores.
GOAL = 1.5
_COMPARED = 20  # orbits whose field lines are traced
_PEER_POINTS = 2000


def bench_trapped_flux(orbits: int = 1000, points: int = 100, energies: int = 30) -> list[dict]:
    """Mean AP8MIN spectra of circular orbits, 500 to 2000 km, any inclination, at the field of the map's own epoch.

    Rows: all orbits from the table; as many with the gradient of the summed flux in all positions; the orbits compared,
    by tracing field lines. seconds is the best of three; error is the largest difference of a mean flux above 10 MeV
    from that by field lines, relative to the largest such flux. The peer's time is that of some points at one energy,
    scaled to all of them, B and L given.
    """
    flux_map, table = trapped_map("AP8MIN"), drift_shell_table(FIELD_EPOCHS["AP8MIN"])
    energy = jnp.asarray(np.geomspace(0.1, 300.0, energies))
    position = jnp.asarray(_orbits(orbits, points))
    means = jax.jit(orbit_means)
    traced = jax.jit(
        lambda path: jax.lax.map(
            lambda one: orbit_flux(flux_map, energy, drift_shell(table.coefficients, one)).mean, path
        )
    )
    gradient = jax.jit(jax.grad(lambda path: jnp.sum(orbit_means(flux_map, energy, table, path))))
    size = f"{orbits} orbits x {points} points x {energies} energies"
    seconds, compile_seconds, value = timed(lambda: means(flux_map, energy, table, position))
    compared = position[:: max(orbits // _COMPARED, 1)]
    traced_seconds, traced_compile, exact = timed(lambda: traced(compared))
    high = np.asarray(energy) >= 10.0
    got, expected = np.asarray(value)[:: max(orbits // _COMPARED, 1)][:, high], np.asarray(exact)[:, high]
    error = float(np.max(np.abs(got - expected)) / np.max(expected))
    gradient_seconds, gradient_compile, _ = timed(lambda: gradient(position))
    shell = jax.jit(look_up_drift_shell)(table, position.reshape(-1, 3)[:_PEER_POINTS])
    row: dict[str, Any] = {"name": "trapped-flux", "size": size, "seconds": seconds}
    row |= {"compile_seconds": compile_seconds, "error": error, "peers": _peer(shell, orbits * points * energies)}
    if (orbits, points, energies) == (1000, 100, 30):
        row["within"] = seconds <= GOAL
    nothing = {"error": float("nan"), "peers": {}}
    slopes = {"name": "trapped-flux, gradient", "size": size, "seconds": gradient_seconds} | nothing
    lines = {
        "name": "trapped-flux, field lines",
        "seconds": traced_seconds,
        "compile_seconds": traced_compile,
    } | nothing
    lines |= {"size": f"{len(compared)} orbits x {points} points x {energies} energies", "error": 0.0}
    return [row, slopes | {"compile_seconds": gradient_compile}, lines]


def _orbits(orbits: int, points: int) -> np.ndarray:
    """Circular orbits, Earth-fixed (m): the node moves with the Earth's rotation, fifteen revolutions a day."""
    random = np.random.default_rng(1)
    radius = EARTH_RADIUS + random.uniform(500e3, 2000e3, (orbits, 1))
    inclination, node = random.uniform(0.0, np.pi, (orbits, 1)), random.uniform(0.0, 2.0 * np.pi, (orbits, 1))
    phase = 2.0 * np.pi * (np.arange(points) + 0.5) / points + np.zeros((orbits, 1))
    node = node - phase / 15.0
    x, y, z = np.cos(phase), np.sin(phase) * np.cos(inclination), np.sin(phase) * np.sin(inclination)
    place = np.stack([np.cos(node) * x - np.sin(node) * y, np.sin(node) * x + np.cos(node) * y, z], axis=-1)
    return radius[:, :, None] * place


def _peer(shell: DriftShell, evaluations: int) -> dict[str, Any]:
    """aep8, where it is installed: one evaluation at a time in compiled code."""
    if importlib.util.find_spec("aep8") is None:
        return {}
    from astropy import units

    model, place = importlib.import_module("aep8").model("p", "min"), [np.asarray(part) for part in shell]
    begin = time.perf_counter()
    expected = model.integral_flux_for_geomagnetic_coordinates(*place, 30.0 * units.MeV).value
    seconds = (time.perf_counter() - begin) / len(expected) * evaluations
    return {"aep8, B and L given": {"seconds": seconds, "error": 0.0}}
