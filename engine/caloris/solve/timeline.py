"""Cut a run's time at its events and tabulate what the orbit and the joints do in between."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris.geometry.assembly import Body
from caloris.model.structure import ComputeTable, Structure
from caloris.model.surroundings import Motion, Surroundings
from caloris.model.thermal import Timeline
from caloris.solve.visibility import PosePath

# Samples of the lit fraction and of the pose in each segment; the S-shaped curve of the penumbra needs them.
SAMPLES = 13


def build_timeline(
    bodies: tuple[Body, ...],
    surroundings: Surroundings | None,
    structure: Structure,
    path: PosePath,
    grid_phase: Float[Array, " grid"],
    on_grid: Motion | None,
    *,
    revolutions: int,
    periodic: bool,
    frozen: bool,
) -> Timeline:
    """Edges, lit fraction and poses of a run; differentiable in the orbit.

    on_grid is the motion at grid_phase (None without an orbit). Edges are the start and end, penumbra and umbra
    begin and end, the poses of the joints' path, and the breaks of every load table, sorted. Edges that
    coincide make segments without length, which solvers skip.
    """
    end = grid_phase[-1]
    grid = grid_phase.shape[0]
    if surroundings is None:
        edges = _sorted(jnp.zeros(1), end, *_load_edges(structure, jnp.ones(()), end, revolutions))
        segments = edges.shape[0] - 1
        nothing = jnp.zeros((segments, SAMPLES))
        return Timeline(
            period=jnp.ones(()),
            duration=end,
            edges=edges,
            lit_fraction=nothing,
            pose_index=jnp.zeros((segments, 2), int),
            pose_weight=nothing,
            grid_pose_index=jnp.zeros((grid, 2), int),
            grid_pose_weight=jnp.zeros(grid),
            periodic=periodic,
        )
    period = surroundings.orbit.period
    shadow = surroundings.orbit.eclipse_edges(revolutions + 1, frozen)[0].ravel()
    if periodic:
        shadow = shadow - jax.lax.stop_gradient(jnp.floor(shadow))
    shadow = jnp.clip(shadow, 0.0, end)
    tables = _load_edges(structure, period, end * period, revolutions)
    joints = _joint_edges(surroundings, revolutions)
    edges = _sorted(jnp.zeros(1), end, shadow, path.crossing, joints, *[t / period for t in tables])
    # Sample a hair inside each segment: a table of angles that steps at an edge then has one-sided values.
    inside = jnp.linspace(1e-9, 1.0 - 1e-9, SAMPLES)
    phase = edges[:-1, None] + inside * jnp.diff(edges)[:, None]
    motion = surroundings.motion(bodies, phase.ravel(), frozen)
    position = path.locate(motion.joint_angle, phase.ravel()).reshape(phase.shape)
    poses = path.coordinate.shape[0]
    middle = jnp.mean(position, axis=1)
    first = jnp.clip(jnp.floor(middle), 0, max(poses - 2, 0)).astype(int)
    assert on_grid is not None
    at_grid = path.locate(on_grid.joint_angle, grid_phase)
    grid_first = jnp.clip(jnp.floor(at_grid), 0, max(poses - 2, 0)).astype(int)
    return Timeline(
        period=period,
        duration=end * period,
        edges=edges * period,
        lit_fraction=motion.state.lit_fraction.reshape(phase.shape),
        pose_index=jnp.stack([first, jnp.minimum(first + 1, poses - 1)], axis=1),
        pose_weight=position - first[:, None],
        grid_pose_index=jnp.stack([grid_first, jnp.minimum(grid_first + 1, poses - 1)], axis=1),
        grid_pose_weight=at_grid - grid_first,
        periodic=periodic,
    )


def _sorted(*parts: Float[Array, " edge"]) -> Float[Array, " edge"]:
    """All edges in ascending order."""
    return jnp.sort(jnp.concatenate([jnp.atleast_1d(part) for part in parts]))


def _load_edges(structure: Structure, period: Array, duration: Array, revolutions: int) -> list[Array]:
    """Times (s) at which tables of loads and boundaries break; those outside the run are held at its end."""
    found = []
    tables = [load.utilization if isinstance(load, ComputeTable) else load.power for load in structure.loads]
    for table in (*tables, *(boundary.temperature for boundary in structure.boundaries)):
        if table.value.shape[0] == 1:
            continue
        breaks = table.break_
        if table.phase:
            turns = jnp.arange(revolutions)
            breaks = ((turns[:, None] + breaks[None, :]) * period).ravel()
        found.append(jnp.clip(breaks, 0.0, duration))
    return found


def _joint_edges(surroundings: Surroundings, revolutions: int) -> Float[Array, " edge"]:
    """Phases at which tables of joint angles break."""
    breaks = [joint.angle.break_ for joint in surroundings.joints if joint.angle is not None]
    turns = jnp.arange(revolutions)
    if not breaks:
        return jnp.zeros(0)
    return jnp.concatenate([(turns[:, None] + b[None, :]).ravel() for b in breaks])
