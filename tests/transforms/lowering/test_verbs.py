"""Every verb and every small compiled function of the engine lowers for TPU and CUDA."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
import caloris.geometry
from caloris.check import sketch
from caloris.geometry import assembly, clear_blocks
from caloris.geometry.partial_pairs import row_rays
from caloris.model.device import Device, Effect
from caloris.model.dose import DosePoint
from caloris.model.job import Job
from caloris.model.orbit import KeplerOrbit
from caloris.model.planet import Planet
from caloris.model.shield import SectorShield
from caloris.model.surroundings import motion_along
from caloris.run_file import particles
from caloris.solve import drift_shells, orbit_particles, particle_track, upset_track
from caloris.solve.balance import audit, balance, mean_terms
from caloris.solve.couple import couple
from caloris.solve.trace import _placed
from caloris_kernels.magnetic.drift_shell import DriftShell
from caloris_kernels.particle.elements import ELEMENT_NAMES
from lowering_shapes import FIELD, FLUX_MAP, PAIRS, f, f32, functions, i, lower

EXAMPLE = Path(__file__).parents[3] / "examples" / "orbital_data_center.toml"
COARSE = (
    "surface/bus wall/divide=[1, 1, 1]",
    "surface/array+x/divide=[2, 1]",
    "surface/array-x/divide=[2, 1]",
    "surface/radiator/divide=[2, 1]",
    "run/joint_states=2",
)
EARTH_ORBIT = KeplerOrbit(Planet(), 7e6, 0.0, 1.7, 0.0, 0.0, 0.0, 9800.0)
# The program of each verb that is compiled as a whole, and of each small function of the engine's own
# (`caloris.programs.kept` and `kept_on_arrays`), by how it is called.
VERBS: dict[str, Callable[[Any], tuple]] = {
    "check.sketch._conductors": lambda model: (sketch._conductors, model.geometry, model.context.structure),
    "check.sketch._sample": lambda model: (
        sketch._sample,
        model.geometry.bodies,
        model.context.surroundings,
        f(3),
        True,
    ),
    "geometry.assembly._facet_geometry": lambda model: (assembly._facet_geometry, f(4, 3), i(2, 3), i(2)),
    "geometry.assembly._pose": lambda model: (assembly._pose, model.geometry.bodies, f(_joints(model))),
    "geometry.assembly._vertices": lambda model: (assembly._vertices, model.geometry, f(_joints(model)), False),
    "geometry.clear_blocks._by_clipping": lambda model: (clear_blocks._by_clipping, *PAIRS),
    "geometry.clear_blocks._by_contour": lambda model: (clear_blocks._by_contour, *PAIRS),
    "geometry.clear_blocks._by_fine_contour": lambda model: (clear_blocks._by_fine_contour, *PAIRS),
    "geometry.clear_blocks._by_plain_contour": lambda model: (clear_blocks._by_plain_contour, *PAIRS),
    "geometry.clear_blocks._by_points": lambda model: (clear_blocks._by_points, *PAIRS),
    "geometry.partial_pairs.row_rays": lambda model: (row_rays, f32(2, 2, 3, 3), f32(16, 8, 4), i(2), f32(2, 4), f32()),
    "model.orbit._eclipse_edges": lambda model: (model.context.surroundings.orbit.eclipse_edges, 1),
    "model.surroundings.motion_along": lambda model: (
        motion_along,
        model.context.surroundings,
        model.geometry.bodies,
        f(3),
        True,
    ),
    "solve.balance.audit": lambda model: (audit, _cycle(model), True),
    "solve.balance.balance": lambda model: (balance, _cycle(model)),
    "solve.balance.mean_terms": lambda model: (mean_terms, _cycle(model)),
    "solve.couple.couple": lambda model: (caloris.couple, model.geometry, model.visibility, model.context),
    "solve.cyclic.cyclic_from": lambda model: (caloris.solve_cyclic, model.thermal),
    "solve.dose._by_bin": lambda model: (caloris.depth_dose, f(3), model.particles),
    "solve.dose._dose": lambda model: (caloris.dose, _dose_point(), model.particles),
    "solve.drift_shells._tabulate": lambda model: (drift_shells._tabulate, FIELD, f()),
    "run_file.particles._spectra": lambda model: (particles._spectra, model.particles, f(5), f(4)),
    "solve.orbit_particles._traced_shells": lambda model: (orbit_particles._traced_shells, f(), f(4, 3)),
    "solve.orbit_particles.days_at_year": lambda model: (orbit_particles.days_at_year, f()),
    "solve.orbit_particles._positions": lambda model: (orbit_particles._positions, EARTH_ORBIT, f(3), f(3)),
    "solve.orbit_particles._mean_flux": lambda model: (orbit_particles._mean_flux, FLUX_MAP, DriftShell(f(4), f(4))),
    "solve.orbit_particles._transmission": lambda model: (
        orbit_particles._transmission,
        DriftShell(f(4), f(4)),
        f(4, 3),
        f(),
        f(),
        False,
    ),
    "solve.orbit_particles._directional": lambda model: (
        orbit_particles._directional,
        DriftShell(f(4), f(4)),
        f(4, 3),
        f(),
        f(),
        False,
    ),
    "solve.orbit_particles._shadow": lambda model: (orbit_particles._shadow, f(4, 3), f()),
    "solve.particle_track._track": lambda model: (particle_track._track, EARTH_ORBIT, f(3), False),
    "solve.particle_track._flux_above": lambda model: (
        particle_track._flux_above,
        FLUX_MAP,
        f(3),
        DriftShell(f(4), f(4)),
    ),
    "solve.particle_track._cutoff": lambda model: (particle_track._cutoff, f(4), f(), False),
    "solve.upset_track._weights": lambda model: (upset_track._weights, f(2, 3, 28, 301), f(), "week"),
    "solve.upset_track._through_field": lambda model: (
        upset_track._through_field,
        f(2, 3, 28, 301),
        f(4),
        f(),
        False,
        f(4, 3),
        f(),
    ),
    "solve.upset_track._by_map": lambda model: (
        upset_track._by_map,
        f(3, 301),
        FLUX_MAP,
        DriftShell(f(4), f(4)),
        "AP8MIN",
    ),
    "solve.steady.steady_from": lambda model: (caloris.solve_steady, model.thermal),
    "solve.trace._placed": lambda model: (_placed, model.geometry, model.visibility.path.joint_angle),
    "solve.transient._solve": lambda model: (
        caloris.solve_transient,
        model.thermal,
        f(3),
        model.thermal.nodes.start_temperature,
    ),
    "solve.ranges._inverse_length": lambda model: (caloris.collision_length, model.device.shield[0], [1, 26], f(3)),
    "solve.ranges._production": lambda model: (caloris.fragment_production, model.device.shield[0], 26, f(3)),
    "solve.ranges._range": lambda model: (caloris.ion_range, model.device.shield[0], [1, 26], f(3)),
    "solve.ranges._stopping": lambda model: (caloris.stopping_power, model.device.shield[0], [1, 26], f(3)),
    "solve.response._response": lambda model: (caloris.upset_response, model.device),
    "solve.upset.rate_of_one": lambda model: (caloris.upset_rate, model.device, model.particles),
    "solve.upset.rate_at_device": lambda model: (
        caloris.effect_rates,
        _with_effect(model.device),
        eqx.filter_eval_shape(caloris.upset_rate, model.device, model.particles),
    ),
    "solve.job._job": lambda model: (caloris.job_goodput, Job(60.0, 300.0, None, jnp.ones(8), 5800.0), f()),
    "solve.upset_uncertainty._sensitivity": lambda model: (
        caloris.rate_uncertainty,
        model.device,
        eqx.filter_eval_shape(caloris.upset_rate, model.device, model.particles),
    ),
}


def _with_effect(device: Device) -> Device:
    """The device with one effect, of its own responses."""
    effects = (Effect(device.heavy_ion, device.proton, 1.0, "latch-up"),)
    return replace(device, effects=effects)


def _dose_point() -> DosePoint:
    """A point behind two materials in three bins of directions."""
    fractions = np.eye(2, len(ELEMENT_NAMES))
    return DosePoint(SectorShield(np.full((4, 3), 1 / 3), np.ones((3, 2)), np.zeros(3), fractions), 1.0)


def _joints(model: Any) -> int:
    return len(model.geometry.joint_bodies)


def _cycle(model: Any) -> Any:
    """A solution by its shapes: nothing is solved."""
    return eqx.filter_eval_shape(caloris.solve_cyclic, model.thermal)


@pytest.fixture(scope="module")
def model() -> Any:
    """A small copy of the main example: arrays, batteries, joints, eclipses, loops, a device.

    Its rays are traced, its thermal model is known by its shapes: `couple` compiles for longer than all tests here.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("caloris.case.build.couple", partial(eqx.filter_eval_shape, couple))
        return caloris.build(caloris.parse_case(EXAMPLE.read_text(), EXAMPLE.parent, COARSE))


def test_every_verb_is_lowered_here() -> None:
    # What `kept` returns is one inner function: couple is known to be one.
    kept = {k for k, v in functions(caloris).items() if getattr(v, "__code__", None) is couple.__code__}
    assert kept == set(VERBS), f"programs without an entry in VERBS, or the reverse: {kept ^ set(VERBS)}"


@pytest.mark.parametrize("name", VERBS)
def test_verb_lowers(name: str, model: Any) -> None:
    assert lower(*VERBS[name](model)) > 0
