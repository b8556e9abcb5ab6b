"""How rays converge, and what must cancel: slopes of sampling errors, reciprocity, closure, energy."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import qmc

from caloris.geometry.path_tracing import trace_paths
from caloris.geometry.raycast import ray_caster
from caloris.geometry.view_factors import ViewFactors, compute_view_factors
from caloris_kernels.radiative.visibility import pair_rays
from caloris_validation.mesh_scenes import Scene, Sheet, build, icosphere, satellite
from caloris_validation.mirror_scenes import dense_exchange, exchange_of_paths
from caloris_validation.reference_case import ReferenceCase
from caloris_validation.scenes import Result, coating, rectangle, section, steady, table

_pair_rays = jax.jit(pair_rays)
_VIEW = 0.4755764365  # Howell C-11: 1 x 1.5, gap 0.5


def _rectangles() -> Scene:
    lower = Sheet((0, 0, 0), (1, 0, 0), (0, 1.5, 0), divide=(1, 1))
    return build([lower, Sheet((0, 0, 0.5), (0, 1.5, 0), (1, 0, 0), divide=(1, 1))], 1.0)


def _slope(counts: np.ndarray, errors: np.ndarray) -> float:
    """Slope of the error's logarithm over that of the number of rays."""
    return float(np.polyfit(np.log(counts), np.log(errors), 1)[0])


@functools.cache
def _random_errors() -> tuple[np.ndarray, np.ndarray]:
    """Rays and root mean square errors of the rectangles' view factor by random rays, through the ray caster."""
    scene, rng = _rectangles(), np.random.default_rng(1)
    caster = ray_caster(scene.vertices, scene.triangles)
    counts, trials = 2 ** np.arange(6, 13), 400
    errors = []
    for count in counts:
        start = np.column_stack([rng.random(count * trials), 1.5 * rng.random(count * trials)])
        sine, turn = np.sqrt(rng.random(len(start))), 2 * np.pi * rng.random(len(start))
        way = np.column_stack([sine * np.cos(turn), sine * np.sin(turn), np.sqrt(1 - sine**2)])
        origin = np.column_stack([start, np.full(len(start), 1e-5)])
        found = caster.occluded(origin, way, 10.0).reshape(trials, count).mean(axis=1)
        errors.append(float(np.sqrt(np.mean((found - _VIEW) ** 2))))
    return counts, np.array(errors)


def _noise() -> float:
    """Measured standard deviation times root(N) over root(F (1 - F)), mean over the numbers of rays."""
    counts, errors = _random_errors()
    return float(np.mean(errors * np.sqrt(counts / (_VIEW * (1 - _VIEW)))))


def _pair_slope() -> float:
    """Slope of the same view factor's error by points of pairs, scrambled Sobol points as for half-hidden pairs."""
    scene = _rectangles()
    corner = scene.vertices[scene.triangles]
    first, second = (jnp.asarray(part) for part in (corner[[0, 0, 1, 1]], corner[[2, 3, 2, 3]]))
    counts, errors = 4 ** np.arange(3, 7), []
    for count in counts:
        found = []
        for seed in range(32):
            points = jnp.asarray(qmc.Sobol(4, rng=np.random.default_rng(seed)).random(int(count)))
            weight = _pair_rays(first, second, jnp.broadcast_to(points, (4, *points.shape)), 0.0)[2]
            # A_i F_ij = A_i A_j / pi mean of the kernel, four pairs of 0.75 m2 each, over 1.5 m2.
            found.append(0.75**2 / np.pi * float(weight.mean(axis=1).sum()) / 1.5)
        errors.append(float(np.sqrt(np.mean((np.array(found) - _VIEW) ** 2))))
    return _slope(counts, np.array(errors))


def _path_slope() -> float:
    """Slope of the same view factor's error by `trace_paths`, root mean square over ten seeds."""
    scene = _rectangles()
    none = np.zeros(len(scene.facet_triangle))
    counts, errors = 2 ** np.arange(6, 13), []
    for count in counts:
        found = []
        for seed in range(10):
            paths = trace_paths(*scene.mesh, none, none, rays=int(count), replicates=2, seed=seed)
            result = exchange_of_paths(paths, none, none, np.full(4, 0.75))
            found.append(np.asarray(dense_exchange(paths, result.exchange_area, 4))[:2, 2:].sum() / 1.5)
        errors.append(float(np.sqrt(np.mean((np.array(found) - _VIEW) ** 2))))
    return _slope(counts, np.array(errors))


_TERMS = ("node_heat_load", "node_absorbed", "node_emitted_to_space")


@functools.cache
def _satellite() -> ViewFactors:
    return compute_view_factors(*satellite(700).mesh)


def _reciprocity() -> float:
    """Largest |A_i F_ij - A_j F_ji| (m2), each from its own row of F."""
    factors = _satellite()
    rows = factors.area[:, None] * (factors.exchange_area / factors.area[:, None])
    return float(np.abs(rows - rows.T).max())


def _closure() -> float:
    """Largest |1 - row sum| of a closed polyhedron of 320 faces."""
    factors = compute_view_factors(*icosphere(2).mesh)
    return float(np.abs(1.0 - factors.facet_view).max())


