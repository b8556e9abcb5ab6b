"""How many neighboring cells one track upsets, by the projection of its chord on a row of cells."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris_kernels.upset.cross_section import mean_over_thresholds
from caloris_kernels.upset.sensitive_volume import is_sphere

_NODE, _WEIGHT = np.polynomial.legendre.leggauss(24)
_NODE, _WEIGHT = 0.5 * (_NODE + 1.0), 0.5 * _WEIGHT
# LET over threshold at which the shares are tabulated: 30 a decade; tracks below reach less than 1e-5 of directions.
_THINNEST = 1e-9  # of a, added to the depth: without one no track meets a second cell
_RATIO = np.geomspace(10.0**-2.5, 1e3, 166)


def _acos(x: Array) -> Array:
    """arccos of 0 <= x <= 1, with slope zero at 1 and beyond."""
    inside = x < 1.0
    return jnp.where(inside, jnp.arccos(jnp.where(inside, x, 0.0)), 0.0)


def upset_cells(
    ratio: Float[Array, " ratio"], sensitive_volume: Float[Array, "3"], pitch: Float[Array, ""], most: int
) -> Float[Array, "ratio cells"]:
    """Tracks by the number of cells they upset in a row, per pitch of the row, over all tracks at normal incidence (-).

    Cells a x b x h stand in a long row along a, a pitch p >= a apart. A track of direction u crosses the layer h on the
    lateral length X = h |u_x| / |u_z| and upsets a cell where it covers at least t = h |u_x| / r of it, r = `ratio` of
    its LET over the threshold at normal incidence. With the track's place along the row uniform, the runs of k upset
    cells number, per pitch,

        n_k = g_k - 2 g_(k+1) + g_(k+2),   g_k = max{X + a - (k - 1) p - 2 t, 0} / p   for t <= min(a, X),

    since g_k counts every k neighboring cells of a longer run. Directions are weighted by |u_z|, as they cross the
    layer; entry `most` - 1 holds longer runs too. The sides of a row (tracks that leave it along b) are not counted, so
    that this is the multiplicity of tracks that stay in the row: an upper bound where b is not long against h.
    Raises ValueError for a sphere. Source: derived here; the usual estimate is k = 1 + X / p (Petersen, Single Event
    Effects in Aerospace, 2011).
    """
    if is_sphere(sensitive_volume):
        raise ValueError("cells in a row are boxes: the sensitive volume has the diameter of a sphere alone")
    a = sensitive_volume[0]
    depth = sensitive_volume[2] + _THINNEST * a
    node, weight = jnp.asarray(_NODE, ratio.dtype), jnp.asarray(_WEIGHT, ratio.dtype)
    r = ratio[:, None, None]
    # t <= X is |u_z| <= r, t <= a is |u_x| <= a r / h: both ends of the quadrature, so that they move with the values.
    highest = jnp.minimum(r, 1.0)
    z = highest * node[:, None]
    sine = jnp.sqrt(1.0 - z**2)
    lowest = _acos(a * r / (depth * sine))
    angle = lowest + (0.5 * jnp.pi - lowest) * node
    measure = 2.0 * z * highest * weight[:, None] * weight * (0.5 * jnp.pi - lowest) * (2.0 / jnp.pi)
    x = sine * jnp.cos(angle)
    free = depth * x / z + a - 2.0 * depth * x / r
    longer = jnp.stack([jnp.sum(measure * jnp.maximum(free - k * pitch, 0.0), axis=(1, 2)) for k in range(most + 2)], 1)
    runs = (longer[:, :-1] - longer[:, 1:]) / pitch
    exactly = runs[:, :-1] - runs[:, 1:]
    return jnp.concatenate([exactly[:, :-1], runs[:, most - 1 : most]], axis=1)


def multiplicity(
    let: Float[Array, " let"],
    integral_flux: Float[Array, " let"],
    onset: Float[Array, ""],
    width: Float[Array, ""],
    exponent: Float[Array, ""],
    sensitive_volume: Float[Array, "3"],
    pitch: Float[Array, ""],
    *,
    most: int = 8,
) -> Float[Array, " cells"]:
    """Shares of heavy-ion events by the number of cells that each upsets in a row (-): sum 1, entry k - 1 for k cells.

    `upset_cells` folded with the integral LET spectrum and the Weibull distribution of thresholds; one event has one
    threshold, so that its cells are alike. Units as in `heavy_ion_upset_rate`; pitch in um, at least the edge a; the
    funnel is not counted. Where there is no flux all events are of one cell. The table over LET is linear in its
    logarithm: within 1 % of the shares. Differentiable in every argument; raises ValueError unless most >= 1.
    """
    if most < 1:
        raise ValueError(f"most {most} must be at least 1")
    grid = jnp.log(jnp.asarray(_RATIO, let.dtype))
    table = upset_cells(jnp.exp(grid), sensitive_volume, pitch, most)
    step = grid[1] - grid[0]
    tracks = -jnp.diff(integral_flux, append=jnp.zeros(1, let.dtype))

    def events(threshold: Array) -> Array:
        place = jnp.clip((jnp.log(let / threshold) - grid[0]) / step, 0.0, grid.shape[0] - 1.0)
        k = jnp.minimum(jnp.floor(place), grid.shape[0] - 2.0).astype(jnp.int32)
        u = (place - k)[:, None]
        return tracks @ ((1.0 - u) * table[k] + u * table[k + 1])

    number = mean_over_thresholds(events, onset, width, exponent)
    total = jnp.sum(number)
    one = jnp.zeros(most, let.dtype).at[0].set(1.0)
    return jnp.where(total > 0.0, number / jnp.where(total > 0.0, total, 1.0), one)
