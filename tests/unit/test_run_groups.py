"""What a run file says of the case alone: where its orbit lies, what its surfaces weigh."""

import numpy as np
import pytest

from caloris.case.build_geometry import build_geometry
from caloris.case.load import parse_case
from caloris.output.run_data import RunData
from caloris.run_file.groups import orbit_size, surface_mass

PARTS = """
[run]
mode = "transient"
duration = "1 h"
[[node]]
name = "box"
heat_capacity = "1 kJ/K"
"""


def _orbit(table: str) -> dict:
    data = RunData()
    orbit_size(parse_case(f"[orbit]\n{table}\n{PARTS}"), data)
    return data.attributes["orbit"]


def test_a_circular_orbit_by_its_beta_angle_has_no_inclination():
    found = _orbit('altitude = "408 km"\nbeta = "10 deg"')
    # (6378.137 km + 408 km) less 6378.137 km: rounding.
    assert found["perigee_altitude"] == found["apogee_altitude"] == pytest.approx(408e3, abs=1e-6)
    assert found["inclination"] is None


def test_an_eccentric_orbit():
    where = 'inclination = "63.4 deg"\nraan = "0 deg"\nepoch = 2027-03-21T00:00:00Z'
    found = _orbit(f'perigee = "600 km"\napogee = "39000 km"\n{where}')
    assert found["perigee_altitude"] == pytest.approx(600e3, rel=1e-9)
    assert found["apogee_altitude"] == pytest.approx(39000e3, rel=1e-9)
    assert np.degrees(found["inclination"]) == pytest.approx(63.4, rel=1e-12)


def test_a_sun_synchronous_orbit():
    found = _orbit('altitude = "650 km"\nsun_synchronous = true\nltan = "06:00"\nepoch = 2027-03-21T00:00:00Z')
    # The node follows the mean Sun, a revolution in 365.2422 d: cos i = -rate / (3/2 J2 n (R/a)^2).
    axis, rate = 7028.137e3, 2.0 * np.pi / (365.2422 * 86400.0)
    drift = 1.5 * 1.08262668e-3 * np.sqrt(3.986004418e14 / axis**3) * (6378.137e3 / axis) ** 2
    assert found["inclination"] == pytest.approx(np.arccos(-rate / drift), abs=1e-5)


def test_without_an_orbit_nothing_is_said():
    data = RunData()
    orbit_size(parse_case(PARTS), data)
    assert data.attributes == {}


SURFACES = """
[[material]]
name = "Al"
density = "2700 kg/m^3"
specific_heat = "900 J/kg/K"
conductivity = "167 W/m/K"
[[panel]]
name = "honeycomb"
front_skin = { material = "Al", thickness = "0.5 mm" }
core = { thickness = "24 mm", density = "50 kg/m^3", conductivity = ["1 W/m/K", "1 W/m/K", "2 W/m/K"] }
back_skin = { material = "Al", thickness = "1 mm" }
[[coating]]
name = "white"
solar_absorptance = 0.2
infrared_emittance = 0.9
[[surface]]
name = "sheet"
shape = "rectangle"
corner = ["0 m", "0 m", "0 m"]
edge_u = ["2 m", "0 m", "0 m"]
edge_v = ["0 m", "3 m", "0 m"]
divide = [2, 2]
front = "white"
back = "white"
thickness = "2 mm"
material = "Al"
[[surface]]
name = "deck"
shape = "rectangle"
corner = ["0 m", "0 m", "5 m"]
edge_u = ["2 m", "0 m", "0 m"]
edge_v = ["0 m", "1 m", "0 m"]
front = "white"
panel = "honeycomb"
[[surface]]
name = "foil"
shape = "rectangle"
corner = ["0 m", "0 m", "9 m"]
edge_u = ["1 m", "0 m", "0 m"]
edge_v = ["0 m", "1 m", "0 m"]
front = "white"
heat_capacity = "10 J/K"
[run]
mode = "steady"
"""


def test_surfaces_weigh_what_they_state():
    case = parse_case(SURFACES)
    mass = surface_mass(case, build_geometry(case))
    # 6 m2 x 2 mm x 2700 kg/m3, counted once though both sides radiate; 2 m2 x (1.5 mm x 2700 + 24 mm x 50) kg/m2.
    np.testing.assert_allclose(mass[:2], [32.4, 10.5], rtol=1e-12)
    assert np.isnan(mass[2])
