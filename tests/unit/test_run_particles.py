"""The altitude of the world map: where an eccentric orbit meets the belts."""

from types import SimpleNamespace
from typing import Any, cast

import jax.numpy as jnp
import numpy as np
import pytest

from caloris.model.orbit_environment import OrbitEnvironment
from caloris.run_file.particles import _map_radius


def _along(eccentricity: float) -> OrbitEnvironment:
    """An orbit whose distance from the Earth's center grows with time, 1 km a second."""

    def state(time, frozen):
        return SimpleNamespace(position=jnp.stack([7e6 + 1e3 * time, 0.0 * time, 0.0 * time], axis=-1))

    orbit = SimpleNamespace(semi_major_axis=2.4e7, eccentricity=eccentricity, state=state)
    return cast(OrbitEnvironment, cast(Any, SimpleNamespace(orbit=orbit, proton="AP8MIN", electron=None)))


@pytest.mark.parametrize(
    ("eccentricity", "flux", "radius"),
    [
        (0.7, [[1e8, 0.0, 0.0], [1e9, 1e7, 1e5], [1e6, 1e8, 1e9]], 7.2e6),  # above 30 MeV, the second threshold
        (0.7, [[1e8, 0.0, 0.0], [1e9, 9e3, 0.0], [1e6, 0.0, 0.0]], 7.1e6),  # none of them: those above 1 MeV
        (0.7, [[0.0] * 3] * 3, 2.4e7),  # nothing is met at all
        (0.001, [[1e8, 1e8, 1e8], [0.0] * 3, [0.0] * 3], 2.4e7),  # as good as a circle
    ],
)
def test_radius_of_the_map(eccentricity, flux, radius):
    found = {
        "track_proton_flux": np.array(flux),
        "proton_threshold": np.array([1.0, 30.0, 100.0]),
        "track_time": np.array([0.0, 100.0, 200.0]),
    }
    assert _map_radius(_along(eccentricity), found) == pytest.approx(radius, rel=1e-12)
