"""Gradients of an orbit's environment in altitude, inclination, modulation and storm, against central differences."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris.model.orbit import Orbit
from caloris.model.orbit_environment import Arrival, OrbitEnvironment
from caloris.model.planet import Planet
from caloris.solve.orbit_particles import orbit_particles
from caloris_kernels.constants import EARTH_RADIUS

ENERGY = jnp.broadcast_to(jnp.asarray([35.0, 300.0, 3000.0]), (28, 3))
# Steps so small that no place crosses a kink between cells of the maps, so large that rounding is 1e-7 of the change.
STEPS = {"altitude": 0.3, "inclination": 3e-8, "solar_modulation": 1e-3, "storm": 1e-3}
AT = {"altitude": 1400e3, "inclination": np.radians(52.0), "solar_modulation": 10.0, "storm": 0.5}


def spectrum(p, arrival: Arrival = "vertical"):
    """Trapped protons at 35 MeV, galactic protons at 300 MeV, galactic iron at 3 GeV/u: logarithms."""
    orbit = Orbit.from_elements(Planet(), EARTH_RADIUS + p["altitude"], 0.0, p["inclination"], 1.0, 0.0, 0.0, 9800.0)
    environment = orbit_particles(
        OrbitEnvironment(
            orbit, solar_modulation=p["solar_modulation"], storm=p["storm"], proton="AP8MIN", arrival=arrival
        )
    )
    galactic, trapped = environment.sources
    rays = galactic.flux(ENERGY)
    return jnp.log(jnp.stack([trapped.flux(ENERGY)[0, 0], rays[0, 1], rays[25, 2]]))


@pytest.mark.slow
@pytest.mark.parametrize("arrival", ["vertical", "directional"])
def test_gradients(arrival):
    """Forward and reverse within 1e-5 of differences; those of orbit and field need the whole chain."""
    at = {name: jnp.asarray(value) for name, value in AT.items()}
    of = partial(spectrum, arrival=arrival)
    value = eqx.filter_jit(of)
    forward = eqx.filter_jit(jax.jacfwd(of))(at)
    reverse = eqx.filter_jit(jax.jacrev(of))(at)
    for name, step in STEPS.items():
        moved = [np.asarray(value(at | {name: at[name] + s * step})) for s in (1, -1)]
        difference = (moved[0] - moved[1]) / (2.0 * step)
        scale = np.abs(difference).max()
        assert scale > 0.0
        assert np.abs(np.asarray(forward[name]) - difference).max() < 1e-5 * scale, name
        np.testing.assert_allclose(reverse[name], forward[name], rtol=1e-8, atol=1e-10 * scale)
    # The belts know nothing of modulation and storm, galactic rays nothing of the maps.
    assert float(forward["solar_modulation"][0]) == 0.0 and float(forward["storm"][0]) == 0.0