@functools.cache
def _sunlit_run() -> Result:
    """A box and two plates that shade and see one another, in sunlight, without mirrors, settled."""
    parts = [
        section("planet", space_temperature=3.0),
        section("orbit", altitude="500 km", beta="70 deg"),
        section("attitude", point="+z", toward="sun", align="+x", to="velocity"),
        coating("white", 0.85, absorptance=0.2),
        coating("black", 0.9),
        table("surface", name="box", shape="box", corner=[0, 0, 0], edge_u=[1, 0, 0], edge_v=[0, 1, 0],
              edge_w=[0, 0, 1], front="white", heat_capacity=1000),
        rectangle("plate", [1.2, 0, 0], [0, 1, 0], [0, 0, 1.5], front="black", back="white", heat_capacity=500),
        rectangle("sheet", [-1, 0, 1.3], [2, 0, 0], [0, 1, 0], front="white", back="black", heat_capacity=500),
        table("load", on="plate", power=200.0),
        table("link", between=["plate", "sheet"], conductance=0.5),
        steady(),
    ]  # fmt: skip
    return Result(*parts)


def _energy() -> float:
    """Heat absorbed from outside and put in, less what is sent to space, over what comes in."""
    arrays = _sunlit_run().arrays
    terms = {name: np.asarray(arrays[f"thermal/{name}"])[-1].sum() for name in _TERMS}
    came = sum(terms[name] for name in _TERMS[:-1])
    return float((came - terms["node_emitted_to_space"]) / came)


def _exchanged() -> float:
    """What all nodes give each other, summed, over the largest that one of them gets."""
    exchanged = np.asarray(_sunlit_run().arrays["thermal/node_exchanged"])[-1]
    return float(exchanged.sum() / np.abs(exchanged).max())


CASES: tuple[ReferenceCase, ...] = (
    ReferenceCase(
        name="sampling-random-noise",
        quantity="standard deviation of a view factor by N random rays, times root(N)/root(F (1 - F))",
        unit="1",
        exact=1.0,
        bound=0.04,
        reason="400 trials at each of seven N: 1/root(800) = 3.5e-2 each, 1.3e-2 in the mean, three times that",
        source="binomial distribution; rectangles 1 x 1.5 at 0.5, Howell C-11",
        measure=_noise,
    ),
    ReferenceCase(
        name="sampling-random-slope",
        quantity="slope of log error over log N, random rays, N = 64 to 4096",
        unit="1",
        exact=-0.5,
        bound=0.05,
        absolute=True,
        reason="400 trials at each of seven N: 3.5e-2 each, 1.0e-2 in the slope, five times that",
        source="central limit theorem",
        measure=lambda: _slope(*_random_errors()),
    ),
    ReferenceCase(
        name="sampling-pairs-slope",
        quantity="slope of log error over log N, Sobol points of pairs (visibility.pair_rays), N = 64 to 4096",
        unit="1",
        exact=-1.25,
        bound=0.5,
        absolute=True,
        reason="a smooth integrand: between 1/N and the 1/N^1.5 of scrambling; -0.75 at least",
        source="Owen, Ann. Statist. 25 (1997) 1541; rectangles 1 x 1.5 at 0.5, Howell C-11",
        measure=_pair_slope,
    ),
    ReferenceCase(
        name="sampling-paths-slope",
        quantity="slope of log error over log N, scrambled Sobol rays of trace_paths, N = 64 to 4096",
        unit="1",
        exact=-0.625,
        bound=0.1,
        absolute=True,
        reason="hit or miss jumps at an edge in four dimensions; ten seeds at each of seven N: 0.06 in the slope",
        source="He & Wang, SIAM J. Numer. Anal. 53 (2015) 2488: -(1/2 + 1/(2 d)) for indicators in d dimensions",
        measure=_path_slope,
        slow=True,
    ),
    ReferenceCase(
        name="residual-reciprocity",
        quantity="largest |A_i F_ij - A_j F_ji| of a satellite of 700 facets",
        unit="m2",
        exact=0.0,
        bound=1e-15,
        absolute=True,
        reason="a pair is stored once: what is left is a division and a product in float64 of 0.1 m2",
        source="reciprocity, A_i F_ij = A_j F_ji",
        measure=_reciprocity,
        slow=True,
    ),
    ReferenceCase(
        name="residual-closure",
        quantity="largest |1 - sum_j F_ij| of a closed polyhedron of 320 faces",
        unit="1",
        exact=0.0,
        bound=1e-5,
        absolute=True,
        reason="quadrature: up to 1e-5 for each pair that shares an edge, of either sign",
        source="closure, sum_j F_ij = 1",
        measure=_closure,
    ),
    ReferenceCase(
        name="residual-energy",
        quantity="(absorbed + loads - emitted to space) / (absorbed + loads), steady, in sunlight, no mirrors",
        unit="1",
        exact=0.0,
        bound=1e-9,
        absolute=True,
        reason="solved to 1e-9 K of 300 K, four times that in T^4; the way to space comes from a solve of its own",
        source="first law",
        measure=_energy,
        slow=True,
    ),
    ReferenceCase(
        name="residual-exchange",
        quantity="sum of exchanged heat over all nodes, over the largest of one node",
        unit="1",
        exact=0.0,
        bound=1e-9,
        absolute=True,
        reason="symmetric exchange: float64",
        source="first law",
        measure=_exchanged,
        slow=True,
    ),
)
