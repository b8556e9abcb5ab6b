"""The run file of the shipped example, read without Caloris: complete, labelled, and true to its own numbers."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray

sys.path.insert(0, str(Path(__file__).parent))
from main_run import RunFile, write_main_run  # noqa: E402

pytestmark = pytest.mark.slow

STEFAN_BOLTZMANN = 5.670374419e-8  # W m-2 K-4
EARTH_RADIUS, SUN_RADIUS, ASTRONOMICAL_UNIT = 6378137.0, 6.957e8, 149597870700.0  # m

# What the format promises, with its units.
PROMISED = {
    "mesh": {
        "vertices": "m",
        "facets": "1",
        "facet_side": "1",
        "facet_area": "m2",
        "facet_node": "1",
        "facet_surface": "1",
        "facet_body": "1",
        "facet_sky_mismatch": "1",
        "facet_inactive_view": "1",
    },
    "orbit": {
        "position": "m",
        "velocity": "m s-1",
        "sun_direction": "1",
        "lit_fraction": "1",
        "beta": "rad",
        "joint_angle": "rad",
        "body_pose": "1",
    },
    "thermal": {
        "time": "s",
        "node": "1",
        "temperature": "K",
        "node_heat_load": "W",
        "node_absorbed": "W",
        "node_electrical_extracted": "W",
        "node_exchanged": "W",
        "node_conducted": "W",
        "node_emitted_to_space": "W",
        "facet_absorbed_solar": "W m-2",
        "facet_absorbed_albedo": "W m-2",
        "facet_absorbed_infrared": "W m-2",
        "energy_residual": "W",
        "exchange_residual": "W",
    },
    "power": {
        "array_power": "W",
        "load_power": "W",
        "battery_power": "W",
        "unmet_power": "W",
        "state_of_charge": "1",
    },
    "particle": {
        "energy": "MeV",
        "flux_outside": "m-2 s-1 sr-1 MeV-1",
        "flux_behind": "m-2 s-1 sr-1 MeV-1",
        "let": "MeV cm2 mg-1",
        "integral_let_flux": "m-2 s-1 sr-1",
    },
    "upset": {"device": "1", "heavy_ion_rate_per_bit": "s-1", "proton_rate_per_bit": "s-1"},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunFile]:
    """The file of one run of the example; CALORIS_MAIN_RUN names one already made."""
    made = os.environ.get("CALORIS_MAIN_RUN")
    run = RunFile(Path(made) if made else write_main_run(tmp_path_factory.mktemp("main")))
    yield run
    run.file.close()


def tolerance(run: RunFile) -> float:
    """The case's tolerance of temperatures (K)."""
    return float(run.case["run"]["temperature_tolerance"].removesuffix(" mK")) * 1e-3


def test_everything_promised_is_there(run: RunFile) -> None:
    units = {f"{group}/{name}": unit for group, table in PROMISED.items() for name, unit in table.items()}
    found = {name: dataset.attrs["units"] for name, dataset in run.datasets().items()}
    assert units.items() <= found.items()
    assert set(run.attribute("provenance", "dtype")) and run.attribute("status", "result") == "success"
    assert run.attribute("case", "toml") and {"sustained", "margin"} <= set(run.file["power"].attrs)
    assert {"version", "commit", "jax", "device", "seed", "wall_time", "compile_time"} <= set(
        run.file["provenance"].attrs
    )


def test_every_dataset_is_labelled_and_finite(run: RunFile) -> None:
    for name, dataset in run.datasets().items():
        assert dataset.attrs["units"] and dataset.attrs["long_name"], name
        if not dataset.is_scale:
            assert all(len(axis) == 1 for axis in dataset.dims), name
        if dataset.dtype.kind == "f" and not name.startswith("limits/"):
            assert np.all(np.isfinite(dataset[()])), name


