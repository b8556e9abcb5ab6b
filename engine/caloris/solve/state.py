"""The state of the stepper and what it stands for: temperatures, stored energy, auxiliary states."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris.solve.network import Network


class State(NamedTuple):
    """Physical values of a state y = [enthalpy or temperature of every node, charge, auxiliary states]."""

    temperature: Float[Array, " node"]  # K
    charge: Float[Array, " battery"]  # J
    auxiliary: Float[Array, " auxiliary"]


def sizes(network: Network) -> tuple[int, int, int]:
    """Numbers of nodes, batteries and auxiliary states."""
    batteries = 0 if network.bank is None else network.bank.capacity.shape[0]
    auxiliary = 0 if network.auxiliary is None else network.auxiliary.capacity.shape[0]
    return network.free.shape[0], batteries, auxiliary


def split(network: Network, y: Float[Array, "*time state"]) -> State:
    """The three parts of y as they stand in it: the first is the enthalpy where capacities are not constant."""
    nodes, batteries, _ = sizes(network)
    return State(y[..., :nodes], y[..., nodes : nodes + batteries], y[..., nodes + batteries :])


def physical(network: Network, y: Float[Array, " state"]) -> State:
    """What y stands for, see `caloris_kernels.storage.enthalpy`."""
    parts = split(network, y)
    if network.storage is None:
        return parts
    return parts._replace(temperature=network.storage.temperatures(parts.temperature)[0])


def physical_over_time(network: Network, y: Float[Array, "time state"]) -> State:
    """`physical` for every time."""
    return split(network, y) if network.storage is None else jax.vmap(lambda row: physical(network, row))(y)


def stepper_state(network: Network, state: State) -> Float[Array, " state"]:
    """The y that stands for a state."""
    temperature = state.temperature if network.storage is None else network.storage.states(state.temperature)
    return jnp.concatenate([temperature, state.charge, state.auxiliary])


def full_charge(network: Network) -> Float[Array, " battery"]:
    """Energy in full batteries (J)."""
    return jnp.zeros(0) if network.bank is None else network.bank.capacity


def start_auxiliary(network: Network) -> Float[Array, " auxiliary"]:
    """Auxiliary states at t = 0."""
    return jnp.zeros(0) if network.auxiliary is None else network.auxiliary.start


def stored_heat(network: Network, state: State) -> Float[Array, ""]:
    """Heat stored in free nodes and auxiliary states (J), from an arbitrary zero."""
    stored = state.temperature if network.storage is None else network.storage.states(state.temperature)
    total = jnp.sum(network.heat_capacity * network.free * stored)
    auxiliary = network.auxiliary
    if auxiliary is None:
        return total
    return total + jnp.sum(auxiliary.stores * auxiliary.capacity * state.auxiliary)
