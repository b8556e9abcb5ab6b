"""A case with every table: the values in SI, the defaults, what the Case says of itself."""

import math
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from caloris.case.errors import CaseError
from caloris.case.load import check_tree, load_case, parse_case, with_overrides
from caloris.case.schema import TABLES
from caloris.case.schema_surface import SHAPES

PATH = Path(__file__).parent / "complete_case.toml"
SMALL = '[[node]]\nname = "a"\nheat_capacity = "1 J/K"\n[run]\nmode = "transient"\nduration = "1 h"\n'


@pytest.fixture(scope="module")
def case():
    return load_case(PATH)


def test_every_table_and_shape_is_there(case):
    tree = tomllib.loads(case.text)
    # [network] takes nodes from a file: test_network.py.
    assert set(tree) == {"title", *TABLES} - {"network"}
    assert [surface.shape for surface in case.surfaces if surface.shape in SHAPES] == [
        "rectangle", "rectangle", "triangle", "disc", "annulus", "cylinder", "cone", "sphere", "box",
        "rectangle",
    ]  # fmt: skip
    for table, kind in TABLES.items():
        if table == "network":
            continue
        found = getattr(case, kind.attribute)
        # The chip stands for a node, a link and a load, the loop for the four nodes of its cells.
        made = {"node": 1 + 4, "link": 1, "load": 1}.get(table, 0)
        assert len(found) == len(tree[table]) + made if kind.is_list else found is not None


def test_values_are_si(case):
    assert case.orbit.altitude == 600e3
    assert case.orbit.form == "sun_synchronous"
    assert (case.particles.cutoff.magnetosphere, case.particles.cutoff.form) == ("storm", "directional")
    assert case.orbit.ltan == 6.0
    assert case.orbit.epoch == datetime(2027, 12, 21, tzinfo=UTC)
    # 2000-01-01 12:00 to 2027-12-21 00:00: 28 * 365 days, 7 leap days, less 11 days to the year's end, half a day.
    assert case.orbit.epoch_days == 28 * 365 + 7 - 11 - 0.5
    assert case.planet.gravitational_parameter == 3.986004418e14
    assert case.bodies[0].origin == (0.0, 1.2, 0.0)
    assert case.bodies[0].joint.range == (-math.pi, math.pi)
    assert case.bodies[0].joint.is_tracking
    assert case.bodies[1].orientation.angle == pytest.approx(math.radians(20), rel=1e-15)
    assert case.bodies[1].joint.angle.value == (0.0, math.pi / 2)
    assert case.coatings[0].solar_absorptance.at(0.5) == pytest.approx(0.2, rel=1e-15)
    assert case.coatings[0].infrared_emittance.at(0.5) == 0.91
    assert case.surfaces[0].edge_v == pytest.approx((0.0, 0.0, 100 * 25.4e-6), rel=1e-15)
    assert case.surfaces[0].start_temperature == 293.15
    assert case.sides(case.surfaces[0]) == {"front": "white"}
    assert case.surfaces[4].axis == (0.0, 0.0, 1.0)
    assert case.solar_arrays[0].reference_temperature == 301.15
    assert case.batteries[0].capacity == 150 * 3.6e6
    assert case.computes[0].utilization.points == (0.0, 0.5)
    assert case.devices[0].shield[0].areal_density == 0.6858
    pipe, loop = case.heat_pipes[0], case.loops[0]
    assert pipe.between == (("gpu_tray",), ("wall",)) and pipe.limit == pytest.approx(75.0, rel=1e-15)
    assert (pipe.reservoir.gas, pipe.reservoir.volume) == pytest.approx((1e-3, 20e-6), rel=1e-15)
    assert case.loop_heat_pipes[0].set_point == pytest.approx(333.15, rel=1e-15)
    assert (loop.mass_flow, loop.pressure, loop.pump.efficiency, loop.setpoint.seconds) == (0.1, 3e5, 0.3, 0.0)
    assert loop.pipe[1].on == (("gpu_tray",),) and loop.pipe[1].heat_transfer == 2000.0
    assert loop.pipe[0].heat_transfer == "all regimes" and loop.pipe[2].branch == "bypass"
    assert case.limits[0].operating == (273.15, 358.15)
    assert case.limits[0].of == ("gpu_tray",)
    assert case.limits[0].non_operating == pytest.approx((253.15, 368.15), rel=1e-15)
    assert (case.limits[0].uncertainty, case.limits[0].acceptance, case.limits[0].qualification) == (10.0, 5.0, None)
    assert (case.margins.uncertainty, case.margins.acceptance, case.margins.qualification) == (15.0, 5.0, 3.0)
    assert case.run.non_operating == ("gpu_tray",)
    (cold,) = case.variant_cases.values()
    assert (case.planet.solar_flux, cold.planet.solar_flux, cold.run.life) == (1361.0, 1322.0, 0.0)
    assert (cold.path, cold.text, cold.variants) == (case.path, case.text, ())
    assert cold.overrides == ("planet/solar_flux=1322 W/m^2", "run/life=beginning")
    assert case.run.life == 1.0
    assert case.warnings == ()