def test_xarray_opens_every_group(run: RunFile) -> None:
    for group in PROMISED:
        with xarray.open_dataset(run.path, group=group, engine="h5netcdf") as data:
            assert set(PROMISED[group]) <= set(data.variables)
    with xarray.open_dataset(run.path, group="thermal", engine="h5netcdf") as data:
        assert float(data.temperature.sel(node="tray 8").max()) > 273.0


def test_size(run: RunFile) -> None:
    """The example is to be a real spacecraft: 2000 facets, an eclipse, devices that fail."""
    assert len(run["mesh/facet_area"]) >= 2000
    assert run["orbit/lit_fraction"].min() == 0 and run["orbit/lit_fraction"].max() == 1
    assert run["upset/heavy_ion_rate_per_bit"].min() > 0 and run["upset/proton_rate_per_bit"].min() > 0


def test_balance_of_every_node_at_every_time(run: RunFile) -> None:
    terms = {name: run[f"thermal/node_{name}"] for name in ("absorbed", "heat_load", "exchanged", "conducted")}
    out = run["thermal/node_electrical_extracted"] + run["thermal/node_emitted_to_space"]
    stored = sum(terms.values()) + run["thermal/node_boundary"] - out
    # A sum of eight numbers of up to 1e5 W in float64.
    np.testing.assert_allclose(stored, run["thermal/node_stored"], rtol=0, atol=1e-9)
    by_source = sum(run[f"thermal/node_absorbed_{source}"] for source in ("solar", "albedo", "infrared"))
    # Sunlight by source is summed from facets, in another order of interpolation than the stepper's tables.
    np.testing.assert_allclose(by_source, terms["absorbed"], rtol=0, atol=0.02)


def test_stored_heat_is_the_change_of_temperature(run: RunFile) -> None:
    """Trapezoids over the written times against C dT, where the light is smooth.

    Left out: surfaces in sunlight, which shadows cross within an interval, and the intervals at both edges of the
    eclipse: what stays is the radiator, edge-on to the Sun, and every node without a surface. A trapezoid errs by
    h/12 of the second difference of a smooth rate and by up to h/2 of that of a kink (the battery's taper); the
    stepper adds its tolerance on either temperature.
    """
    time, temperature = run["thermal/time"], run["thermal/temperature"]
    stored, capacity = run["thermal/node_stored"], run["thermal/node_heat_capacity"]
    step = np.diff(time)[:, None]
    error = np.abs((stored[1:] + stored[:-1]) / 2 * step - np.diff(temperature, axis=0) * capacity)
    bend = np.abs(np.diff(stored, 2, axis=0))
    bend = np.maximum(np.pad(bend, ((1, 0), (0, 0))), np.pad(bend, ((0, 1), (0, 0))))
    allowed = step / 2 * bend + 2 * tolerance(run) * capacity
    kept = np.array([not name.startswith(("array", "bus wall")) for name in run["thermal/node"]])
    edges = np.concatenate([run.attribute("orbit", "eclipse_entry"), run.attribute("orbit", "eclipse_exit")])
    clear = ~np.any([(time[:-1] < edge + 10) & (time[1:] > edge - 10) for edge in edges], axis=0)
    assert clear.sum() > 0.9 * len(clear)
    assert np.all(error[clear][:, kept] <= allowed[clear][:, kept])


def test_heat_over_the_orbit_closes(run: RunFile) -> None:
    """Means over the orbit, integrated between the stepper's own steps: what enters a node leaves it."""
    into = ("absorbed_solar", "absorbed_albedo", "absorbed_infrared", "heat_load", "exchanged", "conducted", "boundary")
    mean = sum(run[f"thermal/mean_{name}"] for name in into)
    mean = mean - run["thermal/mean_electrical_extracted"] - run["thermal/mean_emitted_to_space"]
    # The tolerance on the strongest coupling of a node: a tray's 1000 W/K.
    np.testing.assert_allclose(mean, run["thermal/mean_stored"], rtol=0, atol=1e3 * tolerance(run))
    stored = (run["thermal/temperature"][-1] - run["thermal/temperature"][0]) * run["thermal/node_heat_capacity"]
    np.testing.assert_allclose(run["thermal/mean_stored"], stored / run["thermal/time"][-1], rtol=0, atol=1e-6)


