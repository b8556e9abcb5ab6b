"""Bands, effects, memories of devices and the job on them, as the named arrays of the run file."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from caloris.case.build import Model
from caloris.case.schema import Case
from caloris.model.device import Device
from caloris.model.job import Job
from caloris.output.run_data import RunData
from caloris.solve.job import job_goodput
from caloris.solve.memory import memory_failure_rate, upset_shares
from caloris.solve.upset import UpsetRate, effect_rates
from caloris.solve.upset_uncertainty import rate_uncertainty
from caloris_kernels.constants import DAY

_TRACK_PHASES = 192  # 7.5 minutes of a day each
_TRACK_ENERGY = 30.0  # MeV: the shape of the flux above it stands for that of upsets by trapped protons


class _Effects(NamedTuple):
    """Rates of a device's effects (s-1 per device), geometric standard deviations, and what share protons cause."""

    rates: list[float]
    spreads: list[float]
    protons: list[float]


def reliability_arrays(case: Case, model: Model, rates: Sequence[UpsetRate], data: RunData) -> None:
    """What follows from the upset rates: their bands, effects, memories, and the case's job."""
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
    values |= _effect_arrays(model.devices, effects) | _memory_arrays(model.devices, rates, total)
    data.arrays.update({f"upset/{name}": value for name, value in values.items()})
    if model.job is not None:
        _job_arrays(case, model, rates, total, effects, data)


def _effects(device: Device, usual: UpsetRate) -> _Effects:
    found = _Effects([], [], [])
    for effect, rate in zip(device.effects, effect_rates(device, usual), strict=True):
        alike = Device(effect.heavy_ion, effect.proton, effect.cells, uncertainty=device.uncertainty)
        found.rates.append(float(rate.rate_per_device))
        found.spreads.append(float(rate_uncertainty(alike, rate).total))
        found.protons.append(proton_share(rate))
    return found


def proton_share(rate: UpsetRate) -> float:
    """Share of a device's upsets that protons cause, 0 to 1; 0 where there are none."""
    protons = float(rate.proton_rate_per_bit) + float(rate.direct_proton_rate_per_bit)
    every = protons + float(rate.heavy_ion_rate_per_bit)
    return protons / every if every > 0.0 else 0.0


def job_along_track(job: Job, share: float, data: RunData) -> Job:
    """The job with failures that follow the trapped protons along one day of the ground track, where the run has it.

    share is that of failures by protons: it varies as the flux above 30 MeV, the rest does not. Seven and a half
    minutes a step, so that a pass through the anomaly is two of them. Without a track the job is as it was.
    """
    time, flux = data.arrays.get("particle/track_time"), data.arrays.get("particle/track_proton_flux")
    if time is None or flux is None or share <= 0.0:
        return job
    time, threshold = np.asarray(time, float), np.asarray(data.arrays["particle/proton_threshold"])
    above = np.asarray(flux)[:, int(np.argmin(abs(threshold - _TRACK_ENERGY)))]
    fine = (np.arange(8 * _TRACK_PHASES) + 0.5) / (8 * _TRACK_PHASES) * time[-1]
    steps = np.interp(fine, time, above).reshape(_TRACK_PHASES, 8).mean(axis=1)
    if not steps.mean() > 0.0:
        return job
    profile = 1.0 - share + share * steps / steps.mean()
    return Job(job.checkpoint_time, job.restart_time, job.interval, profile, time[-1])


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


def _follows(case: Case, job: Job) -> str:
    """What the failure rate of the job follows, in words."""
    if job.profile is None:
        return "one rate all along"
    return "the trapped protons of a day" if case.job and case.job.rate_over_orbit is None else "the case's table"


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

    def failures(power: float) -> tuple[float, float]:
        """Failures a second with all rates at that power of their deviation, and those by protons."""
        total = protons = 0.0
        for k, device in enumerate(model.devices):
            if device.name not in used:
                continue
            factor = float(spread[k]) ** power
            if device.memory is not None:
                one = memory_failures(device, rates[k], factor)[3]
            else:
                one = float(rates[k].rate_per_device) * factor * float(device.fatal_share)
            by_protons = one * proton_share(rates[k])
            for effect, rate, wide, share in zip(device.effects, *effects[k], strict=True):
                if effect.stops_job:
                    one += rate * wide**power
                    by_protons += rate * wide**power * share
            total += one * float(device.count)
            protons += by_protons * float(device.count)
        return total, protons

    job, (usual, by_protons) = model.job, failures(0.0)
    if case.job.rate_over_orbit is None and usual > 0.0:
        job = job_along_track(job, by_protons / usual, data)
    low, middle, high = (job_goodput(job, failures(power)[0]) for power in (-1.0, 0.0, 1.0))
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