def test_shape_keys(case):
    assert case.surfaces[7].shape_keys() == {
        "center": (0.0, 0.0, -7.0),
        "radius": 0.5,
        "axis": (0.0, 0.0, 1.0),
        "start": None,
        "divide": (12, 6),
    }


@pytest.mark.parametrize(
    ("keys", "needed"),
    [
        ("", False),
        ("divide = [1, 2]\n", True),
        ("layers = 1\n", True),
    ],
)
def test_one_cell_needs_no_conductivity(keys, needed):
    text = SMALL + (
        '[[material]]\nname = "metal"\ndensity = 1\nspecific_heat = 1\n[[surface]]\nname = "plate"\n'
        'shape = "rectangle"\ncorner = [0, 0, 0]\nedge_u = [1, 0, 0]\nedge_v = [0, 1, 0]\nfront = "inactive"\n'
        'thickness = 1\nmaterial = "metal"\n' + keys
    )
    if needed:
        with pytest.raises(CaseError, match="conductivity: is missing: the surface plate"):
            parse_case(text)
    else:
        assert parse_case(text).materials[0].conductivity is None


def test_orbits_count_periods(case):
    period = 2 * math.pi * math.sqrt((6378137.0 + 600e3) ** 3 / 3.986004418e14)
    assert case.orbit_period == pytest.approx(period, rel=1e-15)
    assert case.run.duration == pytest.approx(2 * period, rel=1e-15)
    assert case.loads[2].power.points == pytest.approx((0.0, period / 2), rel=1e-15)


def test_schedules(case):
    constant, phases, times = (load.power for load in case.loads[:3])
    assert constant.is_constant and constant.value == (5.0,)
    assert (phases.over, phases.points, phases.value, phases.between) == ("phase", (0.0, 0.4), (5.0, 9.0), "step")
    assert (times.over, times.between) == ("time", "linear")


def test_text_path_and_folder_are_kept(case):
    assert case.text == PATH.read_text()
    assert case.path == PATH.resolve()
    assert case.folder == PATH.parent.resolve()


def test_frozen(case):
    with pytest.raises(Exception, match="frozen"):
        case.orbit.altitude = 1.0
    with pytest.raises(Exception, match="cannot assign"):
        case.orbit = None


def test_defaults():
    """What the contract states where a key is absent."""
    case = parse_case(SMALL)
    planet, run = case.planet, case.run
    assert (planet.radius, planet.gravitational_parameter, planet.j2) == (6378137.0, 3.986004418e14, 1.08262668e-3)
    assert (planet.solar_flux, planet.albedo, planet.infrared_flux) == (1361.0, 0.3, 239.0)
    assert planet.space_temperature == 2.725
    assert run is not None
    assert (run.output_every, run.temperature_tolerance, run.view_factor_tolerance) == (60.0, 1e-3, 5e-4)
    assert (run.joint_states, run.life, run.start_temperature, run.seed, run.at) == (12, 0.0, 293.15, 0, "mean")
    assert case.orbit is None and case.orbit_period is None and not case.is_device_only


def test_defaults_of_cells_and_battery():
    text = PATH.read_text()
    for key in ("temperature_coefficient", "reference_temperature", "packing", "degradation", "damage",
                "charge_efficiency", "discharge_efficiency", "maximum_depth_of_discharge", "start_charge",
                "bus_efficiency"):  # fmt: skip
        text = "\n".join(line for line in text.splitlines() if not line.startswith(key))
    case = parse_case(text)
    array, battery = case.solar_arrays[0], case.batteries[0]
    assert (array.temperature_coefficient, array.reference_temperature, array.packing) == (-7e-4, 301.15, 0.9)
    assert (array.degradation.beginning, array.degradation.end) == (1.0, 0.88)
    assert (battery.charge_efficiency, battery.discharge_efficiency) == (0.975, 0.975)
    assert (battery.maximum_depth_of_discharge, battery.start_charge) == (0.30, 1.0)
    assert case.power is not None and case.power.bus_efficiency == 0.95


