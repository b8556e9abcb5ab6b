"""Differential spectra from integral ones: a smooth curve through the published points, and its slope."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

# From one level to the next the flux falls by at most this in its logarithm: what stands for no particles.
_LARGEST_FALL = 6.0
# Slopes up to three times the secant beside them keep a cubic monotone.
_MONOTONE = 3.0
# Energies on the lowest level, whatever their last digit.
_SLACK = 1e-9


def integral_flux(
    energy: Float[Array, "*points"], level: Float[np.ndarray, " level"], above: Float[Array, " level"]
) -> Float[Array, "*points"]:
    """Flux above an energy from the fluxes `above` at ascending levels; units of `above`, energies alike.

    ln J over ln E is the cubic spline through the levels, its slopes held between zero and three times the secants
    beside them, so that it nowhere rises (Fritsch & Carlson, SIAM J. Numer. Anal. 17, 238, 1980, doi 10.1137/0717021;
    Hyman, SIAM J. Sci. Stat. Comput. 4, 645, 1983, doi 10.1137/0904045). Beyond the last level it is J exp(-(E -
    E_last)/E_0) with the slope there; below the first, about which nothing is known, zero. A level without flux counts
    as e^-6 of the one before; no flux at the first is zero everywhere. level: four at least, numbers (not
    differentiable); differentiable in energy and in the fluxes.
    """
    return _curve(energy, level, above)[0]


def differential_flux(
    energy: Float[Array, "*points"], level: Float[np.ndarray, " level"], above: Float[Array, " level"]
) -> Float[Array, "*points"]:
    """Differential spectrum j = -dJ/dE of the curve of `integral_flux`: never negative, continuous above the first.

    Its integral between two levels is the difference of their fluxes exactly. Between levels, for power laws,
    exponentials of 80 MeV and their sums and products at the levels of AP-8, it is within 0.7 % from 1 to 100 MeV, 3 %
    from 0.2 to 300 MeV, 15 % at both ends. Units of `above` per unit of energy. Differentiable in energy (its slope
    jumps at levels where a slope is held) and in the fluxes.
    """
    return _curve(energy, level, above)[1]


def _curve(energy: Array, level: np.ndarray, above: Array) -> tuple[Array, Array]:
    """J and -dJ/dE."""
    place = np.log(level)
    present = above[0] > 0.0
    positive = above > 0.0
    logarithm = jnp.where(positive, jnp.log(jnp.where(positive, above, 1.0)), -1e3)
    logarithm = jnp.where(present, logarithm, 0.0)
    # No lower than the level before by more than the largest fall: a running maximum of what is left above it.
    allowance = _LARGEST_FALL * np.arange(len(level))
    value = jax.lax.cummax(logarithm + allowance) - allowance
    slope = _slopes(place, value)
    inside = jnp.maximum(energy, level[0])
    held = jnp.minimum(inside, level[-1])
    k = jnp.clip(jnp.searchsorted(jnp.asarray(level), held, side="right") - 1, 0, len(level) - 2)
    width = jnp.asarray(np.diff(place))[k]
    t = (jnp.log(held) - jnp.asarray(place)[k]) / width
    rise, left, right = value[k + 1] - value[k], slope[k] * width, slope[k + 1] * width
    bow, twist = 3.0 * rise - 2.0 * left - right, left + right - 2.0 * rise
    log_flux = value[k] + t * (left + t * (bow + t * twist))
    steepness = -(left + t * (2.0 * bow + 3.0 * t * twist)) / width
    # Rounding alone could leave a slope of the wrong sign.
    rate = jnp.maximum(steepness, 0.0) / held
    flux = jnp.exp(log_flux - rate * (inside - held))
    known = present & (energy >= level[0] * (1.0 - _SLACK))
    return jnp.where(known, flux, 0.0), jnp.where(known, rate * flux, 0.0)


def _slopes(place: np.ndarray, value: Array) -> Array:
    """Slopes of the spline at the levels, held where it would not fall everywhere."""
    slope = jnp.asarray(_spline_matrix(place)) @ value
    secant = jnp.diff(value) / np.diff(place)
    beside = jnp.concatenate([secant[:1], jnp.maximum(secant[:-1], secant[1:]), secant[-1:]])
    return jnp.clip(slope, _MONOTONE * jnp.minimum(beside, 0.0), 0.0)


def _spline_matrix(place: np.ndarray) -> np.ndarray:
    """The matrix that makes slopes at the knots out of values: a cubic spline, not-a-knot at both ends."""
    size, width = len(place), np.diff(place)
    system, given = np.zeros((size, size)), np.zeros((size, size))
    secant = (np.eye(size)[1:] - np.eye(size)[:-1]) / width[:, None]
    for k in range(1, size - 1):
        before, behind = width[k - 1], width[k]
        system[k, k - 1 : k + 2] = behind, 2.0 * (before + behind), before
        given[k] = 3.0 * (behind * secant[k - 1] + before * secant[k])
    # The first two cubics are one, and the last two.
    for row, inner, outer, one, two in ((0, 1, 0, 0, 1), (size - 1, size - 2, size - 1, -1, -2)):
        near, far = width[one], width[two]
        system[row, outer], system[row, inner] = far, near + far
        given[row] = ((near + 2.0 * (near + far)) * far * secant[one] + near**2 * secant[two]) / (near + far)
    return np.linalg.solve(system, given)
