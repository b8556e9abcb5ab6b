"""Electrical models: solar arrays, batteries, the bus, and loads that draw from it."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from caloris.model.leaves import leaf
from caloris.model.schedule import Schedule
from caloris_kernels.power.bus import BatteryBank


class SolarArrays(eqx.Module):
    """Every solar array of the case, stacked; a facet carries cells of at most one array."""

    name: tuple[str, ...] = eqx.field(static=True)
    facet_array: Int[Array, " facet"]  # index of the array, -1 without cells
    efficiency: Float[Array, " array"]  # - at the reference temperature
    temperature_coefficient: Float[Array, " array"]  # K-1, absolute
    reference_temperature: Float[Array, " array"]  # K
    packing: Float[Array, " array"]  # - cell area over facet area
    degradation: Float[Array, " array"]  # - power remaining after ageing
    undamaged: Float[Array, "*array"] = eqx.field(converter=leaf, default=1.0)  # - power left by displacement damage

    @property
    def count(self) -> int:
        """Number of arrays."""
        return len(self.name)

    @property
    def remaining(self) -> Float[Array, " array"]:
        """Power remaining after ageing and displacement damage (-)."""
        return self.degradation * self.undamaged


class Boundary(eqx.Module):
    """A node whose temperature is given by a table."""

    node: Int[Array, ""]
    temperature: Schedule  # K


class Batteries(eqx.Module):
    """Every battery of the case, stacked; all are in parallel on the one bus."""

    name: tuple[str, ...] = eqx.field(static=True)
    node: Int[Array, " battery"]  # node that takes the battery's losses
    capacity: Float[Array, " battery"]  # J
    charge_efficiency: Float[Array, " battery"]  # -
    discharge_efficiency: Float[Array, " battery"]  # -
    maximum_depth_of_discharge: Float[Array, " battery"]  # -
    start_charge: Float[Array, " battery"]  # - state of charge at t = 0

    # Part of the capacity over which charging tapers at full charge and supply tapers at the floor: the width
    # of a lithium-ion cell's constant-voltage phase at the low rates of a low Earth orbit, about one percent.
    TAPER = 0.01

    @property
    def count(self) -> int:
        """Number of batteries."""
        return len(self.name)

    @property
    def bank(self) -> BatteryBank:
        """The same numbers as the bus kernel takes them."""
        return BatteryBank(
            capacity=self.capacity,
            charge_efficiency=self.charge_efficiency,
            discharge_efficiency=self.discharge_efficiency,
            floor=1.0 - self.maximum_depth_of_discharge,
            taper=jnp.full_like(self.capacity, self.TAPER),
        )


class Bus(eqx.Module):
    """The regulated bus between arrays, batteries and loads."""

    efficiency: Float[Array, ""]  # -
    loss_node: Int[Array, ""]  # node that takes the conversion losses


class HeatLoad(eqx.Module):
    """Heat put into nodes, spread by fixed shares; `electrical` loads also draw it from the bus."""

    name: str = eqx.field(static=True)
    node: Int[Array, " target"]
    share: Float[Array, " target"]  # - sums to one, but for the heat of an imported network: of 1 W
    power: Schedule  # W
    electrical: bool = eqx.field(static=True, default=False)

    def over_segments(self, edges: Float[Array, " edge"], period: Float[Array, ""]) -> Float[Array, "segment 2"]:
        """Total power (W) at both ends of each segment."""
        return self.power.over_segments(edges, period)


class Compute(eqx.Module):
    """A computer: draws idle + utilization (peak - idle) from the bus and turns all of it into heat."""

    name: str = eqx.field(static=True)
    node: Int[Array, " target"]
    share: Float[Array, " target"]  # - sums to one
    peak_power: Float[Array, ""]  # W
    idle_power: Float[Array, ""]  # W
    utilization: Schedule  # -
    electrical: bool = eqx.field(static=True, default=True)

    def over_segments(self, edges: Float[Array, " edge"], period: Float[Array, ""]) -> Float[Array, "segment 2"]:
        """Total power (W) at both ends of each segment."""
        share = self.utilization.over_segments(edges, period)
        return self.idle_power + share * (self.peak_power - self.idle_power)
