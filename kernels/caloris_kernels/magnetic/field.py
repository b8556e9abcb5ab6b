"""The Earth's main magnetic field: the International Geomagnetic Reference Field, 14th generation, 1900 to 2030.

    V = a sum_n (a/r)^(n+1) sum_m P_n^m(cos theta) (g_nm cos m phi + h_nm sin m phi),   B = -grad V,

a = 6371.2 km, P_n^m Schmidt semi-normalized, n up to 13 (up to 10 before 2000).
Source: IAGA Working Group V-MOD, IGRF-14, doi 10.5281/zenodo.14012302, free for use with acknowledgment; the
coefficients lie beside this file as they were published (tables/igrf14.shc).
"""

from functools import lru_cache
from importlib.resources import files
from math import factorial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

REFERENCE_RADIUS = 6371.2e3  # m, of the expansion; L is counted in it
DEGREES = 13
_ORDERS = DEGREES + 1
# Points whose intermediate sums stay in a processor's cache.
_CHUNK = 512


class FieldCoefficients(NamedTuple):
    """Coefficients of one epoch, [degree, order], degrees and orders from 0."""

    cosine: Float[Array, "14 14"]  # g, T
    sine: Float[Array, "14 14"]  # h, T


@lru_cache
def _published() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Epochs (decimal years), cosine and sine coefficients (nT) [epoch, degree, order]."""
    text = files("caloris_kernels.magnetic").joinpath("tables", "igrf14.shc").read_text()
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")][1:]
    years = np.array(lines[0], float)
    coefficients = np.zeros((2, len(years), _ORDERS, _ORDERS))
    for degree, order, *values in lines[1:]:
        # A negative order marks the sine coefficient.
        coefficients[int(order.startswith("-")), :, int(degree), abs(int(order))] = np.array(values, float)
    return years, coefficients[0], coefficients[1]


def days_of_year(year: Float[Array, ""]) -> Float[Array, ""]:
    """Days from 2000-01-01 12:00 to a decimal year of the Gregorian calendar, 1980.5 being the middle of 1980.

    Differentiable inside a year (its slope is the length of that year, 365 or 366 days).
    """
    whole = jnp.floor(year)
    start = _first_of_january(whole)
    return start + (year - whole) * (_first_of_january(whole + 1.0) - start)


def _first_of_january(year: Array) -> Array:
    """Days from 2000-01-01 12:00 to the first instant of a year."""
    before = year - 1.0
    leap_days = jnp.floor(before / 4.0) - jnp.floor(before / 100.0) + jnp.floor(before / 400.0)
    # Before 2000 lie 1999 years with 484 leap days.
    return 365.0 * (before - 1999.0) + leap_days - 484.0 - 0.5


def field_coefficients(days: Float[Array, ""]) -> FieldCoefficients:
    """Coefficients at an epoch, linear in time between the sets that are five years apart.

    days: UTC days since 2000-01-01 12:00. Valid 1900 to 2030; beyond, the nearest slope goes on, which nothing vouches
    for. Differentiable in days between the sets.
    """
    years, cosine, sine = _published()
    epochs = _first_of_january(jnp.asarray(years))
    k = jnp.clip(jnp.searchsorted(epochs, days, side="right") - 1, 0, len(years) - 2)
    fraction = (days - epochs[k]) / (epochs[k + 1] - epochs[k])

    def at(table: np.ndarray) -> Array:
        table_ = jnp.asarray(table * 1e-9)
        return table_[k] + fraction * (table_[k + 1] - table_[k])

    return FieldCoefficients(at(cosine), at(sine))


def dipole_moment(coefficients: FieldCoefficients) -> Float[Array, ""]:
    """Moment M of the centered dipole (T, in units of a^3): sqrt(g_10^2 + g_11^2 + h_11^2).

    The strength at the dipole's equator is M (a/r)^3.
    """
    return jnp.sqrt(jnp.sum(dipole_vector(coefficients) ** 2))


def dipole_vector(coefficients: FieldCoefficients) -> Float[Array, " xyz"]:
    """The dipole (g_11, h_11, g_10) in T; it points to the magnetic pole of the south."""
    cosine, sine = coefficients
    return jnp.stack([cosine[1, 1], sine[1, 1], cosine[1, 0]])


def _recursion() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Constants of A_nm = S_nm d^m P_n / du^m, S Schmidt's factors: see `magnetic_field`."""
    size = _ORDERS
    schmidt = np.zeros((size, size + 1))
    for n in range(size):
        for m in range(n + 1):
            schmidt[n, m] = np.sqrt((1 if m == 0 else 2) * factorial(n - m) / factorial(n + m))
    rise, fall, diagonal, derivative = (np.zeros((size, size + 1)) for _ in range(4))
    for n in range(1, size):
        for m in range(n):
            rise[n, m] = (2 * n - 1) / (n - m) * schmidt[n, m] / schmidt[n - 1, m]
            derivative[n, m] = schmidt[n, m] / schmidt[n, m + 1]
            if m <= n - 2:
                fall[n, m] = (n + m - 1) / (n - m) * schmidt[n, m] / schmidt[n - 2, m]
        diagonal[n, n] = np.prod(np.arange(1, 2 * n, 2.0)) * schmidt[n, n]
    return rise, fall, diagonal, derivative


