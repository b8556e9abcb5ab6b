"""Bands, effects, memories of devices and the job on them, as the named arrays of the run file."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from caloris.case.build import Model
from caloris.case.schema import Case
from caloris.model.device import Device
from caloris.model.job import Job
from caloris.output.run_data import RunData
from caloris.run_file.upset_track import DayOfTrack, phases_of_job, summed
from caloris.solve.job import job_goodput
from caloris.solve.memory import MemoryRate, memory_failure_rate, upset_shares
from caloris.solve.upset import UpsetRate, effect_rates
from caloris.solve.upset_uncertainty import rate_uncertainty
from caloris_kernels.constants import DAY


class _Effects(NamedTuple):
    """Rates of a device's effects (s-1 per device) and geometric standard deviations."""

    rates: list[float]
    spreads: list[float]


def reliability_arrays(
    case: Case, model: Model, rates: Sequence[UpsetRate], data: RunData, day: DayOfTrack | None = None
) -> None:
    """What follows from the upset rates: their bands, effects, memories, and the case's job.

    day: the rates along a day of the ground track, which memories and the job follow.
    """
    assert model.particles is not None
    spreads = [rate_uncertainty(device, rate) for device, rate in zip(model.devices, rates, strict=True)]
    total = np.array([float(spread.total) for spread in spreads])
    per_day = np.array([float(rate.rate_per_device) for rate in rates]) * DAY
    values: dict[str, np.ndarray] = {
        "direct_proton_rate_per_bit": np.array([float(rate.direct_proton_rate_per_bit) for rate in rates]),
        "rate_deviation": total,
        "rate_low_per_day": per_day / total,
        "rate_high_per_day": per_day * total,
        "source": np.array([device.source for device in model.devices], object),
    }
    effects = [_effects(device, rate) for device, rate in zip(model.devices, rates, strict=True)]
    values |= _effect_arrays(model.devices, effects) | _memory_arrays(model.devices, rates, total, day)
    data.arrays.update({f"upset/{name}": value for name, value in values.items()})
    if model.job is not None:
        _job_arrays(case, model, rates, total, effects, data, day)


def _effects(device: Device, usual: UpsetRate) -> _Effects:
    found = _Effects([], [])
    for effect, rate in zip(device.effects, effect_rates(device, usual), strict=True):
        alike = Device(effect.heavy_ion, effect.proton, effect.cells, uncertainty=device.uncertainty)
        found.rates.append(float(rate.rate_per_device))
        found.spreads.append(float(rate_uncertainty(alike, rate).total))
    return found


def _effect_arrays(devices: Sequence[Device], effects: Sequence[_Effects]) -> dict[str, np.ndarray]:
    names = [f"{device.name}: {effect.name}" for device in devices for effect in device.effects]
    if not names:
        return {}
    rate = np.array([rate for found in effects for rate in found.rates]) * DAY
    spread = np.array([spread for found in effects for spread in found.spreads])
    return {
        "effect": np.array(names, object),
        "effect_rate_per_day": rate,
        "effect_low_per_day": rate / spread,
        "effect_high_per_day": rate * spread,
    }


def _memory_arrays(
    devices: Sequence[Device], rates: Sequence[UpsetRate], spread: np.ndarray, day: DayOfTrack | None
) -> dict[str, np.ndarray]:
    """Failures of the memories; NaN for devices without one, nothing where none has one."""
    if all(device.memory is None for device in devices):
        return {}
    columns = {"word": "word_failure_rate", "accumulated": "memory_accumulated_rate", "struck": "memory_strike_rate"}
    columns["device"] = "memory_failure_rate"
    names = [*columns.values(), "memory_failure_low", "memory_failure_high"]
    names += [] if day is None else ["memory_constant_rate"]
    values = {name: np.full(len(devices), np.nan) for name in names}
    for k, (device, rate) in enumerate(zip(devices, rates, strict=True)):
        if device.memory is None:
            continue
        usual, low, high = (memory_failures(device, rate, f, day, k) for f in (1.0, 1.0 / spread[k], spread[k]))
        for field, name in columns.items():
            values[name][k] = float(getattr(usual, field))
        values["memory_failure_low"][k], values["memory_failure_high"][k] = float(low.device), float(high.device)
        if day is not None:
            values["memory_constant_rate"][k] = float(memory_failures(device, rate).device)
    return values


