"""The table [particles]: what each form becomes, and what the wrong forms say."""

import h5py
import numpy as np
import pytest

from caloris.case.build_particles import build_orbit_environment, build_particles
from caloris.case.errors import CaseError
from caloris.case.load import parse_case
from caloris.case.spectrum_file import SpectrumFileError, read_particle_spectrum
from caloris.model.orbit_environment import EspFluence, KingFluence
from caloris_kernels.particle.solar_modulation import monthly_modulation

ORBIT = """
[orbit]
altitude = "650 km"
inclination = "98 deg"
raan = "10 deg"
epoch = 2027-03-21T00:00:00Z
"""
DEVICE = """
[[device]]
name = "memory"
proton = { onset = "30 MeV", width = "10 MeV", exponent = 1.0, plateau = "1e-11 cm^2" }
"""


def particles(text, orbit=""):
    return parse_case(f"{orbit}[particles]\n{text}\n{DEVICE}")


@pytest.mark.parametrize(
    ("written", "year"),
    [('"model"', None), ("1980", 1980.0), ("1980.5", 1980.5), ("2020-07-02", 2020.5), ('"1964-01-01"', 1964.0)],
)
def test_field_epoch(written, year):
    case = particles(f'trapped = {{ proton = "AP8MAX", electron = "AE8MIN", field_epoch = {written} }}', ORBIT)
    along = build_orbit_environment(case)
    assert along is not None and (along.proton, along.electron) == ("AP8MAX", "AE8MIN")
    if year is None:
        assert along.proton_epoch is None
        assert (along.proton_year, along.electron_year) == (1970.0, 1964.0)
    else:
        # A day is 0.0027 of a year.
        assert float(along.proton_epoch) == pytest.approx(year, abs=0.002)  # pyright: ignore[reportArgumentType]
    assert along.storm is None and along.repeat is None and along.solar_modulation is None


@pytest.mark.parametrize(("written", "expected"), [("12.5", 12.5), ("1996-08-15", None), ('"1996-08-15"', None)])
def test_solar_modulation(written, expected):
    case = particles(f'galactic = {{ model = "matthia-2013", solar_modulation = {written} }}')
    assert case.particles is not None and case.particles.galactic is not None
    assert case.particles.galactic.solar_modulation == pytest.approx(expected or monthly_modulation(1996, 8))


def test_storm_and_missions():
    rays = 'galactic = { model = "matthia-2013", solar_modulation = 10 }\n'
    storm = build_orbit_environment(particles(rays + 'cutoff = { magnetosphere = "storm" }', ORBIT))
    assert storm is not None and float(storm.storm) == 1.0 and storm.proton is None  # pyright: ignore
    assert (storm.arrival, storm.internal_field) == ("vertical", False)
    core = build_orbit_environment(particles(rays + 'cutoff = { magnetosphere = "none", form = "directional" }', ORBIT))
    assert core is not None and float(core.storm) == 0.0  # pyright: ignore
    assert (core.arrival, core.internal_field) == ("directional", True)
    for written, mission in (
        ('{ model = "ESP", years = 5, confidence = 0.95 }', EspFluence),
        ('{ model = "King" }', KingFluence),
    ):
        with_event = build_orbit_environment(particles(f"{rays}solar_event = {written}\ncutoff = {{}}", ORBIT))
        assert with_event is not None and isinstance(with_event.mission, mission) and with_event.solar_event is None


