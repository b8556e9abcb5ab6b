"""One orbit of the network scene: Rodas5P with steps of its own choice, and scipy's BDF as its peer."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sparse
from scipy.integrate import solve_ivp

from caloris_benchmarks.network_scene import EDGES, NETWORK, PERIOD, SPACE_TEMPERATURE, Links, Network, Plate
from caloris_kernels.constants import STEFAN_BOLTZMANN
from caloris_kernels.stepping.adaptive import Trajectory, integrate

START = 290.0  # K


@partial(jax.jit, static_argnames="max_steps")
def orbit(p: Network, tolerance: jax.Array, max_steps: int) -> Trajectory:
    """One orbit from START; tolerance in K."""
    start = jnp.full(p.plate.heat_load.shape, START, p.plate.heat_load.dtype)
    return integrate(NETWORK, p, start, jnp.asarray(EDGES), tolerance, max_steps=max_steps)


def segment_ends(run: Trajectory) -> np.ndarray:
    """States at the ends of the segments."""
    segment = np.asarray(run.grid.segment)[: int(run.grid.steps)]
    last = np.append(np.nonzero(np.diff(segment))[0], len(segment) - 1)
    return np.asarray(run.record.end)[last]


def _laplacian(nodes: int, pair: np.ndarray, value: np.ndarray) -> sparse.csr_array:
    first, second = np.concatenate([pair, pair[:, ::-1]]).T
    links = sparse.coo_array((np.concatenate([value, value]), (first, second)), (nodes, nodes)).tocsr()
    return (links - sparse.diags_array(links.sum(axis=1))).tocsr()


def backward_differences(links: Links, plate: Plate, tolerance: float) -> np.ndarray:
    """scipy's BDF with the analytic sparse Jacobian, restarted at each edge; states at the segment ends."""
    space, inverse = np.asarray(plate.to_space), 1.0 / np.asarray(plate.heat_capacity)
    nodes = len(space)
    conduction = _laplacian(nodes, np.asarray(links.conducting), np.asarray(plate.conductance))
    radiation = _laplacian(nodes, np.asarray(links.radiating), STEFAN_BOLTZMANN * np.asarray(plate.area))
    loss = (radiation - sparse.diags_array(space)).tocsr()
    steady, solar, phase = (np.asarray(part) for part in (plate.heat_load, plate.solar_load, plate.phase))
    by_capacity = sparse.diags_array(inverse)

    def rate(t: float, y: np.ndarray, lit: float) -> np.ndarray:
        wave = 0.5 * (1.0 + np.cos(2.0 * np.pi / PERIOD * t + phase))
        heat = steady + lit * solar * wave + space * SPACE_TEMPERATURE**4
        return inverse * (heat + conduction @ y + loss @ y**4)

    def jacobian(t: float, y: np.ndarray) -> sparse.csc_array:
        return (by_capacity @ (conduction + loss @ sparse.diags_array(4.0 * y**3))).tocsc()

    state, ends = np.full(nodes, START), []
    for start, end, lit in zip(EDGES[:-1], EDGES[1:], np.asarray(plate.sunlit), strict=True):
        solution = solve_ivp(
            partial(rate, lit=lit), (start, end), state, "BDF", jac=jacobian, rtol=1e-12, atol=tolerance, t_eval=[end]
        )
        state = solution.y[:, -1]
        ends.append(state)
    return np.array(ends)
