"""Dose at the points of a case as the named arrays of the run file."""

import jax.numpy as jnp
import numpy as np

from caloris.case.build import Model
from caloris.case.schema import Case
from caloris.output.run_data import RunData
from caloris.solve.dose import ENVIRONMENT_FACTOR, depth_doses, dose
from caloris_kernels.constants import JULIAN_YEAR
from caloris_kernels.particle.niel import equivalent_neutrons, equivalent_protons

_GRAY = 0.01  # Gy per rad
# Aluminum spheres of 10 um to 10 cm.
_DEPTH = np.geomspace(0.0027, 27.0, 61)  # g cm-2


def dose_arrays(case: Case, model: Model, data: RunData) -> None:
    """Doses by point and source, the sectors that they come from, and the curves of dose over depth."""
    particles = model.particles
    assert particles is not None
    found = [dose(point, particles, model.transport) for point in model.dose_points]
    shields = [point.shield for point in model.dose_points]
    total = np.array([float(one.total) for one in found]) * _GRAY
    sources, depth_rate, depth_event = depth_doses(jnp.asarray(_DEPTH), particles, transport=model.transport)
    bins = max(len(shield.share) for shield in shields)

    def padded(values: list) -> np.ndarray:
        return np.stack([np.pad(np.asarray(value), (0, bins - len(value))) for value in values])

    per_second = _GRAY / JULIAN_YEAR
    values = {
        "dose_point": np.array([point.name for point in model.dose_points], object),
        "dose_source": np.array(sources, object),
        "target": np.array([point.target for point in model.dose_points], object),
        "years": np.array([float(point.years) for point in model.dose_points]),
        "rate": np.stack([np.asarray(one.rate) for one in found]) * per_second,
        "mission_dose": np.stack([np.asarray(one.mission) for one in found]) * _GRAY,
        "sampling_error": np.stack([np.asarray(one.sampling_error) for one in found]) * per_second,
        "binning_error": np.array([float(one.binning_error) for one in found]),
        "tabulated_proton_rate": np.array([float(one.tabulated_proton_rate) for one in found]) * per_second,
        "low": total / ENVIRONMENT_FACTOR,
        "high": total * ENVIRONMENT_FACTOR,
        "damage": np.array([float(one.damage) for one in found]),
        "electron_damage": np.array([float(one.electron_damage) for one in found]),
        "equivalent_protons": np.array([float(equivalent_protons(one.damage, one.damage_material)) for one in found]),
        "equivalent_neutrons": np.array(
            [float(equivalent_neutrons(one.damage)) if one.damage_material == "Si" else np.nan for one in found]
        ),
        "damage_material": np.array([one.damage_material for one in found], object),
        "mean_shield": np.array([float(shield.mean) for shield in shields]),
        "sector_weight": padded([shield.share for shield in shields]),
        "sector_shield": padded([shield.total for shield in shields]),
        "dose_depth": _DEPTH,
        "depth_rate": np.asarray(depth_rate) * per_second,
        "depth_event": np.asarray(depth_event) * _GRAY,
    }
    data.arrays.update({f"dose/{name}": value for name, value in values.items()})
    data.attributes["dose"] = {"environment_factor": ENVIRONMENT_FACTOR}
    about = data.attributes.setdefault("particle", {})
    about |= {"environment": particles.name, "fragments_followed": model.transport.fragments}
