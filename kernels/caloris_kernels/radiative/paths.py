"""Specular exchange factors from recorded paths: throughput, sums over paths, reciprocity and closure.

Radiation that leaves a facet diffusely travels in straight lines. Where it meets facet j, the part
alpha_j + rho_d,j ends (absorbed, or reflected diffusely: the radiosity's business), the part rho_s,j goes on by
mirror reflection and the part tau_j goes on straight through. The specular exchange factor F^s_ij is the part of
the diffuse radiosity of i that arrives at j, directly or by way of any number of mirrors and transmitting sheets,
before it is split at j. It obeys

    A_i F^s_ij = A_j F^s_ji,    sum_j F^s_ij (1 - rho_s,j - tau_j) + view of space + view of inactive sides = 1,

and takes the place of F in the radiosity, with rho_d in the place of rho: (A - S^s rho_d) H = S^s e + A q.

Source: Sarofim & Hottel, J. Heat Transfer 88 (1966) 37; Modest & Mazumder, Radiative Heat Transfer, 4th ed.
(2021), ch. 6. Valid for diffuse emission, reflectance of a diffuse and a mirror-like part, thin sheets without
refraction, one transmittance for both directions through a sheet (else reciprocity would not hold).

Paths are drawn once, with nominal properties, on the host; here they are frozen numbers, and every result is a
smooth function of the optical properties with no new rays: at a bounce where a path went on by reflection with
probability p it carries on rho_s / p of what arrived, whatever rho_s is now.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

END, REFLECT, TRANSMIT = 0, 1, 2
"""What a path does where it meets a facet: ends, goes on as from a mirror, goes on straight through."""

ESCAPED, INACTIVE, ENDED, CUT = 0, 1, 2, 3
"""How a path ends: in space, on an inactive side, on a facet, or while still under way (its power is lost)."""


class Paths(NamedTuple):
    """Recorded paths, and flat, path by path, the facets that they meet (bounces). Frozen numbers.

    The weights of the paths of one source and one replicate sum to the area (times the view, where paths start at
    a given view) that they stand for. Replicates are independent randomizations of the same sampling. Entries of
    weight or share 0 fill the arrays up to rounded lengths.
    """

    source: Int[Array, " path"]  # the facet that a path leaves, or the number of the sunlight's direction
    weight: Float[Array, " path"]  # m2
    replicate: Int[Array, " path"]
    outcome: Int[Array, " path"]  # ESCAPED, INACTIVE, ENDED or CUT
    direction: Float[Array, "path 3"]  # unit, toward the sky; 0 where the path does not escape
    last: Int[Array, " path"]  # its last bounce, -1: none
    path: Int[Array, " bounce"]
    first: Bool[Array, " bounce"]  # whether it is its path's first one
    facet: Int[Array, " bounce"]  # the facet met
    cosine: Float[Array, " bounce"]  # - of the angle of incidence
    event: Int[Array, " bounce"]  # END, REFLECT or TRANSMIT
    probability: Float[Array, " bounce"]  # - with which that event was chosen
    pair: Int[Array, " bounce"]  # into pair_first, pair_second: source and facet met
    share: Float[Array, " bounce"]  # - of this direction of travel in the pair's exchange; 0: not counted
    pair_first: Int[Array, " pair"]
    pair_second: Int[Array, " pair"]
    # Nominal variances up to one common factor: how the closing correction is spread.
    pair_variance: Float[Array, " pair"]  # m4
    space_variance: Float[Array, " source"]  # m4
    inactive_variance: Float[Array, " source"]  # m4
    replicates: Int[Array, " replicate"]  # 0, 1, ...: their number
    doublings: Int[Array, " doubling"]  # 0, 1, ...: 2^number is no less than the longest path's bounces


class PathSums(NamedTuple):
    """What the paths bring about, one estimate a replicate (m2)."""

    exchange_area: Float[Array, "replicate pair"]
    space: Float[Array, "replicate source"]
    inactive: Float[Array, "replicate source"]
    lost: Float[Array, "replicate source"]  # still under way when the path was cut


class SpecularExchange(NamedTuple):
    """Exchange areas A_i F^s_ij of pairs, first <= second, and what facets send elsewhere (m2), with errors.

    An error is the standard error of the mean over the replicates. With r of them the deviation over the error
    follows Student's t with r - 1 degrees of freedom: for r = 8, 2 standard errors hold 91 % of all cases.
    """

    exchange_area: Float[Array, " pair"]
    exchange_area_error: Float[Array, " pair"]
    space: Float[Array, " facet"]
    space_error: Float[Array, " facet"]
    inactive: Float[Array, " facet"]
    inactive_error: Float[Array, " facet"]
    lost: Float[Array, " facet"]
    closure: Float[Array, " facet"]  # what still lacks of the closure that was asked for


def event_factor(
    paths: Paths,
    specular_reflectance: Float[Array, " facet"],
    transmittance: Float[Array, " facet"],
) -> Float[Array, " bounce"]:
    """Power carried on from each bounce over what arrives there: rho_s / p, tau / p, or 0 where the path ends.

    For properties that depend on the angle of incidence, evaluate them at paths.facet and paths.cosine and use
    `choose_factor`.
    """
    return choose_factor(paths, specular_reflectance[paths.facet], transmittance[paths.facet])


def choose_factor(
    paths: Paths, reflected: Float[Array, " bounce"], transmitted: Float[Array, " bounce"]
) -> Float[Array, " bounce"]:
    """As `event_factor`, of the mirror reflectance and transmittance at each bounce."""
    carried = jnp.where(paths.event == REFLECT, reflected, jnp.where(paths.event == TRANSMIT, transmitted, 0.0))
    return carried / paths.probability


def throughput(paths: Paths, factor: Float[Array, " bounce"]) -> tuple[Float[Array, " bounce"], Float[Array, " path"]]:
    """Part of a path's power that arrives at each bounce, and that is left on its last leg (-).

    Products of `factor` over the bounces before; exact where a factor is zero, in value and derivative.
    """
    number = jnp.arange(factor.shape[0])
    # Each bounce multiplies by the stretch of path before it, and the stretches double: log2 of the length steps.
    before = jnp.where(paths.first, 1.0, jnp.concatenate([jnp.ones_like(factor[:1]), factor[:-1]]))
    previous = jnp.where(paths.first, number, number - 1)

    def double(state, _):
        product, start = state
        return (product * product[start], start[start]), None

    arriving = jax.lax.scan(double, (before, previous), paths.doublings)[0][0]
    left = (arriving * factor)[jnp.maximum(paths.last, 0)]
    return arriving, jnp.where(paths.last < 0, 1.0, left)


def path_sums(paths: Paths, arriving: Float[Array, " bounce"], leaving: Float[Array, " path"]) -> PathSums:
    """Sum the paths of each replicate: `arriving` over pairs, `leaving` (see `throughput`) over ends.

    A pair's two directions of travel are pooled: paths.share weighs them by the density of their paths, which is
    fixed before any ray is cast, so that the mean stays without bias; for equal power a path it is the mean of
    least variance (counts of both directions, added).
    """
    replicates, pairs, sources = paths.replicates.shape[0], paths.pair_first.shape[0], paths.space_variance.shape[0]
    index = paths.replicate[paths.path] * pairs + paths.pair
    met = paths.share * paths.weight[paths.path] * arriving
    exchange = jax.ops.segment_sum(met, index, replicates * pairs).reshape(replicates, pairs)
    home = paths.replicate * sources + paths.source

    def ends(outcome: int) -> Float[Array, "replicate source"]:
        power = jnp.where(paths.outcome == outcome, paths.weight * leaving, 0.0)
        return jax.ops.segment_sum(power, home, replicates * sources).reshape(replicates, sources)

    return PathSums(exchange, ends(ESCAPED), ends(INACTIVE), ends(CUT))


def close_sums(
    paths: Paths, sums: PathSums, ending: Float[Array, " facet"], target: Float[Array, " facet"]
) -> tuple[PathSums, Float[Array, "replicate facet"]]:
    """Correct the sums so that power is conserved, by least squares; also what still lacks (m2).

    With g_j = `ending`_j = 1 - rho_s,j - tau_j the corrections minimize sum (correction^2 / variance) under

        sum_j S_ij g_j + space_i + inactive_i + lost_i = target_i    for every facet i,

    S staying symmetric: S_ij += v_ij (u_i g_j + u_j g_i), space_i += v_i u_i, and u from a symmetric linear
    system. Variances are taken as the squares of the nominal values: equal relative errors, which suits evenly spread
    paths no worse than counting statistics do (half the noise of `trace_paths` in closed spheres).
    Only what some path has reached is corrected, so a closed enclosure stays closed; what no correction can
    mend is returned. Linear in the sums: correcting every replicate keeps the spread over replicates honest.
    target is the facets' area where the paths hold all that leaves a facet.

    What it brings and costs, measured in the heat between concentric spheres of 120 and 48 facets, the outer a mirror,
    with 16 rays: paths from mirrors, 1.8 % of noise become 0.14 %; paths from all facets, whose rows close by
    themselves but for pooling, 0.1 % become 0.3 %.

    Weighted least squares under reciprocity and closure as in Taylor & Luck, Comparison of reciprocity and closure
    enforcement methods for radiation view factors, J. Thermophys. Heat Transfer 9 (1995) 660, with
    specular-diffuse closure.
    """
    first, second, v = paths.pair_first, paths.pair_second, paths.pair_variance
    facets = target.shape[0]
    other = (first != second).astype(v.dtype)
    g_first, g_second = ending[first], ending[second]
    rows = jax.vmap(lambda s: _row_sums(s * g_second, s * g_first * other, first, second, facets))
    ends = sums.space + sums.inactive + sums.lost
    lack = target - rows(sums.exchange_area) - ends
    cross = v * g_first * g_second * other
    matrix = jnp.zeros((facets, facets), v.dtype).at[first, second].add(cross)
    diagonal = _row_sums(v * g_second**2, v * g_first**2 * other, first, second, facets)
    diagonal = diagonal + paths.space_variance + paths.inactive_variance
    # A lack that nothing can mend (its vector corrects nothing) must not make the system singular.
    reached = diagonal > 0
    diagonal = jnp.where(reached, diagonal * (1.0 + 1e-7), 1.0)
    scale = jax.lax.rsqrt(diagonal)
    matrix = (matrix + matrix.T) * scale[:, None] * scale[None, :] + jnp.eye(facets, dtype=v.dtype)
    multiplier = (scale * jnp.linalg.solve(matrix, (scale * jnp.where(reached, lack, 0.0)).T).T).astype(v.dtype)
    step = v * (multiplier[:, first] * g_second + multiplier[:, second] * g_first * other)
    closed = PathSums(
        sums.exchange_area + step,
        sums.space + paths.space_variance * multiplier,
        sums.inactive + paths.inactive_variance * multiplier,
        sums.lost,
    )
    ends = closed.space + closed.inactive + closed.lost
    return closed, target - rows(closed.exchange_area) - ends


def specular_exchange(
    paths: Paths,
    specular_reflectance: Float[Array, " facet"],
    transmittance: Float[Array, " facet"],
    target: Float[Array, " facet"],
) -> SpecularExchange:
    """Exchange areas A F^s of the recorded paths under any optical properties (m2), with standard errors.

    rho_s and tau [facet] are the band's mirror reflectance and transmittance; they may differ from those that the
    paths were drawn with, but a path never goes on where it could not when it was drawn (see
    `caloris.geometry.path_tracing`). target (m2) is what leaves each facet by these paths: its area, or
    sum_j S_ij (rho_s,j + tau_j) with the direct exchange areas S where the paths hold only what goes on from a
    mirror or a sheet. Reciprocity is exact; closure holds up to `closure`.
    Differentiable in all three, forward and reverse, exactly for the recorded paths.
    """
    factor = event_factor(paths, specular_reflectance, transmittance)
    sums = path_sums(paths, *throughput(paths, factor))
    closed, lack = close_sums(paths, sums, 1.0 - specular_reflectance - transmittance, target)
    exchange, space, inactive = (_mean_error(x) for x in (closed.exchange_area, closed.space, closed.inactive))
    return SpecularExchange(*exchange, *space, *inactive, jnp.mean(closed.lost, axis=0), jnp.mean(lack, axis=0))


def grouped_exchange(
    paths: Paths, sums: PathSums, member: Float[Array, "facet group"]
) -> tuple[Float[Array, "group group"], Float[Array, "group group"]]:
    """Exchange areas (m2) summed over groups of facets, and their standard errors.

    member is 1 where a facet belongs to a group (a node). sums from `path_sums` or `close_sums`: facets of one
    group share rays and the closing correction, so the error of a sum follows from the replicates' sums and not from
    the errors of its terms.
    """

    def of_replicate(value: Float[Array, " pair"]) -> Float[Array, "group group"]:
        return member.T @ dense_exchange_area(paths, value, member.shape[0]) @ member

    return _mean_error(jax.lax.map(of_replicate, sums.exchange_area))


def joined_exchange(
    paths: Paths,
    straight: tuple[Float[Array, "facet facet"], Float[Array, " facet"], Float[Array, " facet"]],
    area: Float[Array, " facet"],
    specular_reflectance: Float[Array, " facet"],
    transmittance: Float[Array, " facet"],
) -> tuple[Float[Array, "facet facet"], Float[Array, " facet"], Float[Array, " facet"]]:
    """Exchange areas S^s (m2), view of space and view of inactive sides (-): straight lines and paths together.

    straight holds the same three of straight lines (`compute_view_factors`), and the paths what goes on from mirrors
    and sheets (`trace_mirror_paths`). All that the straight lines bring to mirrors and sheets is shared out anew:

        sum_j S^s_ij (1 - rho_s,j - tau_j) + A_i (space_i + inactive_i) = sum_j S_ij + A_i (the same, straight),

    exactly: cut paths, and directions too rare for any path, count with the inactive sides (back to the facet that
    sent them, so that no power is made or lost).
    """
    exchange_area, space_view, inactive_view = straight
    target = exchange_area @ (specular_reflectance + transmittance)
    more = specular_exchange(paths, specular_reflectance, transmittance, target)
    returned = more.inactive + more.lost + more.closure
    return (
        exchange_area + dense_exchange_area(paths, more.exchange_area, area.shape[0]),
        space_view + more.space / area,
        inactive_view + returned / area,
    )


def closed_specular_area(
    exchange_area: Float[Array, "facet facet"],
    area: Float[Array, " facet"],
    inactive_view: Float[Array, " facet"],
    specular_reflectance: Float[Array, " facet"],
    transmittance: Float[Array, " facet"],
) -> Float[Array, "facet facet"]:
    """S^s with the view toward inactive sides returned to the facet that sends it (m2), for the radiosity.

    S^s + diag(A w / (1 - rho_s - tau)): what comes back meets the facet as often as it takes to end there, so that
    all of it does (sum_j S_ij (1 - rho_s,j - tau_j) + A_i space_i = A_i). A facet of which nothing ends emits
    nothing: there it is 0. Equal to `caloris_kernels.radiative.radiosity.closed_exchange_area` without mirrors.
    """
    ending = 1.0 - specular_reflectance - transmittance
    ends = ending > 1e-12
    returned = jnp.where(ends, area * inactive_view / jnp.where(ends, ending, 1.0), 0.0)
    return exchange_area + jnp.diag(returned)


def dense_exchange_area(paths: Paths, exchange_area: Float[Array, " pair"], facets: int) -> Float[Array, "facet facet"]:
    """Symmetric matrix of the pairs' exchange areas (m2)."""
    first, second = paths.pair_first, paths.pair_second
    matrix = jnp.zeros((facets, facets), exchange_area.dtype).at[first, second].add(exchange_area)
    return matrix.at[second, first].add(jnp.where(first == second, 0.0, exchange_area))


def _row_sums(
    of_first: Float[Array, " pair"],
    of_second: Float[Array, " pair"],
    first: Int[Array, " pair"],
    second: Int[Array, " pair"],
    facets: int,
) -> Float[Array, " facet"]:
    """Sum the pairs' values by their first and by their second facet."""
    return jax.ops.segment_sum(of_first, first, facets) + jax.ops.segment_sum(of_second, second, facets)


def _mean_error(values: Float[Array, "replicate value"]) -> tuple[Float[Array, " value"], Float[Array, " value"]]:
    """Mean over replicates and its standard error; the error has no derivative of its own where it is zero."""
    count = values.shape[0]
    mean = jnp.mean(values, axis=0)
    square = jnp.sum((values - mean) ** 2, axis=0) / (count * (count - 1))
    spread = square > 0
    return mean, jnp.where(spread, jnp.sqrt(jnp.where(spread, square, 1.0)), 0.0)
