"""Drift shells: McIlwain's L and the ratio B/B0 of the strength at a point to the least along its field line."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero
from jaxtyping import Array, Float

from caloris_kernels.magnetic.field import REFERENCE_RADIUS, FieldCoefficients, dipole_moment
from caloris_kernels.magnetic.field_line import (
    FieldLine,
    evaluate,
    interpolate_line,
    trace_field_line,
    window_polynomial,
    window_start,
)

LARGEST_SHELL = 100.0  # L of lines farther out, and of open ones
_STEPS = 56
_QUADRATURE = 24
_NEWTON = 4
# Twelve times the outermost shell's I: what stands for that of a line that did not come back.
_OPEN = 1e3
_CHUNK = 512


class DriftShell(NamedTuple):
    """Coordinates of trapped particles."""

    mcilwain: Float[Array, " point"]  # L, in units of a, at most LARGEST_SHELL
    strength_ratio: Float[Array, " point"]  # B / B0, at least 1


class Invariants(NamedTuple):
    """What a field line says of particles that mirror at a point of it."""

    integral: Float[Array, " point"]  # I, in units of a
    log_ratio: Float[Array, " point"]  # ln(B / B0)
    strength: Float[Array, " point"]  # B, T


def drift_shell(
    coefficients: FieldCoefficients,
    position: Float[Array, "point xyz"],
    moment: Float[Array, ""] | None = None,
    steps: int = _STEPS,
) -> DriftShell:
    """McIlwain's L and B/B0 at geocentric, Earth-fixed positions (m).

    I = int sqrt(1 - B/B_m) ds between the point and its conjugate, where the strength is B_m again, and L by
    `shell_parameter`; moment (T, in units of a^3) is that of the coefficients unless given. McIlwain, J. Geophys. Res.
    66, 3681 (1961), doi 10.1029/JZ066i011p03681. The line is traced (`trace_field_line`); the conjugate point
    is the root of f(u)/u, f = ln(B/B_m), by Newton's method, B0 the root of f'; I is a Gauss-Chebyshev sum of the
    second kind with 24 nodes, whose weight takes the square roots at both ends.

    Numerical error with 56 steps against an integrator of eighth order, 95 of 100 points: L 2.4e-6 for L < 4, 1.6e-5
    for L < 15; B/B0 1.3e-5 and 8e-5; it falls with the fourth power of the steps. Beyond LARGEST_SHELL, and on
    lines that do not come back, L is that number and B/B0 that of a dipole, without a derivative in L. Where a line
    has several minima, the conjugate point is the first. Valid for internal fields, L below some 8 (the
    magnetosphere's currents take over). Differentiable in position, coefficients and moment, forward and reverse; the
    derivative in position does not store the line.
    """
    scaled = position / REFERENCE_RADIUS
    invariants = _in_chunks(coefficients, scaled, steps)
    if moment is None:
        moment = dipole_moment(coefficients)
    shell = shell_parameter(invariants.integral, invariants.strength, moment)
    inside = shell < LARGEST_SHELL
    far_ratio = invariants.strength * LARGEST_SHELL**3 / moment
    ratio = jnp.where(inside, jnp.exp(jnp.where(inside, invariants.log_ratio, 0.0)), far_ratio)
    return DriftShell(jnp.where(inside, shell, LARGEST_SHELL), ratio)


def shell_parameter(
    integral: Float[Array, " point"], strength: Float[Array, " point"], moment: Float[Array, ""]
) -> Float[Array, " point"]:
    """McIlwain's L from the integral invariant I (units of a), B (T) and the dipole's moment M (T a^3).

    L^3 = (M/B) (1 + 1.35047 y + 0.465380 y^2 + 0.0475455 y^3),  y^3 = I^3 B/M.
    Source: Hilton, J. Geophys. Res. 76, 6952 (1971), doi 10.1029/JA076i028p06952; within
    1.01e-4 of a dipole's own L up to a latitude of 70 deg.
    """
    y = integral * jnp.cbrt(strength / moment)
    return jnp.cbrt(moment / strength * (1.0 + y * (1.35047 + y * (0.465380 + y * 0.0475455))))


def _in_chunks(coefficients: FieldCoefficients, scaled: Array, steps: int) -> Invariants:
    count = scaled.shape[0]
    if count <= _CHUNK:
        return _invariants(steps, coefficients, scaled.T)
    chunks = -(-count // _CHUNK)
    filling = jnp.zeros((chunks * _CHUNK - count, 3), scaled.dtype).at[:, 0].set(1.5)
    blocks = jnp.concatenate([scaled, filling]).reshape(chunks, _CHUNK, 3).swapaxes(1, 2)
    found = jax.lax.map(lambda block: _invariants(steps, coefficients, block), blocks)
    return Invariants(*(part.reshape(-1)[:count] for part in found))


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _invariants(steps: int, coefficients: FieldCoefficients, position: Array) -> Invariants:
    return _traced_invariants(steps, coefficients, position)


@partial(_invariants.defjvp, symbolic_zeros=True)
def _invariants_jvp(steps: int, primals: tuple, tangents: tuple) -> tuple[Invariants, Any]:
    """Three directions forward, contracted with the tangent: its transpose needs nothing of the line.

    A derivative in the coefficients is added only where it is asked for.
    """
    coefficients, position = primals
    coefficient_tangent, position_tangent = tangents

    def along(direction: Array) -> tuple[Invariants, Invariants]:
        of_position = partial(_traced_invariants, steps, coefficients)
        return jax.jvp(of_position, (position,), (direction,))

    if isinstance(position_tangent, SymbolicZero):
        value = _traced_invariants(steps, coefficients, position)
        tangent = jax.tree.map(jnp.zeros_like, value)
    else:
        directions = jnp.broadcast_to(jnp.eye(3, dtype=position.dtype)[:, :, None], (3, *position.shape))
        value, slopes = jax.vmap(along, out_axes=(None, 0))(directions)
        tangent = jax.tree.map(lambda slope: jnp.sum(slope * position_tangent, axis=0), slopes)
    if not all(isinstance(part, SymbolicZero) for part in coefficient_tangent):
        pairs = zip(coefficients, coefficient_tangent, strict=True)
        whole = FieldCoefficients(
            *(jnp.zeros_like(value) if isinstance(tangent, SymbolicZero) else tangent for value, tangent in pairs)
        )
        of_coefficients = partial(_traced_invariants, steps, position=position)
        _, more = jax.jvp(of_coefficients, (coefficients,), (whole,))
        tangent = jax.tree.map(jnp.add, tangent, more)
    return value, tangent


def _traced_invariants(steps: int, coefficients: FieldCoefficients, position: Array) -> Invariants:
    """`Invariants` of one block of columns (units of a)."""
    line = trace_field_line(coefficients, position, steps)
    place, closed = _conjugate_place(line)
    integral = jnp.where(closed, _integral_invariant(line, place), _OPEN)
    return Invariants(integral, -_least_log_strength(line), line.strength)


def _conjugate_place(line: FieldLine) -> tuple[Array, Array]:
    """Where f = ln(B/B_m) is zero again, in steps from the point, and whether the line came back to it.

    Newton's method on g = f/u, whose root at u = 0 is gone; at a minimum of the strength both meet: 0.
    """
    f = line.log_strength
    last, column = f.shape[0] - 1, jnp.arange(f.shape[1])
    above = f[1:] > 0.0
    closed = jnp.any(above, axis=0)
    node = jnp.where(closed, jnp.argmax(above, axis=0) + 1, last)
    start = window_start(node - 1, last + 1)
    polynomial = window_polynomial(f, start)
    # g at the nodes before and after its root; at the point itself it is the slope of f.
    initial_slope = window_polynomial(f, jnp.zeros_like(start))[1]
    low = jnp.where(node == 1, initial_slope, f[node - 1, column] / jnp.maximum(node - 1, 1))
    high = f[node, column] / node
    rise = jnp.where(closed, high - low, 1.0)
    place = node - 1 + jnp.clip(-low / rise, 0.0, 1.0)

    def improve(_, place):
        held = jnp.maximum(place, 1e-7)
        value, slope, _ = evaluate(polynomial, held - start)
        slope_of_g = (slope - value / held) / held
        return jnp.clip(held - value / held / jnp.where(slope_of_g == 0.0, 1.0, slope_of_g), 0.0, node)

    place = jax.lax.fori_loop(0, _NEWTON, improve, place)
    return jnp.where(closed, place, float(last)), closed


def _integral_invariant(line: FieldLine, place: Array) -> Array:
    """I = int_0^U sqrt(1 - e^f) r du, u = U (1 - cos phi)/2 at equal steps of phi."""
    phi = np.arange(1, _QUADRATURE + 1) * np.pi / (_QUADRATURE + 1)
    at = place[None] * jnp.asarray((1.0 - np.cos(phi)) / 2.0, place.dtype)[:, None]
    log_strength, radius = interpolate_line((line.log_strength, line.radius), at)
    depth = -jnp.expm1(log_strength)
    trapped = depth > 1e-15
    root = jnp.where(trapped, jnp.sqrt(jnp.where(trapped, depth, 1.0)), 0.0)
    total = jnp.sum(jnp.asarray(np.sin(phi), place.dtype)[:, None] * root * radius, axis=0)
    return place * line.step * (0.5 * np.pi / (_QUADRATURE + 1)) * total


def _least_log_strength(line: FieldLine) -> Array:
    """Least ln(B/B_m) along the line, by Newton's method on the slope, from the lowest node."""
    f = line.log_strength
    node = jnp.argmin(f, axis=0)
    start = window_start(node, f.shape[0])
    polynomial = window_polynomial(f, start)
    first = (node - start).astype(f.dtype)

    def improve(_, t):
        _, slope, curvature = evaluate(polynomial, t)
        bent = curvature > 0.0
        t = t - jnp.where(bent, slope / jnp.where(bent, curvature, 1.0), 0.0)
        return jnp.clip(t, jnp.maximum(first - 1.0, 0.0), first + 1.0)

    t = jax.lax.fori_loop(0, _NEWTON, improve, first)
    return jnp.minimum(evaluate(polynomial, t)[0], 0.0)