def test_residuals(run: RunFile) -> None:
    total = run.attribute("thermal", "largest_total")
    # Both bounds are promises of the format.
    assert np.abs(run["thermal/exchange_residual"]).max() <= 1e-9 * total
    assert np.abs(run["thermal/energy_residual"]).max() <= 1e-4 * total
    internal = (run["thermal/node_exchanged"] + run["thermal/node_conducted"]).sum(axis=1)
    assert np.abs(internal).max() <= 1e-9 * total


def test_periodic(run: RunFile) -> None:
    temperature, charge = run["thermal/temperature"], run["power/state_of_charge"]
    # The cycle closes to the case's tolerance; 1e-4 of the battery's capacity is 54 kJ, 0.07 K of the pack.
    assert np.abs(temperature[-1] - temperature[0]).max() < tolerance(run)
    assert np.abs(charge[-1] - charge[0]).max() < 1e-4
    assert run["thermal/time"][-1] == pytest.approx(run.attribute("orbit", "period"), rel=1e-12)


def test_electrical_energy(run: RunFile) -> None:
    array = run["power/array_energy"].sum(axis=1)
    stored = run["power/stored_energy"].sum(axis=1)
    left = array - run["power/load_energy"] - run["power/loss_energy"]
    np.testing.assert_allclose(left, stored - stored[0], rtol=0, atol=1e-9 * array[-1])
    # What cells lose as electricity is what the arrays give; what the loads and losses use returns as heat.
    total = 1e-9 * run["power/load_power"].max()
    extracted = run["thermal/node_electrical_extracted"].sum(axis=1)
    np.testing.assert_allclose(extracted, run["power/array_power"].sum(axis=1), rtol=0, atol=total)
    heat = run["power/load_power"] + run["power/loss_power"]
    np.testing.assert_allclose(run["thermal/node_heat_load"].sum(axis=1), heat, rtol=0, atol=total)


def test_eclipse_follows_from_the_orbit(run: RunFile) -> None:
    """Circular orbit, cones tangent to planet and Sun: the penumbra begins where the discs touch.

    The Sun at beta above the orbit plane is at the angle c from nadir with cos c = -cos(beta) cos(p), p from noon;
    cos c = cos(asin(R/a) + asin(R_sun/au)) at the touch. Left out: the Sun's distance in December (0.984 au, 8e-5
    rad) and its parallax (4.7e-5 rad); at this grazing geometry dp = dc sin c / (cos(beta) sin p) is some four
    times dc and 923 s a radian, twice: 0.6 s together.
    """
    position, period = run["orbit/position"], run.attribute("orbit", "period")
    axis = np.linalg.norm(position, axis=1)
    assert np.ptp(axis) < 1e-6 * axis[0]
    normal = np.cross(position[0], run["orbit/velocity"][0])
    sine = normal @ run["orbit/sun_direction"][0] / np.linalg.norm(normal)
    touch = np.arcsin(EARTH_RADIUS / axis[0]) + np.arcsin(SUN_RADIUS / ASTRONOMICAL_UNIT)
    noon = np.arccos(-np.cos(touch) / np.sqrt(1 - sine**2))
    assert run.attribute("orbit", "eclipse_duration") == pytest.approx((1 - noon / np.pi) * period, abs=1.0)
    np.testing.assert_allclose(run["orbit/beta"], np.arcsin(sine), atol=1e-9)
    entry, leave = run.attribute("orbit", "eclipse_entry")[0], run.attribute("orbit", "eclipse_exit")[0]
    inside = (run["thermal/time"] > entry) & (run["thermal/time"] < leave)
    np.testing.assert_array_equal(run["orbit/lit_fraction"] < 1, inside)


