"""Louvers: blades over a radiator that open as it warms."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.constants import STEFAN_BOLTZMANN
from caloris_kernels.numerics.smooth import smooth_step
from caloris_kernels.parts.part_heat import PartHeat


class Louver(NamedTuple):
    """A radiator with blades that a bimetallic spring opens."""

    area: Float[Array, ""]  # m2, of the radiator under the blades, times the view factor to the sink
    closed_emittance: Float[Array, ""]  # - effective, of radiator and blades
    open_emittance: Float[Array, ""]  # -
    closed_below: Float[Array, ""]  # K
    open_above: Float[Array, ""]  # K, above closed_below


def louver_emittance(sensor: Float[Array, "..."], louver: Louver) -> Float[Array, "..."]:
    """Effective emittance of radiator and blades together (-) at the temperature of the spring (K).

    From closed to open over the temperature range, with a continuous slope (3 x^2 - 2 x^3 where a spring with constant
    rate turns the blades about in proportion). Rectangular-blade louvers need 10 to 17 K from closed to open
    and reject about six times as much heat open as closed (Hardt, Karam and Eby, in Gilmore, ed., Spacecraft Thermal
    Control Handbook, vol. 1, 2nd ed. 2002, ch. 9). Both emittances hold without sunlight on the blades.
    """
    opening = smooth_step((sensor - louver.closed_below) / (louver.open_above - louver.closed_below))
    return louver.closed_emittance + (louver.open_emittance - louver.closed_emittance) * opening


def louver(values: Float[Array, "3"], parameters: Louver, mode: Float[Array, ""]) -> PartHeat:
    """Heat from a louvered radiator to its sink (W); values = [radiator, sink, sensor of the blades] (K).

    q = sigma A e(T_sensor) (T_radiator^4 - T_sink^4) with e from `louver_emittance`. The sink is a node: a boundary
    node at the temperature of space or at the equivalent sink temperature of the surroundings. The sensor may be the
    radiator itself. mode is not used.
    """
    radiator, sink, sensor = values
    conductance = STEFAN_BOLTZMANN * parameters.area * louver_emittance(sensor, parameters)
    heat = conductance * (radiator**4 - sink**4)
    zero = jnp.zeros_like(heat)
    return PartHeat(jnp.stack([-heat, heat, zero]), jnp.zeros_like(values))
