"""The verb of sectors: what walls around a point shield, differentiable in their thickness and density."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from caloris.geometry.assembly import Geometry
from caloris.geometry.sector_bins import sector_bins
from caloris.geometry.sectors import areal_density, sector_rays
from caloris.model.shield import SectorShield, Walls
from caloris.precision import require_float64


def sector_shield(
    geometry: Geometry,
    place: Sequence[float] | np.ndarray,
    walls: Walls,
    *,
    rays: int = 8192,
    seed: int = 0,
    joint_angle: np.ndarray | None = None,
) -> SectorShield:
    """Everything around a place (m, bus frame), along `rays` rays, as shares of the sphere with equal shielding.

    walls is that of the model (`caloris.build(case).walls`) or one with other numbers. Surfaces count with thickness
    times density / cos, at most 20 times, solids with path length times density; joints stand at joint_angle (rad, zero
    where None). Rays are traced once and kept; the order of materials along a ray is not kept.

    Differentiable (forward and reverse, also under jit and vmap) in thickness, density and composition of walls, while
    which ray is in which of 64 bins is frozen: some 2e-3 of a derivative. Geometry, place and joints are frozen:
    raises TypeError where a derivative or a batch in them is asked for, for crossings have none here. Raises
    RuntimeError in float32.
    """
    require_float64("sector_shield")
    frozen: Any = (geometry, place, joint_angle)
    if any(isinstance(part, Tracer) for part in jax.tree.leaves(frozen)):
        raise TypeError(
            "sector_shield: what rays cross is frozen; shapes, place and joints have no derivatives (use differences), "
            "thickness and density of walls have"
        )
    with jax.ensure_compile_time_eval():  # numbers, though walls be traced
        found = sector_rays(geometry, np.asarray(place, float), rays, joint_angle=joint_angle, seed=seed)
    if not walls.materials:
        return SectorShield.sphere([])
    bins = sector_bins(areal_density(found, walls.loading, walls.region_loading))
    return SectorShield(*bins, walls.mass_fraction, walls.materials)
