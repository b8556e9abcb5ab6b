"""Heat and power of a run as the named arrays of the run file."""

from typing import NamedTuple

import numpy as np

from caloris.case.build import Model
from caloris.case.schema import Case
from caloris.output.run_data import RunData
from caloris.run_file.heaters import heater_arrays
from caloris.solve.balance import Audit, Balance, audit, balance, duty, mean_terms
from caloris.solve.solution import Solution, SteadySolution

# Largest energy residual over the run's largest total: steady runs are solved to rounding, others to the
# step tolerance.
ENERGY_BOUND = {"steady": 1e-6, "transient": 1e-4}


class Residuals(NamedTuple):
    """What a solution leaves open of its heat."""

    energy: np.ndarray  # [time] W, of heat that crosses the spacecraft's boundary less what is stored
    exchange: np.ndarray  # [time] W, sum of what nodes give each other
    largest_total: float  # W
    audit: Audit | None  # None for a steady state

    @property
    def relative(self) -> tuple[float, float]:
        """Largest residual of energy and of exchange over the largest total."""
        energy, exchange = (float(np.max(np.abs(x))) for x in (self.energy, self.exchange))
        total = max(self.largest_total, 1e-300)
        return energy / total, exchange / total


def residuals(solution: Solution | SteadySolution, moments: Balance, bounded: bool = True) -> Residuals:
    """What a solution leaves open, from its balance; bounded: some node's temperature is given (see `audit`).

    Raises ValueError for a solution over time without its record.
    """
    exchange = np.asarray(moments.exchange_residual)
    if isinstance(solution, SteadySolution):
        energy, total = _steady_residual(moments)
        return Residuals(energy, exchange, total, None)
    checked = audit(solution, bounded)
    return Residuals(np.asarray(checked.energy_residual), exchange, float(checked.largest_total), checked)


def thermal_arrays(case: Case, model: Model, solution: Solution | SteadySolution, data: RunData) -> float:
    """Fill the thermal and power groups; return the largest energy residual over the largest total."""
    assert model.context is not None and case.run is not None
    moments = balance(solution)
    _heat(model, solution, moments, data)
    heater_arrays(solution, data)
    left = residuals(solution, moments, model.context.structure.bounded)
    data.arrays["thermal/energy_residual"] = left.energy
    relative, exchange = left.relative
    data.attributes["thermal"] = {
        "mode": case.run.mode,
        "energy_residual_relative": relative,
        "exchange_residual_relative": exchange,
        "largest_total": left.largest_total,
    }
    data.status.update(
        iterations=int(solution.iterations),
        residuals=np.array([relative, exchange]),
    )
    if isinstance(solution, Solution):
        data.status.update(steps=int(solution.steps), cycle_residual=float(solution.residual))
    if solution.network.cells is not None or solution.network.bus_efficiency is not None:
        _power(model, solution, moments, left.audit, data)
    return relative


def _heat(model: Model, solution: Solution | SteadySolution, moments: Balance, data: RunData) -> None:
    """Temperatures and every term of the balance of each node."""
    thermal, network, terms = model.thermal, solution.network, moments.terms
    assert thermal is not None and model.geometry is not None
    steady = isinstance(solution, SteadySolution)
    temperature = np.atleast_2d(np.asarray(solution.temperature))
    sources = np.moveaxis(np.asarray(moments.by_source), 1, 0)
    values = {
        "time": np.zeros(1) if steady else np.asarray(solution.time),
        "node": np.array(thermal.nodes.name, object),
        "temperature": temperature,
        "node_heat_capacity": np.asarray(network.heat_capacity * network.free),
        "node_heat_load": terms.load,
        "node_absorbed": terms.absorbed,
        "node_absorbed_solar": sources[0],
        "node_absorbed_albedo": sources[1],
        "node_absorbed_infrared": sources[2],
        "node_electrical_extracted": terms.extracted,
        "node_exchanged": terms.exchanged,
        "node_conducted": terms.conducted,
        "node_emitted_to_space": terms.to_space,
        "node_boundary": moments.boundary,
        "node_stored": moments.stored,
        "facet_absorbed_solar": moments.facet_solar,
        "facet_absorbed_albedo": moments.facet_albedo,
        "facet_absorbed_infrared": moments.facet_infrared,
        "exchange_residual": moments.exchange_residual,
    }
    streams = network.links.stream.shape[0] > 0
    if streams:
        values["node_advected"] = terms.advected
    if network.auxiliary is not None:
        names = [f"{name} ({unit})" for name, unit in zip(network.auxiliary.name, network.auxiliary.unit, strict=True)]
        values["auxiliary"] = np.array(names, object)
        values["auxiliary_state"] = np.atleast_2d(np.asarray(solution.auxiliary))
    if isinstance(solution, Solution):
        share = duty(solution)
        if share is not None and network.switches is not None:
            values["switch"] = np.array(network.switches.name, object)
            values["switch_mode"] = np.asarray(solution.mode)
            values["switch_duty"] = np.asarray(share)
        mean, sources, boundary = mean_terms(solution)
        storage = network.storage
        ends = [
            solution.temperature[k] if storage is None else storage.states(solution.temperature[k]) for k in (0, -1)
        ]
        change = np.asarray(ends[1] - ends[0]) * values["node_heat_capacity"]
        values |= {
            "mean_heat_load": mean.load,
            "mean_absorbed_solar": sources[0],
            "mean_absorbed_albedo": sources[1],
            "mean_absorbed_infrared": sources[2],
            "mean_electrical_extracted": mean.extracted,
            "mean_exchanged": mean.exchanged,
            "mean_conducted": mean.conducted,
            "mean_emitted_to_space": mean.to_space,
            "mean_boundary": boundary,
            "mean_stored": change / float(solution.time[-1] - solution.time[0]),
        }
        if streams:
            values["mean_advected"] = mean.advected
    data.arrays.update({f"thermal/{name}": np.asarray(value) for name, value in values.items()})


