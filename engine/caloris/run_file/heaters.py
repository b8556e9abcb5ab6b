"""Heaters of a run as named arrays of the run file: power over time and its mean, how often thermostats switch."""

import jax.numpy as jnp
import numpy as np

from caloris.output.run_data import RunData
from caloris.solve.part_terms import heat_over_time
from caloris.solve.solution import Solution, SteadySolution


def heater_arrays(solution: Solution | SteadySolution, data: RunData) -> None:
    """Power that each heater asks for; nothing for a run without heaters.

    Mean: nominal power times the share that its thermostat was on, exact by the times of switching; where the power
    follows a temperature (steady and cyclic runs take thermostats so too) the trapezoidal rule over the output times.
    """
    network, time = solution.network, data.arrays["thermal/time"]
    duty, switches = data.arrays.get("thermal/switch_duty"), network.switches
    power: dict[str, np.ndarray] = {}
    nominal: dict[str, float] = {}
    thermostat: dict[str, int] = {}
    temperature = jnp.atleast_2d(jnp.asarray(solution.temperature))
    auxiliary = jnp.broadcast_to(jnp.asarray(solution.auxiliary), (len(time), solution.auxiliary.shape[-1]))
    for group in network.parts:
        if group.kind != "heater":
            continue
        most = np.asarray(group.parameters.power)
        switched = group.switch is not None and duty is not None
        heat = None if switched else np.asarray(heat_over_time(network, group, temperature, auxiliary).source)
        for k, name in enumerate(group.name):
            if heat is None:
                assert group.switch is not None
                thermostat[name] = int(group.switch[k])
                mine = data.arrays["thermal/switch_mode"][:, thermostat[name]] * most[k]
            else:
                mine = heat[:, k].sum(axis=1)
            power[name] = power.get(name, 0.0) + mine
            nominal[name] = nominal.get(name, 0.0) + float(most[k])
    if not power:
        return
    names = list(power)
    if switches is not None and duty is not None:
        assert isinstance(solution, Solution)
        data.arrays["thermal/switch_count"] = _switchings(solution)
    span = time[-1] - time[0] if len(time) > 1 else 0.0
    mean = [
        nominal[name] * float(duty[thermostat[name]])
        if duty is not None and name in thermostat
        else float(np.trapezoid(power[name], time) / span if span > 0.0 else power[name][0])
        for name in names
    ]
    data.arrays |= {
        "thermal/heater": np.array(names, object),
        "thermal/heater_power": np.stack([power[name] for name in names], axis=1),
        "thermal/heater_nominal_power": np.array([nominal[name] for name in names]),
        "thermal/heater_mean_power": np.array(mean),
        # Of each heater the switch that it hangs on, -1 where its power follows a temperature.
        "thermal/heater_switch": np.array([thermostat.get(name, -1) for name in names]),
    }


def _switchings(solution: Solution) -> np.ndarray:
    """How often each thermostat switched on within the run."""
    assert solution.grid.mode is not None
    mode = np.asarray(solution.grid.mode)[: int(solution.grid.steps)]
    return np.sum(np.diff(mode, axis=0) > 0.5, axis=0)
