from pathlib import Path

import numpy as np
import pytest

from caloris.case.spectrum_file import SpectrumFileError, read_let_spectrum, read_particle_spectrum
from caloris_validation import creme96_figures

EXAMPLE = Path(__file__).parents[3] / "examples" / "lm7912_let_spectrum.csv"


def written(folder, text):
    path = folder / "spectrum.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_example_holds_the_carried_figures():
    table = read_let_spectrum(EXAMPLE)
    # The same five printed digits in both places.
    assert np.array_equal(np.array(table).T, np.array(creme96_figures.LET_SPECTRUM))


def test_particle_spectrum_in_any_column_order(tmp_path):
    path = written(tmp_path, "# comment\nflux, z ,Energy\n\n4,2,10\n1,2,100\n8,1,10\n2,1,100\n")
    table = read_particle_spectrum(path)
    assert table.atomic_number.tolist() == [1, 2]
    assert table.energy.tolist() == [10.0, 100.0]
    assert table.flux.tolist() == [[8.0, 2.0], [4.0, 1.0]]


def test_different_energies_are_put_on_their_union(tmp_path):
    path = written(tmp_path, "z,energy,flux\n1,1,100\n1,100,1\n26,10,5\n26,1000,0.5\n")
    table = read_particle_spectrum(path)
    assert set(np.array([1.0, 10.0, 100.0, 1000.0])) <= set(table.energy.tolist())
    flux = {(z, e): f for z, row in zip(table.atomic_number, table.flux, strict=True)
            for e, f in zip(table.energy, row, strict=True)}  # fmt: skip
    # Power laws: 100 E^-1 and 50 E^-0.5 / ... at the other ion's energies; zero outside an ion's own energies.
    assert flux[1, 10.0] == pytest.approx(10.0, rel=1e-12)
    assert flux[26, 100.0] == pytest.approx(5.0 * 10**-0.5, rel=1e-12)
    assert flux[26, 1.0] == 0.0 and flux[1, 1000.0] == 0.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty", "z, energy, flux"]),
        ("z,energy\n1,2\n", ["line 1", "z, energy", "z,energy,flux"]),
        ("z,energy,flux\n", ["no rows"]),
        ("z,energy,flux\n1,2\n", ["line 2", "2 values", "3"]),
        ("z,energy,flux\n1,ten,3\n", ["line 2", "column energy", "'ten'", "number"]),
        ("z,energy,flux\n1,10,nan\n", ["line 2", "column flux", "finite"]),
        ("z,energy,flux\n1.5,10,3\n", ["line 2", "column z", "1 to 28"]),
        ("z,energy,flux\n92,10,3\n", ["line 2", "column z", "1 to 28"]),
        ("z,energy,flux\n1,10,3\n1,10,2\n", ["line 3", "column energy", "above"]),
        ("z,energy,flux\n1,10,3\n1,20,-2\n", ["line 3", "column flux", "zero or more"]),
        ("z,energy,flux\n1,10,3\n", ["z = 1", "two energies"]),
    ],
)
def test_wrong_particle_spectra_are_named(tmp_path, text, words):
    path = written(tmp_path, text)
    with pytest.raises(SpectrumFileError) as error:
        read_particle_spectrum(path)
    for word in [str(path), *words]:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("let,flux\n1,3\n", ["two"]),
        ("let,flux\n1,3\n0.5,2\n", ["line 3", "column let", "above"]),
        ("let,flux\n1,3\n2,4\n", ["line 3", "column flux", "integral"]),
        ("energy,flux\n1,3\n2,4\n", ["line 1", "let,flux"]),
    ],
)
def test_wrong_let_spectra_are_named(tmp_path, text, words):
    path = written(tmp_path, text)
    with pytest.raises(SpectrumFileError) as error:
        read_let_spectrum(path)
    for word in [str(path), *words]:
        assert word in str(error.value)


def test_missing_and_binary_files(tmp_path):
    with pytest.raises(SpectrumFileError, match="no such file"):
        read_let_spectrum(tmp_path / "none.csv")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(SpectrumFileError, match="not readable"):
        read_particle_spectrum(binary)
