"""L and B/B0 by a high-order integrator with error control, root finding and quadrature of scipy and numpy."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq, minimize_scalar

from caloris_kernels.magnetic.field import REFERENCE_RADIUS, FieldCoefficients, dipole_moment, magnetic_field

_TOLERANCE = 1e-11
_ANGLES = (np.arange(400) + 0.5) * np.pi / 400
_SAMPLES = 600


def reference_shells(coefficients: FieldCoefficients, position: np.ndarray, longest: float = 6.0) -> np.ndarray:
    """[2, point]: L and B/B0 at positions (m). longest: in u = int ds / r, as far as lines are followed."""
    points = len(position)

    @jax.jit
    def field(place):
        return magnetic_field(coefficients, REFERENCE_RADIUS * place.reshape(points, 3))

    def strength(place):
        return np.linalg.norm(np.asarray(field(jnp.asarray(place))), axis=1)

    start = (position / REFERENCE_RADIUS).ravel()
    at_start = strength(start)
    ahead = start + 1e-4 * (np.asarray(field(jnp.asarray(start))) / at_start[:, None]).ravel()
    sign = np.where(strength(ahead) < at_start, 1.0, -1.0)[:, None]

    def slope(_, place):
        b = np.asarray(field(jnp.asarray(place)))
        r = np.linalg.norm(place.reshape(points, 3), axis=1)[:, None]
        return (sign * r * b / np.linalg.norm(b, axis=1)[:, None]).ravel()

    line = solve_ivp(slope, (0.0, longest), start, "DOP853", rtol=_TOLERANCE, atol=_TOLERANCE, dense_output=True).sol

    samples = np.linspace(0.0, longest, _SAMPLES + 1)[1:]
    heights = np.stack([np.log(strength(line(u)) / at_start) for u in samples])
    one = _one_point(coefficients, line, at_start, points)
    shells = np.empty((2, points))
    moment = float(dipole_moment(coefficients))
    for k in range(points):
        above = np.flatnonzero(heights[:, k] > 0.0)
        if not len(above) or above[0] == 0:
            shells[:, k] = np.nan
            continue
        first = above[0]
        root = brentq(lambda u, k=k: one(u, k)[0], samples[first - 1], samples[first], xtol=1e-13)
        conjugate = float(root)  # pyright: ignore[reportArgumentType]
        lowest = samples[np.argmin(heights[:first, k])]
        around = (max(lowest - 0.02, 0.0), min(lowest + 0.02, conjugate))
        least: Any = minimize_scalar(
            lambda u, k=k: one(u, k)[0], bounds=around, method="bounded", options={"xatol": 1e-10}
        )
        at = np.array([one(u, k) for u in 0.5 * conjugate * (1.0 - np.cos(_ANGLES))])
        depth = np.sqrt(np.maximum(-np.expm1(at[:, 0]), 0.0))
        integral = 0.5 * conjugate * np.pi / len(_ANGLES) * np.sum(np.sin(_ANGLES) * depth * at[:, 1])
        y = integral * np.cbrt(at_start[k] / moment)
        cubic = 1.0 + 1.35047 * y + 0.465380 * y**2 + 0.0475455 * y**3
        shells[:, k] = np.cbrt(moment / at_start[k] * cubic), np.exp(-min(least.fun, 0.0))
    return shells


def _one_point(coefficients, line, at_start, points):
    """ln(B/B at the point) and r of one point's line at u."""
    field = jax.jit(lambda place: magnetic_field(coefficients, REFERENCE_RADIUS * place[None])[0])

    def at(u, k):
        place = line(u).reshape(points, 3)[k]
        return np.log(np.linalg.norm(np.asarray(field(place))) / at_start[k]), np.linalg.norm(place)

    return at
