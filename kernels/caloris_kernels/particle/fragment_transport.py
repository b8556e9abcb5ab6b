"""Straight-ahead transport of ions with the fragments that their collisions leave."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris_kernels.particle.transport import ShieldTable, through_layer, through_layers

# Steps of a layer, thinnest at its inner face: there fragments are slower than their range in a step.
_STEPS = 12


def _cubic(values: Array, knots: Array, points: Array) -> Array:
    """Rows of values on an even grid of knots at points [row, point], by cubics through four neighbors.

    Linear in the values, so that responses are exact; beside an edge they swing a few percent of it to either side.
    """
    place = (points - knots[0]) / (knots[1] - knots[0])
    k = jnp.clip(jnp.floor(place), 1, knots.shape[0] - 3).astype(jnp.int32)
    u = place - k
    weights = (
        -u * (u - 1.0) * (u - 2.0) / 6.0,
        (u + 1.0) * (u - 1.0) * (u - 2.0) / 2.0,
        -(u + 1.0) * u * (u - 2.0) / 2.0,
        (u + 1.0) * u * (u - 1.0) / 6.0,
    )
    near = [w * jnp.take_along_axis(values, k + shift, axis=1) for shift, w in enumerate(weights, start=-1)]
    return near[0] + near[1] + near[2] + near[3]


def fragments_behind(
    outside: Callable[[Float[Array, "ion energy"]], Float[Array, "ion energy"]],
    energy: Float[Array, " energy"],
    tables: ShieldTable,
    production: Float[Array, "layer energy ion fragment"],
    areal_density: Float[Array, " layer"],
    *,
    steps: int = _STEPS,
) -> Float[Array, "ion energy"]:
    """Flux of fragments behind a stack of layers, at `energy`, in the unit of the flux outside.

    dn_Z/dx = d(S_Z n_Z / A_Z)/dE - n_Z / lambda_Z + sum_Z' m_Z'Z (j_Z' + n_Z'),   n = 0 in front,

    for fragments that keep the direction and the energy per nucleon of what they come from: j is the flux of ions that
    have not collided (`through_layers`, taken from `outside` exactly at every depth), n that of fragments of all
    generations, m_Z'Z (cm2/g) what a unit of path makes of ions Z' (`production_table` of
    every layer, at `energy`). Strang's splitting: half a step of slowing down and losses, the fragments of the whole
    step by the truncated exponential of its matrix, half a step. Steps shrink toward the inner face of a layer as
    squares. tables are those of `layer_tables`, outermost first; energy (MeV/u) is even in ln E.

    outside takes energies [ion, energy] (MeV/u). Linear in it; differentiable in it and in every array. Second order in
    the steps: with 12, galactic ions' fragments are within 1e-3, slow lithium of iron alone within 4 %. Range of
    validity: of the cross-sections; protons and neutrons that are set free, and fragments of the
    shield's own nuclei, are not followed.
    """
    log_energy = jnp.log(energy)
    ions = production.shape[2]
    every = jnp.broadcast_to(energy, (ions, energy.shape[0]))
    layers = areal_density.shape[0]
    # Depth that is left to the inner face at the ends of the steps, over the layer's thickness.
    left = np.linspace(1.0, 0.0, steps + 1) ** 2
    ends = jnp.asarray(np.stack([left[:-1] - left[1:], 0.5 * (left[:-1] + left[1:])], axis=1), energy.dtype)

    def half_step(flux: Array, table: ShieldTable, thickness: Array) -> Array:
        incident, ratio = through_layer(every, table, thickness)
        return ratio * _cubic(flux, log_energy, jnp.log(incident))

    def through_one(flux: Array, layer: tuple) -> tuple[Array, None]:
        number, table, made, thickness = layer

        def made_of(flux: Array) -> Array:
            return jnp.einsum("ezf,ze->fe", made, flux)

        before = jnp.where(jnp.arange(layers) < number, areal_density, 0.0)

        def step(flux: Array, share: Array) -> tuple[Array, None]:
            h = thickness * share[0]
            incident, ratio = through_layers(every, tables, before.at[number].set(thickness * (1.0 - share[1])))
            flux = half_step(flux, table, 0.5 * h)
            once = h * made_of(ratio * outside(incident) + flux)
            twice = 0.5 * h * made_of(once)
            flux = flux + once + twice + h / 3.0 * made_of(twice)
            return half_step(flux, table, 0.5 * h), None

        return jax.lax.scan(step, flux, ends)[0], None

    start = jnp.zeros_like(every)
    numbered = (jnp.arange(layers), tables, production, areal_density)
    return jax.lax.scan(through_one, start, numbered)[0]