def memory_failures(
    device: Device, rate: UpsetRate, factor: float = 1.0, day: DayOfTrack | None = None, k: int = 0
) -> MemoryRate:
    """`memory_failure_rate` of a device with a memory, all its upset rates times a factor; of the k-th of the day.

    Shares by geometry belong to heavy ions; upsets by protons are then taken to be of single cells. They are those of
    the mean rates, all along the orbit.
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
    profile = None if day is None else day.of_device(k)
    period = None if day is None or profile is None else day.period
    return memory_failure_rate(memory, every * factor, device.bits, shares, profile, period)


def _failures_along(
    case: Case,
    devices: Sequence[Device],
    rates: Sequence[UpsetRate],
    spread: np.ndarray,
    effects: Sequence[_Effects],
    day: DayOfTrack | None,
    power: float,
) -> np.ndarray:
    """Failures of the job (s-1) along the day, one number without it; rates at that power of their deviation."""
    assert case.job is not None
    used = set(case.job.devices or [device.name for device in devices])
    parts, first = [], 0
    for k, device in enumerate(devices):
        following = range(first, first + len(device.effects))
        first += len(device.effects)
        if device.name not in used:
            continue
        factor, count = float(spread[k]) ** power, float(device.count)
        if device.memory is not None:
            parts.append(count * np.asarray(memory_failures(device, rates[k], factor, day, k).device_along_orbit))
        else:
            one = float(rates[k].rate_per_device) * factor * float(device.fatal_share)
            parts.append(count * one * (np.ones(1) if day is None else day.device[k]))
        for place, effect, rate, wide in zip(following, device.effects, *effects[k], strict=True):
            if effect.stops_job:
                parts.append(count * rate * wide**power * (np.ones(1) if day is None else day.effect[place]))
    return summed(parts)


def _job_at(job: Job, table: bool, along: np.ndarray, day: DayOfTrack | None) -> Job:
    """The job with failures that follow the day's, where it has them and the case no table of its own."""
    if table or day is None or along.size == 1 or not along.mean() > 0.0:
        return job
    shape = phases_of_job(along)
    return Job(job.checkpoint_time, job.restart_time, job.interval, shape / shape.mean(), day.period)


def _follows(case: Case, job: Job) -> str:
    """What the failure rate of the job follows, in words."""
    if job.profile is None:
        return "one rate all along"
    return "a day of the ground track" if case.job and case.job.rate_over_orbit is None else "the case's table"


def _job_arrays(
    case: Case,
    model: Model,
    rates: Sequence[UpsetRate],
    spread: np.ndarray,
    effects: Sequence[_Effects],
    data: RunData,
    day: DayOfTrack | None,
) -> None:
    """The job at the rates as they are, and at both ends of their bands, all rates low or high together."""
    assert model.job is not None and case.job is not None
    table = case.job.rate_over_orbit is not None
    jobs, found = [], []
    for power in (-1.0, 0.0, 1.0):
        along = _failures_along(case, model.devices, rates, spread, effects, day, power)
        jobs.append(_job_at(model.job, table, along, day))
        found.append(job_goodput(jobs[-1], float(along.mean())))
    job, (low, middle, high) = jobs[1], found
    count = middle.rate_along_orbit.shape[0]
    data.arrays["system/orbit_phase"] = np.arange(count) / count
    data.arrays["system/failure_rate_along_orbit"] = np.asarray(middle.rate_along_orbit)
    data.arrays["system/interval_along_orbit"] = np.asarray(middle.interval_along_orbit)
    names = ("failure_rate", "interval", "optimal_interval", "young_interval", "daly_interval")
    values = {name: float(getattr(middle, name)) for name in names}
    data.attributes["system"] = values | {
        "follows": _follows(case, job),
        "failure_rate_low": float(low.failure_rate),
        "failure_rate_high": float(high.failure_rate),
        "goodput": float(middle.goodput),
        "goodput_low": float(high.goodput),
        "goodput_high": float(low.goodput),
        "goodput_following": float(middle.goodput_following),
        "checkpoint_time": float(job.checkpoint_time),
        "restart_time": float(job.restart_time),
    }
