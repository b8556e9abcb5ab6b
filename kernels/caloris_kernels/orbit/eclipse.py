"""Shadow of a spherical planet: lit fraction of the solar disc and the moments at which shadow begins and ends."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from caloris_kernels.constants import SOLAR_RADIUS

# Grid points a revolution to find noon and the deepest point; golden sections to refine the latter from two
# grid steps (1/64 * 0.618^28 = 2e-8, as far as a minimum can be told in float64); bisections to rounding.
_GRID = 128
_GOLDEN_SECTIONS = 28
_BISECTIONS = 50


class ShadowEdges(NamedTuple):
    """Phases (in revolutions) at which shadows begin and end, revolution by revolution."""

    begin: Float[Array, "revolution shadow"]
    end: Float[Array, "revolution shadow"]
    deepest: Float[Array, " revolution"]
    exists: Bool[Array, "revolution shadow"]


def lit_fraction(
    position: Float[Array, "time xyz"], sun_position: Float[Array, "time xyz"], planet_radius: Float[Array, ""]
) -> Float[Array, " time"]:
    """Visible fraction (0 to 1) of the solar disc behind a spherical planet: the cone model.

    position and sun_position in m from the planet's center. Sun and planet are discs of angular radii
    asin(R_sun/d_sun) and asin(R/r) at the angle c between their centers; the hidden part is their overlap
    (O. Montenbruck, E. Gill, Satellite Orbits, 2000, section 3.4.2). Continuous with its first derivative
    at all contacts. Valid outside the planet (r > R); no atmosphere, no oblateness, no limb darkening.
    """
    sun, planet, separation = _apparent_discs(position, sun_position, planet_radius)
    return 1 - disc_overlap_area(sun, planet, separation) / (jnp.pi * sun**2)


def lit_fraction_cylinder(
    position: Float[Array, "time xyz"], sun_direction: Float[Array, "time xyz"], planet_radius: Float[Array, ""]
) -> Float[Array, " time"]:
    """1 outside and 0 inside the cylinder of radius R behind the planet (the Sun a point at infinity).

    A step: its derivative is zero wherever it exists. Differentiate the edges (shadow_edges), not this.
    """
    return jnp.where(cylinder_margin(position, sun_direction, planet_radius) < 0, 0.0, 1.0)


def cone_margins(
    position: Float[Array, "time xyz"], sun_position: Float[Array, "time xyz"], planet_radius: Float[Array, ""]
) -> Float[Array, "time shadow"]:
    """Angles (rad) by which the Sun clears penumbra and umbra: negative inside. Shadow axis: those two.

    c - (theta_planet + theta_sun) and c - (theta_planet - theta_sun), symbols as in lit_fraction.
    """
    sun, planet, separation = _apparent_discs(position, sun_position, planet_radius)
    return jnp.stack([separation - planet - sun, separation - planet + sun], axis=-1)


def cylinder_margin(
    position: Float[Array, "time xyz"], sun_direction: Float[Array, "time xyz"], planet_radius: Float[Array, ""]
) -> Float[Array, " time"]:
    """Angle (rad) by which a Sun at infinity clears the planet's limb: negative in the cylinder of shadow."""
    distance = jnp.linalg.norm(position, axis=-1)
    return _separation(-position, sun_direction) - jnp.arcsin(planet_radius / distance)


@jax.custom_jvp
def disc_overlap_area(
    radius: Float[Array, " time"], other_radius: Float[Array, " time"], separation: Float[Array, " time"]
) -> Float[Array, " time"]:
    """Area common to two plane discs, in the square of the inputs' unit.

    a^2 (alpha - sin alpha cos alpha) + b^2 (beta - sin beta cos beta), alpha and beta the half-angles of the
    arcs inside the other disc, by the half-angle formulas of a triangle with sides a, b and c. Clipping
    those covers apart (0) and contained (the smaller disc) too. Derivatives are the arcs and the chord:
    dA = 2 alpha a da + 2 beta b db - 2 h dc, h half the chord: finite and continuous at contact, where
    the textbook form divides zero by zero.
    """
    alpha, beta, _ = _overlap_angles(radius, other_radius, separation)
    first = radius**2 * (alpha - jnp.sin(alpha) * jnp.cos(alpha))
    return first + other_radius**2 * (beta - jnp.sin(beta) * jnp.cos(beta))


@disc_overlap_area.defjvp
def _disc_overlap_area_jvp(primals, tangents):
    """Derivative by arcs and chord."""
    radius, other_radius, separation = primals
    alpha, beta, half_chord = _overlap_angles(radius, other_radius, separation)
    tangent = 2 * alpha * radius * tangents[0] + 2 * beta * other_radius * tangents[1]
    return disc_overlap_area(radius, other_radius, separation), tangent - 2 * half_chord * tangents[2]


def _overlap_angles(a, b, c):
    """Half-angles of the arcs of each circle inside the other, and half the common chord."""
    half_sum = 0.5 * (a + b + c)
    beyond_a = jnp.maximum(0.5 * (b + c - a), 0)
    beyond_b = jnp.maximum(0.5 * (a + c - b), 0)
    beyond_c = jnp.maximum(0.5 * (a + b - c), 0)
    alpha = 2 * jnp.arctan2(jnp.sqrt(beyond_a * beyond_c), jnp.sqrt(half_sum * beyond_b))
    beta = 2 * jnp.arctan2(jnp.sqrt(beyond_b * beyond_c), jnp.sqrt(half_sum * beyond_a))
    return alpha, beta, a * jnp.sin(alpha)


