"""Equipment between nodes: parts of a kind under one law, auxiliary states, switches, and capacities over temperature.

A part couples a few states: temperatures of nodes and auxiliary states such as a mass flow. What it does is a pure
function of these (`caloris_kernels.parts.part_heat`); here stand the parts' numbers and which states they touch.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from caloris_kernels.parts.part_heat import PartHeat
from caloris_kernels.storage.enthalpy import CapacityTable, enthalpy, temperature_of

Law = Callable[..., PartHeat]  # (values, parameters, mode), behind the fluid where the group has one


class PartGroup(eqx.Module):
    """Parts of one kind. A part with a switch has the switch's sensor as its last node."""

    name: tuple[str, ...] = eqx.field(static=True)  # of each part
    kind: str = eqx.field(static=True)  # what the parts are, for tables and messages
    law: Law = eqx.field(static=True)  # a module-level function, or equal by value: programs are kept under its name
    node: Int[Array, "part local_node"]
    auxiliary: Int[Array, "part local_auxiliary"]  # indices among the auxiliary states
    parameters: Any  # pytree of arrays with a leading axis of parts
    switch: Int[Array, " part"] | None = None  # index among the switches
    electrical: bool = eqx.field(static=True, default=True)  # whether the bus supplies what the law draws
    fluid: int | None = eqx.field(static=True, default=None)  # index of the fluid that the law is told first

    def __check_init__(self):
        count = len(self.name)
        parts = [self.node, self.auxiliary, *jax.tree.leaves(self.parameters)]
        if any(np.ndim(part) and np.shape(part)[0] != count for part in parts):
            raise ValueError(f"{self.kind}: every array needs a leading axis of {count} parts")


class Auxiliary(eqx.Module):
    """States of equipment beside temperatures and charge: C y' = F, F from the laws of the parts that hold them.

    stores: 1 where C y is heat in J (the enthalpy of a fluid cell), 0 elsewhere.
    """

    name: tuple[str, ...] = eqx.field(static=True)
    unit: tuple[str, ...] = eqx.field(static=True)
    capacity: Float[Array, " auxiliary"]  # C, in W over the state's unit per second, or 0: an algebraic state
    start: Float[Array, " auxiliary"]
    per_kelvin: Float[Array, " auxiliary"]  # error of the state that counts as much as one kelvin
    stores: Float[Array, " auxiliary"]  # -


class Switches(eqx.Module):
    """Two-point control with hysteresis: on below one temperature of a sensor, off above another."""

    name: tuple[str, ...] = eqx.field(static=True)
    sensor: Int[Array, " switch"]  # node
    on_below: Float[Array, " switch"]  # K
    off_above: Float[Array, " switch"]  # K
    start: Float[Array, " switch"]  # - 1 on, 0 off, at t = 0


class OneWayLinks(eqx.Module):
    """Streams: heat w (T_a - T_b) into the second node, nothing out of the first."""

    node: Int[Array, "pair 2"]
    capacity_rate: Float[Array, " pair"]  # W K-1


class HeatStorage(eqx.Module):
    """Nodes whose heat capacity depends on their temperature; `Nodes.heat_capacity` is its unit."""

    node: Int[Array, " table"]
    table: CapacityTable  # leading axis of tables

    def states(self, temperature: Float[Array, " node"]) -> Float[Array, " node"]:
        """Enthalpy of every node over its nominal heat capacity (K); elsewhere the temperature."""
        mine = jax.vmap(enthalpy)(self.table, temperature[self.node])
        return temperature.at[self.node].set(mine)

    def temperatures(self, states: Float[Array, " node"]) -> tuple[Float[Array, " node"], Float[Array, " node"]]:
        """Temperature of every node (K), and its slope over the state (-)."""
        mine, slope = jax.vmap(temperature_of)(self.table, states[self.node])
        return states.at[self.node].set(mine), jnp.ones_like(states).at[self.node].set(slope)
