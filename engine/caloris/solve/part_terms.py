"""Equipment of the network at one state: heat by node, right sides of auxiliary states, and their derivatives."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from caloris.model.parts import PartGroup
from caloris.solve.network import Network
from caloris.solve.state import State, sizes
from caloris_kernels.parts.part_heat import PartHeat


class PartTerms(NamedTuple):
    """What all parts together do."""

    internal: Float[Array, " node"]  # W, out of other nodes (and stored heat of auxiliary states)
    free_source: Float[Array, " node"]  # W, from power that the bus does not supply
    electrical_source: Float[Array, " node"]  # W, from the bus when fully served
    auxiliary: Float[Array, " auxiliary"]  # right sides, without what follows
    free_auxiliary: Float[Array, " auxiliary"]  # W into fluids that are auxiliary states, like the sources of nodes
    electrical_auxiliary: Float[Array, " auxiliary"]
    demand: Float[Array, ""]  # W, of the bus


class PartBlock(NamedTuple):
    """Derivatives of one group: rows are what a part does to its states, columns the states."""

    states: Int[Array, "part local"]  # their indices
    internal: Float[Array, "part local local"]
    source: Float[Array, "part local local"]
    electrical: bool


def part_terms(network: Network, state: State) -> PartTerms:
    """Sum the laws of all parts over the states that they touch."""
    nodes, batteries, auxiliary = sizes(network)
    internal = free = electrical = jnp.zeros_like(state.temperature)
    rate = free_auxiliary = electrical_auxiliary = jnp.zeros(auxiliary)
    demand = jnp.zeros(())
    for group in network.parts:
        heat = _laws(network, group, state, jacobian=False)
        count = group.node.shape[1]
        internal = internal.at[group.node].add(heat.internal[:, :count])
        rate = rate.at[group.auxiliary].add(heat.internal[:, count:])
        if group.electrical:
            electrical = electrical.at[group.node].add(heat.source[:, :count])
            electrical_auxiliary = electrical_auxiliary.at[group.auxiliary].add(heat.source[:, count:])
            demand = demand + jnp.sum(heat.source)
        else:
            free = free.at[group.node].add(heat.source[:, :count])
            free_auxiliary = free_auxiliary.at[group.auxiliary].add(heat.source[:, count:])
    return PartTerms(internal, free, electrical, rate, free_auxiliary, electrical_auxiliary, demand)


def part_blocks(network: Network, state: State) -> list[PartBlock]:
    """The small Jacobians of every part."""
    nodes, batteries, _ = sizes(network)
    blocks = []
    for group in network.parts:
        heat = _laws(network, group, state, jacobian=True)
        index = jnp.concatenate([group.node, group.auxiliary + nodes + batteries], axis=1)
        blocks.append(PartBlock(index, heat.internal, heat.source, group.electrical))
    return blocks


def _laws(network: Network, group: PartGroup, state: State, jacobian: bool) -> PartHeat:
    """The law of every part of a group, or its derivatives by the values of the part's states."""
    values = jnp.concatenate([state.temperature[group.node], state.auxiliary[group.auxiliary]], axis=1)
    sensor, switches = group.node.shape[1] - 1, network.switches
    banded = group.switch is not None and network.mode is None

    told = () if group.fluid is None else (network.fluids[group.fluid],)

    def law(values: Array, parameters: Any, mode: Array, on_below: Array, off_above: Array) -> PartHeat:
        mode = proportional(values[sensor], on_below, off_above) if banded else mode
        return group.law(*told, values, parameters, mode)

    none = jnp.zeros(values.shape[0])
    if group.switch is None or switches is None:
        control = (none, none, none)
    else:
        mode = none if network.mode is None else network.mode[group.switch]
        control = (mode, switches.on_below[group.switch], switches.off_above[group.switch])
    return jax.vmap(jax.jacfwd(law) if jacobian else law)(values, group.parameters, *control)


@jax.jit
def heat_over_time(
    network: Network,
    group: PartGroup,
    temperature: Float[Array, "time node"],
    auxiliary: Float[Array, "time auxiliary"],
) -> PartHeat:
    """What every part of a group without switches does to its states, [time, part, local]."""

    def one(temperature: Array, auxiliary: Array) -> PartHeat:
        return _laws(network, group, State(temperature, jnp.zeros(0), auxiliary), jacobian=False)

    return jax.vmap(one)(temperature, auxiliary)


def proportional(
    temperature: Float[Array, ""], on_below: Float[Array, ""], off_above: Float[Array, ""]
) -> Float[Array, ""]:
    """A switch as a band, for states without a history (steady, periodic): 1 below, 0 above, C1 between.

    The mean of a two-point control over its cycles lies between its thresholds; where the band is narrow against
    what is controlled, this gives the same mean power.
    """
    x = jnp.clip((off_above - temperature) / (off_above - on_below), 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)