def _steady_residual(moments: Balance) -> tuple[np.ndarray, float]:
    """Residual and largest total of a steady state (W)."""
    terms = moments.terms
    supplied = moments.boundary + terms.advected  # what streams bring comes from outside too
    into = np.asarray(terms.absorbed + terms.load - terms.extracted + supplied - terms.to_space)
    inside = moments.auxiliary_load
    size = [np.abs(np.asarray(x)).sum() for x in (terms.absorbed, terms.load, inside, supplied, terms.to_space)]
    return np.array([into.sum() + float(inside.sum())]), float(sum(size))


def _power(
    model: Model,
    solution: Solution | SteadySolution,
    moments: Balance,
    checked: Audit | None,
    data: RunData,
) -> None:
    """Generation, storage, losses and what is missing."""
    thermal = model.thermal
    assert thermal is not None
    arrays = thermal.arrays
    values: dict[str, object] = {}
    if arrays is not None:
        values |= {
            "array": np.array(arrays.name, object),
            "array_power": moments.array_power,
            "available_power": moments.available,
        }
    if model.array_damage is not None:
        values |= {
            "displacement_damage": model.array_damage.damage,
            "undamaged": model.array_damage.remaining,
        }
    flow, bank = moments.flow, solution.network.bank
    if flow is not None:
        values |= {
            "load_power": flow.load_power,
            "battery_power": flow.battery_power.sum(axis=1),
            "loss_power": flow.bus_loss + flow.battery_loss.sum(axis=1),
            "unmet_power": flow.unmet_power,
        }
    charge = np.asarray(solution.charge) if isinstance(solution, Solution) else None
    if bank is not None and thermal.batteries is not None:
        capacity = np.asarray(bank.capacity)
        values |= {
            "battery": np.array(thermal.batteries.name, object),
            "capacity": capacity,
            "maximum_depth_of_discharge": thermal.batteries.maximum_depth_of_discharge,
        }
        if charge is not None and checked is not None:
            stored = charge[:1] + np.asarray(checked.stored_energy)
            values |= {"stored_energy": stored, "state_of_charge": stored / capacity}
        else:
            full = np.broadcast_to(capacity, (1, len(capacity)))
            values |= {"stored_energy": full, "state_of_charge": np.ones_like(full)}
    if checked is not None:
        if arrays is not None:
            values["array_energy"] = checked.array_energy
        if flow is not None:
            values |= {
                "load_energy": checked.load_energy,
                "loss_energy": checked.loss_energy,
                "unmet_energy": checked.unmet_energy,
            }
    data.arrays.update({f"power/{name}": np.asarray(value) for name, value in values.items()})
    if flow is not None:
        data.attributes["power"] = _verdict(solution, moments, checked)


def _verdict(solution: Solution | SteadySolution, moments: Balance, checked: Audit | None) -> dict[str, object]:
    """Sustained or not, and the mean power left over (W at the bus).

    Left over is what the arrays could give beyond what was drawn (through the bus), less what was not served,
    plus what batteries gained over the run (negative when they lost).
    """
    flow = moments.flow
    assert flow is not None and solution.network.bus_efficiency is not None
    efficiency = float(solution.network.bus_efficiency)
    if checked is None or not isinstance(solution, Solution):
        unmet = float(np.asarray(flow.unmet_power)[0])
        spare = float(moments.available.sum() - moments.array_power.sum()) * efficiency
        return {"sustained": bool(unmet <= 1e-6), "margin": spare - unmet}
    length = float(solution.time[-1] - solution.time[0])
    left = float(checked.available_energy[-1] - checked.array_energy[-1].sum()) * efficiency / length
    unmet = float(np.asarray(checked.unmet_energy)[-1]) / length
    gained = float(np.asarray(checked.stored_energy)[-1].sum()) / length
    demand = float(np.asarray(checked.load_energy)[-1]) / length + unmet
    # Within a part in 1e4 of the demand: the step tolerance of the batteries' charge.
    sustained = unmet <= 1e-4 * demand and gained >= -1e-4 * demand
    return {"sustained": bool(sustained), "margin": left + gained - unmet}
