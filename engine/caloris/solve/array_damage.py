"""The verb of ageing by radiation: what displacement damage leaves of the power of solar arrays."""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from caloris.model.dose import CellDamage
from caloris.model.particles import ParticleEnvironment
from caloris.model.power import SolarArrays
from caloris.model.shield_transport import ShieldTransport
from caloris.precision import require_float64
from caloris.solve.dose import dose
from caloris_kernels.particle.niel import effective_damage, remaining_power


class ArrayDamage(NamedTuple):
    """Displacement damage of solar arrays; arrays whose cells say nothing of damage have none."""

    damage: Float[Array, " array"]  # MeV g-1 by then, protons' and electrons' over R_ep
    remaining: Float[Array, " array"]  # -, of the power


def array_damage(
    cells: tuple[CellDamage, ...],
    count: int,
    particles: ParticleEnvironment,
    transport: ShieldTransport | None = None,
) -> ArrayDamage:
    """Damage of `count` solar arrays, those of `cells` by their index: `dose` behind each one's shield.

    P/P0 = 1 - C log10(1 + D / D_x), D = life (D_p + D_e / R_ep) of the mission. Differentiable like `dose`, and in
    every leaf of cells. Raises what `dose` raises.
    """
    require_float64("array_damage")
    damage, left = jnp.zeros(count), jnp.ones(count)
    found: dict[int, Array] = {}
    for cell in cells:
        point = id(cell.point)
        # Arrays of one dose point share its dose.
        if point not in found:
            behind = dose(cell.point, particles, transport)
            found[point] = jnp.stack([behind.damage - behind.electron_damage, behind.electron_damage])
        protons, electrons = cell.life * found[point]
        value = effective_damage(protons, electrons, cell.electron_ratio)
        damage = damage.at[cell.array].set(value)
        left = left.at[cell.array].set(remaining_power(value, cell.coefficient, cell.reference_dose))
    return ArrayDamage(damage, left)


def damaged_arrays(
    arrays: SolarArrays, damage: ArrayLike, coefficient: ArrayLike, reference_dose: ArrayLike
) -> SolarArrays:
    """Solar arrays after a displacement damage dose (MeV/g, of the cells' material; one value or one each).

    P/P0 = 1 - C log10(1 + D / D_x), with the coefficient and reference dose of the type of cell, stands in place of
    any damage that the arrays had. Give the result to the power model:
    eqx.tree_at(lambda t: t.arrays, thermal, damaged_arrays(...)). Differentiable in every argument.
    """
    left = remaining_power(*(jnp.asarray(value, float) for value in (damage, coefficient, reference_dose)))
    return eqx.tree_at(lambda a: a.undamaged, arrays, jnp.broadcast_to(left, arrays.degradation.shape))