def test_damage_stands_in_place_of_the_allowance_for_radiation():
    text = "\n".join(line for line in PATH.read_text().splitlines() if not line.startswith("degradation"))
    array = parse_case(text).solar_arrays[0]
    assert array.damage is not None and array.damage.constants == (0.28, 1e9, 7.0)
    assert (array.degradation.beginning, array.degradation.end) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("keys", "axis", "eccentricity"),
    [
        ('altitude = "400 km"\nbeta = "20 deg"', 6778137.0, 0.0),
        ('perigee = "400 km"\napogee = "800 km"\ninclination = "51 deg"\nraan = 0\nepoch = 2030-01-01T00:00:00Z',
         6978137.0, 200e3 / 6978137.0),
        ('semi_major_axis = "7000 km"\neccentricity = 0.01\ninclination = "51 deg"\nraan = 0\n'
         "epoch = 2030-01-01T01:00:00+01:00", 7000e3, 0.01),
    ],
)  # fmt: skip
def test_size_of_the_orbit(keys, axis, eccentricity):
    case = parse_case(f"{SMALL}[orbit]\n{keys}\n")
    assert case.orbit is not None
    size = case.orbit.size(case.planet)
    # The apogee's height and the planet's radius cancel to 1e-16 of 7000 km: 1e-14 of their difference.
    assert size == pytest.approx((axis, eccentricity), rel=1e-13)
    if case.orbit.epoch is not None:
        assert case.orbit.epoch_days == 10957.5  # 30 years with 8 leap days, from noon to midnight


def test_depth_alone_makes_a_square_volume():
    text = PATH.read_text().replace('sensitive_volume = ["44.72 um", "44.72 um", "1 um"]', 'depth = "2 um"')
    volume = parse_case(text).devices[0].heavy_ion.sensitive_volume  # type: ignore[union-attr]
    assert volume == pytest.approx((math.sqrt(2000), math.sqrt(2000), 2.0), rel=1e-14)


def test_diameter_makes_a_sphere():
    box = 'sensitive_volume = ["44.72 um", "44.72 um", "1 um"]'
    response = parse_case(PATH.read_text().replace(box, 'diameter = "50.463 um"')).devices[0].heavy_ion
    assert response is not None and response.volume == pytest.approx((50.463,), rel=1e-15)


def test_device_only_case_needs_no_run():
    text = PATH.read_text()
    device = text[text.index("[[device]]") : text.index("[[limit]]")].replace('at = "gpu_tray"\n', "")
    material = text[text.index("[[material]]") : text.index("[[surface]]")]
    particles = '[particles]\ngalactic = { model = "matthia-2013", solar_modulation = 10 }\n'
    case = parse_case(material + particles + device)
    assert case.is_device_only and case.run is None and case.devices[0].at is None


def test_with_overrides(case):
    changed = with_overrides(case, ["run/life=0.5", "coating/white/solar_absorptance/end=0.35"])
    assert changed.run.life == 0.5  # type: ignore[union-attr]
    assert changed.coatings[0].solar_absorptance.at(0.5) == 0.25
    assert changed.text == case.text and changed.path == case.path
    assert changed.overrides == ("run/life=0.5", "coating/white/solar_absorptance/end=0.35")
    assert with_overrides(changed, ["run/life=end"]).coatings[0].solar_absorptance.end == 0.35


def test_every_key_is_described():
    for model in [*(kind.model for kind in TABLES.values()), *SHAPES.values()]:
        for name, field in model.model_fields.items():
            assert field.description or name == "shape", f"{model.__name__}.{name} has no description"


def test_units_stand_in_the_schema():
    schema = TABLES["orbit"].model.model_json_schema()["properties"]["altitude"]["anyOf"][0]
    assert schema["unit"] == "m" and schema["range"] == "above 0 m"
    assert TABLES["coating"].model.model_json_schema()["properties"]["solar_specularity"]["unit"] == "1"


def test_no_value_ends_in_a_traceback():
    """Whatever stands where a value belongs, or is left out, the answer is a Case or a CaseError."""
    tree = tomllib.loads(PATH.read_text())
    wrong: tuple[object, ...] = (
        True,
        10**400,
        "abc",
        "-5 m",
        [],
        {},
        {"phase": 3, "value": "1 W"},
        datetime(2020, 1, 1),
    )

    def walk(node, path=()):
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, value in items:
            yield (*path, key)
            yield from walk(value, (*path, key))

    outcomes = {"case": 0, "error": 0}
    for number, path in enumerate(walk(tree)):
        # A wrong value or the absence for each place: every value at every place would take a minute.
        for value in (wrong[(number // 2) % len(wrong)] if number % 2 else None,):
            broken = tomllib.loads(PATH.read_text())
            holder: Any = broken
            for key in path[:-1]:
                holder = holder[key]
            if value is None:
                del holder[path[-1]]
            else:
                holder[path[-1]] = value
            try:
                check_tree(broken)
                outcomes["case"] += 1
            except CaseError as error:
                assert error.errors and all(problem.message for problem in error.errors)
                outcomes["error"] += 1
    assert outcomes["error"] > outcomes["case"] > 0