def test_without_the_field():
    """A worst week in free space and with the shadow of an orbit given by beta; ESP without any rate."""
    free = build_particles(particles('solar_event = "worst-week"'))
    beta = '[orbit]\naltitude = "650 km"\nbeta = "0 deg"\n'
    shadowed = build_particles(particles('solar_event = "worst-day"', beta))
    mission = build_particles(particles('solar_event = { model = "ESP", years = 7, confidence = 0.9 }'))
    assert free is not None and shadowed is not None and mission is not None
    assert free.name.endswith("free space: no geomagnetic cutoff, no trapped particles")
    assert [name for name, _ in shadowed.components] == ["solar particles of the worst day"]
    assert mission.source is None and mission.fluence is not None


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ('trapped = { proton = "AE8MIN" }', "particles/trapped/proton", 'allowed: "AP8MIN" or "AP8MAX"'),
        ('trapped = { proton = "AP8MIN", field_epoch = "today" }', "particles/trapped/field_epoch", '"model"'),
        ('trapped = { proton = "AP8MIN", field_epoch = 1800 }', "particles/trapped/field_epoch", "1900 to 2030"),
        ("cutoff = {}", "particles/cutoff", "nothing to keep away"),
        ('solar_event = { model = "JPL" }', "particles/solar_event", 'model = "JPL" is not known'),
        ('solar_event = { model = "King", years = 3 }', "particles/solar_event", "years given, which King"),
        ('solar_event = { model = "ESP", years = 3, confidence = 1.5 }', "particles/solar_event", "0.999"),
        (
            'galactic = { model = "matthia-2013", solar_modulation = 300 }',
            "particles/galactic/solar_modulation",
            "or a date, as in 2009-12-01, from 1964-04 to 2021-01",
        ),
    ],
)
def test_wrong_tables(text, path, words):
    with pytest.raises(CaseError) as error:
        particles(text, ORBIT)
    found = [str(problem) for problem in error.value.errors if problem.path.startswith(path)]
    assert any(words in line for line in found), str(error.value)


def test_planets_and_epochs_without_a_field():
    rays = 'galactic = { model = "matthia-2013", solar_modulation = 10 }\ncutoff = {}'
    with pytest.raises(CaseError, match="known for the Earth alone"):
        particles(rays, '[planet]\nradius = "1737 km"\n' + ORBIT)
    with pytest.raises(CaseError, match="is known from 1900 to 2030; orbit/epoch is 2035"):
        particles(rays, ORBIT.replace("2027", "2035"))


def test_spectra_of_hdf5(tmp_path):
    """Both layouts give what a CSV file of the same numbers gives."""
    energy, flux = np.array([1.0, 10.0, 100.0]), np.array([[9.0, 4.0, 1.0], [3.0, 2.0, 0.5]])
    matrix, columns = tmp_path / "matrix.h5", tmp_path / "columns.hdf5"
    with h5py.File(matrix, "w") as file:
        file["z"], file["energy"], file["flux"] = [1, 26], energy, flux
    with h5py.File(columns, "w") as file:
        file["z"], file["energy"], file["flux"] = np.repeat([1, 26], 3), np.tile(energy, 2), flux.ravel()
    text = "z,energy,flux\n" + "".join(
        f"{z},{e},{flux[k, j]}\n" for k, z in enumerate((1, 26)) for j, e in enumerate(energy)
    )
    (tmp_path / "table.csv").write_text(text)
    expected = read_particle_spectrum(tmp_path / "table.csv")
    for path in (matrix, columns):
        for got, wanted in zip(read_particle_spectrum(path), expected, strict=True):
            np.testing.assert_array_equal(got, wanted)


def test_wrong_spectra_of_hdf5(tmp_path):
    path = tmp_path / "wrong.h5"
    path.write_bytes(b"no HDF5")
    with pytest.raises(SpectrumFileError, match="not readable as HDF5"):
        read_particle_spectrum(path)
    for data, words in (
        ({"z": [1], "energy": [1.0]}, "no dataset flux; allowed: z, energy and flux of one length"),
        ({"z": [1, 2], "energy": [1.0, 2.0, 3.0], "flux": [1.0]}, "do not fit"),
        ({"z": [1, 1], "energy": [1.0, np.nan], "flux": [1.0, 1.0]}, "dataset energy must hold finite numbers"),
        ({"z": [1, 1], "energy": [2.0, 1.0], "flux": [1.0, 1.0]}, "line 2, column energy"),
    ):
        with h5py.File(path, "w") as file:
            for name, values in data.items():
                file[name] = values
        with pytest.raises(SpectrumFileError) as error:
            read_particle_spectrum(path)
        assert words in str(error.value)
