"""Power balance of a regulated bus: solar array, batteries and electrical loads at one instant."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class BatteryBank(NamedTuple):
    """Batteries in parallel on the bus; powers split by capacity."""

    capacity: Float[Array, " battery"]  # J
    charge_efficiency: Float[Array, " battery"]  # -
    discharge_efficiency: Float[Array, " battery"]  # -
    floor: Float[Array, " battery"]  # - least state of charge: 1 - maximum depth of discharge
    taper: Float[Array, " battery"]  # - part of the capacity over which power tapers to zero at a limit


class BusFlow(NamedTuple):
    """Powers on the bus at one instant (W)."""

    array_power: Float[Array, ""]  # drawn from the array
    used_fraction: Float[Array, ""]  # - array_power over what the array could give
    served_fraction: Float[Array, ""]  # - load power over demand
    load_power: Float[Array, ""]
    unmet_power: Float[Array, ""]
    battery_power: Float[Array, " battery"]  # at the terminals, charging positive
    stored_power: Float[Array, " battery"]  # rate of change of the stored energy
    battery_loss: Float[Array, " battery"]  # heat in the batteries
    bus_loss: Float[Array, ""]  # heat in the power conditioning


def _taper(room: Float[Array, " battery"]) -> Float[Array, " battery"]:
    """1 - (1 - x)^2 on [0, 1]: full power away from a limit, linear to zero at it, slope continuous."""
    x = jnp.clip(room, 0.0, 1.0)
    return x * (2.0 - x)


@jax.jit
def bus_flow(
    available: Float[Array, ""],
    demand: Float[Array, ""],
    charge: Float[Array, " battery"],
    bank: BatteryBank,
    bus_efficiency: Float[Array, ""],
) -> BusFlow:
    """Split the available array power between loads and batteries; batteries cover a deficit (W).

    With p = eta_bus * available - demand: a surplus charges the batteries, which accept it fully until the
    last `taper` of their capacity and then less and less (constant-voltage phase); what they do not accept
    stays in the array (the array leaves its maximum-power point: used_fraction < 1). A deficit is drawn from the
    batteries down to their floor, tapering over the last part in the same way; the rest is unmet. Energy balance:

        array_power = load_power + sum(stored_power + battery_loss) + bus_loss   (exactly)

    charge is the stored energy (J), bank.capacity in J. Source: the energy-balance method of Patel, Spacecraft
    Power Systems (2005), ch. 4 and 15; the taper is this model's. Differentiable but at the points where
    surplus changes sign or a limit's taper begins, where one-sided derivatives exist.
    """
    share = bank.capacity / jnp.maximum(jnp.sum(bank.capacity), 1e-300)
    span = bank.taper * bank.capacity
    accept = share * _taper((bank.capacity - charge) / span)
    release = share * _taper((charge - bank.floor * bank.capacity) / span)
    net = bus_efficiency * available - demand
    charging = jnp.maximum(net, 0.0) * accept
    deficit = jnp.maximum(-net, 0.0)
    discharging = deficit * release
    unmet = deficit - jnp.sum(discharging)
    array_power = (jnp.minimum(demand, bus_efficiency * available) + jnp.sum(charging)) / bus_efficiency
    lit = available > 0
    served = demand > 0
    return BusFlow(
        array_power=array_power,
        used_fraction=jnp.where(lit, array_power / jnp.where(lit, available, 1.0), 1.0),
        served_fraction=jnp.where(served, 1.0 - unmet / jnp.where(served, demand, 1.0), 1.0),
        load_power=demand - unmet,
        unmet_power=unmet,
        battery_power=charging - discharging,
        stored_power=bank.charge_efficiency * charging - discharging / bank.discharge_efficiency,
        battery_loss=(1.0 - bank.charge_efficiency) * charging + (1.0 / bank.discharge_efficiency - 1.0) * discharging,
        bus_loss=(1.0 - bus_efficiency) * array_power,
    )
