"""L and B/B0 from a table over latitude, longitude and inverse radius: two orders faster than tracing field lines.

What is tabulated is smooth where L itself is not: 1/L, which is near cos^2(latitude) a/r, and q = B0 L^3 / M, which
is 1 in a dipole. The strength B at a point is IGRF's own, so that B/B0 = B L^3 / (q M) keeps its detail.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris_kernels.magnetic.drift_shell import LARGEST_SHELL, DriftShell, drift_shell
from caloris_kernels.magnetic.field import REFERENCE_RADIUS, FieldCoefficients, dipole_moment, magnetic_field

_LATITUDE_STEP, _LONGITUDE_STEP = 3.0, 6.0  # deg
_LATITUDES, _LONGITUDES, _RADII = 61, 60, 22
# a/r of the first and the last node: altitudes 37 500 km and 97 km over the sphere of radius a.
_FARTHEST, _NEAREST = 0.145, 0.985
# Nodes with one more at each end of latitude and radius, and one before and two behind of longitude.
_ROWS = (_LATITUDES + 2, _LONGITUDES + 3, _RADII - 1)
_STEPS = 40


class DriftShellTable(NamedTuple):
    """Drift shells of one epoch and dipole moment."""

    rows: Float[Array, "row 8"]  # four neighbors in a/r of 1/L and q, at each latitude, longitude and first neighbor
    coefficients: FieldCoefficients
    moment: Float[Array, ""]  # T, in units of a^3


def tabulate_drift_shells(coefficients: FieldCoefficients, moment: Float[Array, ""] | None = None) -> DriftShellTable:
    """Trace the field lines through all 80 520 nodes of the table; half a minute on two cores.

    moment is that of the coefficients unless given. Rows are float32, 2.8 MB. Differentiable in coefficients and
    moment.
    """
    if moment is None:
        moment = dipole_moment(coefficients)
    position = jnp.asarray(table_positions())
    shell = drift_shell(coefficients, position, moment, _STEPS)
    strength = jnp.sqrt(jnp.sum(magnetic_field(coefficients, position) ** 2, axis=1))
    deviation = strength / shell.strength_ratio * shell.mcilwain**3 / moment
    values = jnp.stack([1.0 / shell.mcilwain, deviation]).reshape(2, _LATITUDES, _LONGITUDES, _RADII)
    return DriftShellTable(_rows(values).astype(jnp.float32), coefficients, jnp.asarray(moment))


def table_positions() -> Float[np.ndarray, "place xyz"]:
    """Nodes of the table, geocentric and Earth-fixed (m): latitude outermost, then longitude, then a/r."""
    latitude = np.radians(np.linspace(-90.0, 90.0, _LATITUDES))[:, None, None]
    longitude = np.radians(_LONGITUDE_STEP * np.arange(_LONGITUDES))[None, :, None]
    radius = REFERENCE_RADIUS / np.linspace(_FARTHEST, _NEAREST, _RADII)[None, None]
    x, y, z = np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)
    return np.stack(np.broadcast_arrays(radius * x, radius * y, radius * z), axis=-1).reshape(-1, 3)


def _rows(values: Array) -> Array:
    """The table beyond its ends, and every four neighbors in a/r side by side."""
    # Over a pole latitude goes on at the opposite longitude.
    opposite = jnp.roll(values, _LONGITUDES // 2, axis=2)
    values = jnp.concatenate([opposite[:, 1:2], values, opposite[:, -2:-1]], axis=1)
    values = jnp.concatenate([values[:, :, -1:], values, values[:, :, :2]], axis=2)
    before, behind = 2.0 * values[..., :1] - values[..., 1:2], 2.0 * values[..., -1:] - values[..., -2:-1]
    values = jnp.concatenate([before, values, behind], axis=3)
    neighbors = jnp.stack([values[..., k : k + _RADII - 1] for k in range(4)], axis=-1)
    return jnp.moveaxis(neighbors, 0, -1).reshape(-1, 8)


def look_up_drift_shell(table: DriftShellTable, position: Float[Array, "point xyz"]) -> DriftShell:
    """McIlwain's L and B/B0 at geocentric, Earth-fixed positions (m), from a table; C1 (Catmull-Rom) in position.

    Error beside `drift_shell`, 95 of 100 points below 2000 km with L < 4: L 4e-5, B/B0 2e-4. Valid from 100 to
    37 000 km altitude; places beyond take 1/L and q of the last node below or above them. Differentiable in position
    (on the axis, not across it) and in the table.
    """
    x, y, z = position[:, 0], position[:, 1], position[:, 2]
    # On the axis longitude means nothing, and its derivative is zero.
    x = jnp.where((x == 0.0) & (y == 0.0), 1e-3, x)
    horizontal = jnp.sqrt(x * x + y * y)
    latitude, longitude = jnp.rad2deg(jnp.arctan2(z, horizontal)), jnp.rad2deg(jnp.arctan2(y, x)) % 360.0
    inverse = REFERENCE_RADIUS * jax.lax.rsqrt(jnp.sum(position**2, axis=1))
    height = jnp.clip((inverse - _FARTHEST) * ((_RADII - 1) / (_NEAREST - _FARTHEST)), 0.0, _RADII - 1.0)
    places = ((latitude + 90.0) / _LATITUDE_STEP, longitude / _LONGITUDE_STEP, height)
    cells = [_cell(place, size) for place, size in zip(places, (_LATITUDES, _LONGITUDES + 1, _RADII), strict=True)]
    (row, in_latitude), (column, in_longitude), (level, in_height) = cells
    total = jnp.zeros((position.shape[0], 8), position.dtype)
    for i in range(4):
        for j in range(4):
            index = ((row + i) * _ROWS[1] + column + j) * _ROWS[2] + level
            total = total + (in_latitude[i] * in_longitude[j])[:, None] * table.rows[index]
    inverse_shell, deviation = jnp.sum(total.reshape(-1, 4, 2) * jnp.stack(in_height, axis=1)[:, :, None], axis=1).T
    shell = 1.0 / jnp.maximum(inverse_shell, 1.0 / LARGEST_SHELL)
    strength = jnp.sqrt(jnp.sum(magnetic_field(table.coefficients, position) ** 2, axis=1))
    return DriftShell(shell, jnp.maximum(strength * shell**3 / (deviation * table.moment), 1.0))


def _cell(place: Array, size: int) -> tuple[Array, list[Array]]:
    """The cell's first node, padding counted, and the Catmull-Rom weights of four nodes."""
    cell = jnp.clip(jnp.floor(jax.lax.stop_gradient(place)).astype(jnp.int32), 0, size - 2)
    t = place - cell
    weights = [
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    ]
    return cell, weights
