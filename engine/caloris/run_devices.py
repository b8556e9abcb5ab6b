"""Bands, effects, memories of devices and the job on them, as the named arrays of the run file."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from caloris.case.build import Model
from caloris.case.schema import Case
from caloris.model.device import Device
from caloris.output.run_data import RunData
from caloris.solve.job import job_goodput
from caloris.solve.memory import memory_failure_rate, upset_shares
from caloris.solve.upset import UpsetRate, effect_rates
from caloris.solve.upset_uncertainty import rate_uncertainty

_DAY = 86400.0


class _Effects(NamedTuple):
    """Rates of a device's effects (s-1 per device) and their geometric standard deviations."""

    rates: list[float]
    spreads: list[float]


def reliability_arrays(case: Case, model: Model, rates: Sequence[UpsetRate], data: RunData) -> None:
    """What follows from the upset rates: their bands, effects, memories, and the case's job."""
    assert model.particles is not None
    spreads = [rate_uncertainty(device, rate) for device, rate in zip(model.devices, rates, strict=True)]
    total = np.array([float(spread.total) for spread in spreads])
    per_day = np.array([float(rate.rate_per_device) for rate in rates]) * _DAY
    values: dict[str, np.ndarray] = {
        "direct_proton_rate_per_bit": np.array([float(rate.direct_proton_rate_per_bit) for rate in rates]),
        "rate_deviation": total,
        "rate_low_per_day": per_day / total,
        "rate_high_per_day": per_day * total,
        "source": np.array([device.source for device in model.devices], object),
    }
    effects = [_effects(device, model) for device in model.devices]
    values |= _effect_arrays(model.devices, effects) | _memory_arrays(model.devices, rates, total)
    data.arrays.update({f"upset/{name}": value for name, value in values.items()})
    if model.job is not None:
        _job_arrays(case, model, rates, total, effects, data)


def _effects(device: Device, model: Model) -> _Effects:
    assert model.particles is not None
    found = _Effects([], [])
    for effect, rate in zip(device.effects, effect_rates(device, model.particles), strict=True):
        alike = Device(effect.heavy_ion, effect.proton, effect.cells, uncertainty=device.uncertainty)
        found.rates.append(float(rate.rate_per_device))
        found.spreads.append(float(rate_uncertainty(alike, rate).total))
    return found


def _effect_arrays(devices: Sequence[Device], effects: Sequence[_Effects]) -> dict[str, np.ndarray]:
    names = [f"{device.name}: {effect.name}" for device in devices for effect in device.effects]
    if not names:
        return {}
    rate = np.array([rate for found in effects for rate in found.rates]) * _DAY
    spread = np.array([spread for found in effects for spread in found.spreads])
    return {
        "effect": np.array(names, object),
        "effect_rate_per_day": rate,
        "effect_low_per_day": rate / spread,
        "effect_high_per_day": rate * spread,
    }


def _memory_arrays(devices: Sequence[Device], rates: Sequence[UpsetRate], spread: np.ndarray) -> dict[str, np.ndarray]:
    """Failures of the memories; NaN for devices without one, nothing where none has one."""
    if all(device.memory is None for device in devices):
        return {}
    names = ("word_failure_rate", "memory_accumulated_rate", "memory_strike_rate", "memory_failure_rate")
    values = {name: np.full(len(devices), np.nan) for name in (*names, "memory_failure_low", "memory_failure_high")}
    for k, (device, rate) in enumerate(zip(devices, rates, strict=True)):
        if device.memory is not None:
            found = [memory_failures(device, rate, factor) for factor in (1.0, 1.0 / spread[k], spread[k])]
            for name, value in zip(names, found[0], strict=True):
                values[name][k] = value
            values["memory_failure_low"][k], values["memory_failure_high"][k] = found[1][3], found[2][3]
    return values


def memory_failures(device: Device, rate: UpsetRate, factor: float = 1.0) -> tuple[float, float, float, float]:
    """`memory_failure_rate` of a device with a memory, all its upset rates times a factor.

    Shares by geometry belong to heavy ions; upsets by protons are then taken to be of single cells.
    """
    memory = device.memory
    assert memory is not None
    heavy = float(rate.heavy_ion_rate_per_bit)
    every = float(rate.rate_per_device) / float(device.bits)
    shares = memory.shares
    if shares is None and memory.pitch is not None and device.heavy_ion is not None and every > 0.0:
        by_ions = np.asarray(upset_shares(memory, device.heavy_ion, rate.let, rate.integral_let_flux))
        # Events that upset k cells are the ions' shares, per upset bit, and single cells for the rest of the bits.
        mean = float(by_ions @ np.arange(1, by_ions.size + 1))
        events = by_ions * heavy / mean
        events[0] += every - heavy
        shares = events / events.sum()
    result = memory_failure_rate(memory, every * factor, device.bits, shares)
    return (float(result.word), float(result.accumulated), float(result.struck), float(result.device))


def _job_arrays(
    case: Case,
    model: Model,
    rates: Sequence[UpsetRate],
    spread: np.ndarray,
    effects: Sequence[_Effects],
    data: RunData,
) -> None:
    """The job at the rates as they are, and at both ends of their bands, all rates low or high together."""
    assert model.job is not None and case.job is not None
    used = set(case.job.devices or [device.name for device in model.devices])

    def failures(power: float) -> float:
        total = 0.0
        for k, device in enumerate(model.devices):
            if device.name not in used:
                continue
            factor = float(spread[k]) ** power
            if device.memory is not None:
                one = memory_failures(device, rates[k], factor)[3]
            else:
                one = float(rates[k].rate_per_device) * factor * float(device.fatal_share)
            for effect, rate, wide in zip(device.effects, *effects[k], strict=True):
                one += rate * wide**power if effect.stops_job else 0.0
            total += one * float(device.count)
        return total

    low, middle, high = (job_goodput(model.job, failures(power)) for power in (-1.0, 0.0, 1.0))
    count = middle.rate_along_orbit.shape[0]
    data.arrays["system/orbit_phase"] = np.arange(count) / count
    data.arrays["system/failure_rate_along_orbit"] = np.asarray(middle.rate_along_orbit)
    data.arrays["system/interval_along_orbit"] = np.asarray(middle.interval_along_orbit)
    names = ("failure_rate", "interval", "optimal_interval", "young_interval", "daly_interval")
    data.attributes["system"] = {name: float(getattr(middle, name)) for name in names} | {
        "failure_rate_low": float(low.failure_rate),
        "failure_rate_high": float(high.failure_rate),
        "goodput": float(middle.goodput),
        "goodput_low": float(high.goodput),
        "goodput_high": float(low.goodput),
        "goodput_following": float(middle.goodput_following),
        "checkpoint_time": float(model.job.checkpoint_time),
        "restart_time": float(model.job.restart_time),
    }