def test_sunlight_on_the_arrays(run: RunFile) -> None:
    """Absorbed flux over absorptance and cosine is the Sun's, on cells that nothing shades.

    The Sun's distance: R = 1.00014 - 0.01671 cos g - 0.00014 cos 2g au (Astronomical Almanac, low precision, 1e-4),
    g the mean anomaly at 10216 days after noon of 2000-01-01 less half a day. Reflected light and cells that the
    bus shades spread to both sides; the median is bare sunlight to the absorptance's six digits.
    """
    anomaly = np.radians(357.528 + 0.9856003 * (10216 - 0.5))
    flux = 1361.0 / (1.00014 - 0.01671 * np.cos(anomaly) - 0.00014 * np.cos(2 * anomaly)) ** 2
    corners = run["mesh/vertices"][run["mesh/facets"]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    turned = run["orbit/body_pose"][:, :, :3, :3] @ np.swapaxes(run["mesh/body_pose"][:, :3, :3], 1, 2)
    turned = run["orbit/attitude"][:, None] @ turned
    cells = np.flatnonzero(run["mesh/facet_coating"] == list(run["mesh/coating"]).index("cells"))
    inertial = np.einsum("tfij,fj->tfi", turned[:, run["mesh/facet_body"][cells]], normal[cells])
    cosine = np.einsum("tfi,ti->tf", inertial, run["orbit/sun_direction"])
    assert cosine.min() > 0.5  # the wings track the Sun about one axis
    lit = run["orbit/lit_fraction"] == 1
    found = (run["thermal/facet_absorbed_solar"][:, cells] / cosine)[lit] / 0.9
    assert np.median(found) == pytest.approx(flux, rel=1e-3)
    assert np.all(run["thermal/facet_absorbed_solar"][:, cells][run["orbit/lit_fraction"] == 0] == 0)


def test_radiator_emits_by_its_temperature(run: RunFile) -> None:
    """Between sigma eps A T^4 with the view that reaches space at once, and with no view of anything else.

    Reflections bring part of the rest to space; the view in the file is the mean over poses, which differ by a
    few hundredths on a panel that turns with its wings.
    """
    nodes = run.nodes_of("radiator")
    facets = np.isin(run["mesh/facet_node"], nodes)
    emittance = next(c for c in run.case["coating"] if c["name"] == "radiator white")["infrared_emittance"]
    area = np.where(facets, emittance * run["mesh/facet_area"], 0.0)
    count = len(run["thermal/node"])
    everything = np.bincount(run["mesh/facet_node"], area, count)[nodes]
    directly = np.bincount(run["mesh/facet_node"], area * run["mesh/facet_space_view"], count)[nodes]
    black = STEFAN_BOLTZMANN * (run["thermal/temperature"][:, nodes] ** 4 - 2.725**4)
    emitted = run["thermal/node_emitted_to_space"][:, nodes]
    assert np.all(emitted < everything * black)
    assert np.all(emitted > 0.97 * directly * black)
    # The rest of its emission meets other surfaces: what it nets from them is at least minus that.
    assert np.all(emitted - run["thermal/node_exchanged"][:, nodes] < everything * black * (1 + 1e-9))


def test_facets_add_up_to_nodes(run: RunFile) -> None:
    """Absorbed flux times area over the facets of a node; facets are interpolated without the orbit's wrap."""
    area, node, count = run["mesh/facet_area"], run["mesh/facet_node"], len(run["thermal/node"])
    for source in ("solar", "albedo", "infrared"):
        flux = run[f"thermal/facet_absorbed_{source}"]
        total = np.stack([np.bincount(node, row * area, count) for row in flux])
        by_node = run[f"thermal/node_absorbed_{source}"]
        np.testing.assert_allclose(total, by_node, rtol=0, atol=1e-3 * np.abs(by_node).max())


def test_the_text_of_the_case_is_the_example(run: RunFile) -> None:
    assert run.case["orbit"]["altitude"] == "600 km"
    assert isinstance(run.file["case"], h5py.Group)
