"""Upset rates along one day of the ground track, and what memories and jobs take from them."""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from caloris.case.build import Model
from caloris.output.run_data import RunData
from caloris.solve.upset_track import effect_devices, upset_track
from caloris_kernels.constants import DAY

# Steps of the track (a minute) that one phase of a job is: three minutes, a fifth of a pass through the anomaly.
_STEPS_OF_A_PHASE = 3


class DayOfTrack(NamedTuple):
    """Rates over their mean of a day [device, phase] and, in the order of all devices' effects, [effect, phase]."""

    period: float  # s
    device: np.ndarray
    effect: np.ndarray

    def of_device(self, k: int) -> np.ndarray | None:
        """The profile of a device; None where nothing upsets it."""
        return self.device[k] if self.device[k].any() else None


def track_arrays(model: Model, data: RunData) -> DayOfTrack | None:
    """Rates of devices and effects along the day that the run has the track of; None without it."""
    time = data.arrays.get("particle/track_time")
    if time is None or model.orbit_environment is None or not model.devices:
        return None
    every = [*model.devices, *(one for device in model.devices for one in effect_devices(device))]
    found = upset_track(every, model.orbit_environment.value, jnp.asarray(time), model.transport)
    count = np.array([float(device.bits) for device in every])[:, None]
    total, trapped = np.asarray(found.total) * count, np.asarray(found.trapped) * count
    devices = len(model.devices)
    data.arrays |= {
        "upset/track_rate": total[:devices] * DAY,
        "upset/track_trapped_rate": trapped[:devices] * DAY,
    }
    if len(every) > devices:
        data.arrays |= {
            "upset/effect_track_rate": total[devices:] * DAY,
            "upset/effect_track_trapped_rate": trapped[devices:] * DAY,
        }
    # The last moment is the first of the next day.
    shape = total[:, :-1]
    mean = shape.mean(axis=1, keepdims=True)
    shape = np.divide(shape, mean, out=np.zeros_like(shape), where=mean > 0.0)
    return DayOfTrack(float(np.asarray(time)[-1]), shape[:devices], shape[devices:])


def phases_of_job(rate: np.ndarray) -> np.ndarray:
    """A rate at the minutes of a day at the phases of a job: means over the three minutes around each."""
    half = _STEPS_OF_A_PHASE // 2
    return np.roll(rate, half).reshape(-1, _STEPS_OF_A_PHASE).mean(axis=1)


def summed(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Rates [phase] together; those of one phase are constant."""
    return np.sum(np.broadcast_arrays(*parts), axis=0) if parts else np.zeros(1)