_RISE, _FALL, _DIAGONAL, _DERIVATIVE = _recursion()


def field_of_columns(coefficients: FieldCoefficients, position: Float[Array, "xyz point"]) -> Float[Array, "xyz point"]:
    """`magnetic_field` of points that lie in columns, position in units of a; for use inside other kernels.

    All points at once: more than some hundred should come in chunks.
    """
    squared = jnp.sum(position * position, axis=0)
    inverse = jax.lax.rsqrt(squared)
    x, y, u = position * inverse
    sums = _sums_over_degrees(coefficients, u, inverse)
    real, imaginary = _powers(x, y)
    order = jnp.arange(1.0, _ORDERS)[:, None]
    along_x = jnp.sum(order * (sums[0][1:] * real[:-1] + sums[1][1:] * imaginary[:-1]), axis=0)
    along_y = jnp.sum(order * (sums[1][1:] * real[:-1] - sums[0][1:] * imaginary[:-1]), axis=0)
    along_z = jnp.sum(sums[4] * real + sums[5] * imaginary, axis=0)
    radial = jnp.sum(sums[2] * real + sums[3] * imaginary, axis=0) + u * along_z
    return jnp.stack([radial * x - along_x, radial * y - along_y, radial * u - along_z])


def _sums_over_degrees(coefficients: FieldCoefficients, u: Array, inverse: Array) -> list[Array]:
    """Sums over n of (a/r)^(n+2) times A g, A h, (n+m+1) A g, (n+m+1) A h, dA/du g and dA/du h: each [order, point].

    A loop, not written out: as fast on a processor, and a kernel that holds several fields compiles sooner.
    """
    order = jnp.arange(_ORDERS, dtype=u.dtype)[:, None]
    constants = (_RISE, _FALL, _DIAGONAL, _DERIVATIVE[:, :-1])
    of_degree = [jnp.asarray(table[1:], u.dtype)[:, :, None] for table in constants]
    of_degree += [part[1:, :, None] for part in coefficients]
    before = jnp.zeros((_ORDERS + 1, u.shape[0]), u.dtype)

    def add_degree(carry, degree):
        before, present, power, sums = carry
        n, rise, fall, diagonal, derivative, g, h = degree
        present, before = rise * u * present - fall * before + diagonal, present
        power = power * inverse
        value, slope = power * present[:-1], power * derivative * present[1:]
        in_cosine, in_sine, weight = value * g, value * h, n + 1.0 + order
        terms = (in_cosine, in_sine, weight * in_cosine, weight * in_sine, slope * g, slope * h)
        return (before, present, power, [total + term for total, term in zip(sums, terms, strict=True)]), None

    start = (before, before.at[0].set(1.0), inverse * inverse, [jnp.zeros_like(before[1:])] * 6)
    (_, _, _, sums), _ = jax.lax.scan(add_degree, start, (jnp.arange(1.0, _ORDERS, dtype=u.dtype), *of_degree))
    return sums


def _powers(x: Array, y: Array) -> tuple[Array, Array]:
    """Real and imaginary parts of (x + i y)^m, [order, point]."""
    real, imaginary = [jnp.ones_like(x)], [jnp.zeros_like(x)]
    for _ in range(DEGREES):
        a, b = real[-1], imaginary[-1]
        real.append(x * a - y * b)
        imaginary.append(x * b + y * a)
    return jnp.stack(real), jnp.stack(imaginary)


def magnetic_field(coefficients: FieldCoefficients, position: Float[Array, "point xyz"]) -> Float[Array, "point xyz"]:
    """Magnetic flux density B (T) at geocentric, Earth-fixed positions (m); z to the north pole, x to longitude 0.

    With the unit vector (x, y, u) = r/|r| and A_nm = S_nm d^m P_n(u)/du^m,

        P_n^m (cos m phi, sin m phi) = A_nm (Re, Im)(x + i y)^m,
        grad = (1/r) [e_x d/dx + e_y d/dy + e_z d/du - r/|r| (n + 1 + m + u d/du)],

    polynomials without an angle and so without a singularity at the poles; A by the recursion over degrees
    (n - m) P_n^(m) = (2n - 1) u P_(n-1)^(m) - (n + m - 1) P_(n-2)^(m) of derivatives of Legendre's polynomials.
    Source: Pines, AIAA Journal 11, 1508 (1973), doi 10.2514/3.50619. Valid outside the Earth's core, |r| > 0;
    currents outside the Earth are left out: 1e-3 of B in low orbits, all of it beyond some 10 a.
    """
    scaled = position / REFERENCE_RADIUS
    count = scaled.shape[0]
    if count <= _CHUNK:
        return field_of_columns(coefficients, scaled.T).T
    chunks = -(-count // _CHUNK)
    # Points that fill the last chunk stand at (1, 0, 0) a: any place where the field is finite.
    filling = jnp.zeros((chunks * _CHUNK - count, 3), scaled.dtype).at[:, 0].set(1.0)
    blocks = jnp.concatenate([scaled, filling]).reshape(chunks, _CHUNK, 3).swapaxes(1, 2)
    field = jax.lax.map(lambda block: field_of_columns(coefficients, block), blocks)
    return field.swapaxes(1, 2).reshape(-1, 3)[:count]