def _separation(first, second):
    """Angle between vectors (rad), accurate at 0 and pi, with a finite derivative (0) exactly there."""
    cross = jnp.cross(first, second)
    squared = jnp.sum(cross**2, axis=-1)
    aligned = squared == 0
    sine = jnp.where(aligned, 0, jnp.sqrt(jnp.where(aligned, 1, squared)))
    return jnp.arctan2(sine, jnp.sum(first * second, axis=-1))


def _apparent_discs(position, sun_position, planet_radius):
    """Angular radii of Sun and planet and the angle between their centers, seen from the spacecraft (rad)."""
    to_sun = sun_position - position
    sun = jnp.arcsin(SOLAR_RADIUS / jnp.linalg.norm(to_sun, axis=-1))
    planet = jnp.arcsin(planet_radius / jnp.linalg.norm(position, axis=-1))
    return sun, planet, _separation(-position, to_sun)


def shadow_edges(
    margins: Callable[[Float[Array, " time"], Any], Float[Array, "time shadow"]],
    parameters: Any,
    revolutions: int,
    dtype: Any,
) -> ShadowEdges:
    """Phases at which each margin changes sign around its deepest point, one eclipse a revolution.

    margins(phase, parameters) is negative inside each shadow, the widest first; noon is the maximum of that
    one and its minimum the deepest point. Row 0 is the eclipse after the last noon at or before phase 0;
    each further row is sought within 1/64 of one revolution after the last. Assumes that the margin rises
    on both sides of its minimum to a positive value within half a revolution: true of any orbit around a
    convex shadow that is not wholly inside it.

    Bisection finds the edges, outside differentiation; a last Newton step p - m(p)/m'(p) carries the
    derivative dp = -dm/m' with respect to `parameters`. Where there is no eclipse (exists False), begin
    and end repeat the deepest phase and have derivative zero: an edge that is not there depends on nothing.
    """
    fixed = jax.tree.map(jax.lax.stop_gradient, parameters)

    def one_revolution(center, _):
        deepest = _deepest_phase(lambda phase: margins(phase, fixed)[:, 0], center)
        return deepest + 1, (deepest, *_bisect_edges(margins, fixed, deepest))

    first = _first_deepest(lambda phase: margins(phase, fixed)[:, 0], dtype)
    _, (deepest, edges, exists) = jax.lax.scan(one_revolution, first, length=revolutions)
    edges = _newton_step(margins, parameters, edges, exists)
    edges = jnp.where(exists[:, None], edges, deepest[:, None, None])
    return ShadowEdges(edges[:, 0], edges[:, 1], deepest, exists)


def _first_deepest(margin, dtype):
    """Phase of the least margin in the revolution after the last noon at or before phase 0, on a grid."""
    grid = jnp.arange(1 - _GRID, _GRID, dtype=dtype) / _GRID
    value = margin(grid)
    noon = grid[jnp.argmax(value[:_GRID])]
    following = (grid > noon) & (grid < noon + 1)
    return grid[jnp.argmin(jnp.where(following, value, jnp.inf))]


def _deepest_phase(margin, center):
    """Phase of the least margin near `center` by golden sections."""
    golden = (5**0.5 - 1) / 2

    def shrink(_, bounds):
        low, high = bounds
        inner = jnp.stack([high - golden * (high - low), low + golden * (high - low)])
        left, right = margin(inner)
        return jnp.where(left < right, low, inner[0]), jnp.where(left < right, inner[1], high)

    low, high = jax.lax.fori_loop(0, _GOLDEN_SECTIONS, shrink, (center - 2 / _GRID, center + 2 / _GRID))
    return 0.5 * (low + high)


def _bisect_edges(margins, fixed, deepest):
    """Edges [begin or end, shadow] around `deepest`, and whether each shadow exists [shadow]."""
    outer = deepest + jnp.array([[-0.5], [0.5]], deepest.dtype)

    def clearance(phases):
        value = margins(phases.reshape(-1), fixed)
        column = jnp.tile(jnp.arange(value.shape[1]), 2)
        return jnp.take_along_axis(value, column[:, None], axis=1).reshape(2, -1)

    def halve(step, bounds):
        inside, outside, exists = bounds
        # The first evaluation is at the deepest point itself: without shadow there, nothing moves.
        middle = jnp.where(step == 0, inside, 0.5 * (inside + outside))
        shadowed = clearance(middle) < 0
        exists = jnp.where(step == 0, shadowed[0], exists)
        return jnp.where(shadowed, middle, inside), jnp.where(shadowed | (step == 0), outside, middle), exists

    shadows = jax.eval_shape(margins, deepest[None], fixed).shape[1]
    inside = jnp.full((2, shadows), deepest)
    start = (inside, jnp.broadcast_to(outer, inside.shape), jnp.zeros((shadows,), bool))
    inside, outside, exists = jax.lax.fori_loop(0, _BISECTIONS, halve, start)
    return 0.5 * (inside + outside), exists


def _newton_step(margins, parameters, edges, exists):
    """One Newton step from the bisected edges [revolution, begin or end, shadow]: it carries the derivative."""
    phase = edges.reshape(-1)
    column = jnp.broadcast_to(jnp.arange(edges.shape[-1]), edges.shape).reshape(-1, 1)

    def margin(phase):
        return jnp.take_along_axis(margins(phase, parameters), column, axis=1)[:, 0]

    value, slope = jax.jvp(margin, (phase,), (jnp.ones_like(phase),))
    slope = jax.lax.stop_gradient(slope)
    usable = jnp.broadcast_to(exists[:, None], edges.shape).reshape(-1) & (slope != 0)
    step = jnp.where(usable, value / jnp.where(usable, slope, 1), 0)
    return (phase - step).reshape(edges.shape)
