"""Spectra that a case names as CSV or HDF5 files: differential spectra of ions, integral LET spectra.

A CSV file starts with a line of column names; lines that are empty or start with # are left out; numbers are plain
(1.5e-3), separated by commas. Wrong content raises SpectrumFileError naming file, line, column and what is allowed.
HDF5 files are read by `spectrum_hdf5`.
"""

import csv
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

LARGEST_ATOMIC_NUMBER = 28
# An ion's own table ends sharply: beside its last energy stands a zero at this relative distance.
_EDGE = 1e-9


class SpectrumFileError(ValueError):
    """A spectrum file that is missing, unreadable or wrong; the message names file, line and column."""


class ParticleSpectrumTable(NamedTuple):
    """Differential spectra on one energy grid; the arguments of ParticleEnvironment.from_spectrum."""

    atomic_number: np.ndarray  # [ion]
    energy: np.ndarray  # [energy], MeV/u
    flux: np.ndarray  # [ion, energy], m-2 s-1 sr-1 (MeV/u)-1


class LetSpectrumTable(NamedTuple):
    """Integral LET spectrum; the arguments of ParticleEnvironment.from_let_spectrum."""

    let: np.ndarray  # [point], MeV cm2/mg
    integral_flux: np.ndarray  # [point], m-2 s-1 sr-1


class _Row(NamedTuple):
    line: int
    values: tuple[float, ...]


def read_particle_spectrum(path: str | Path) -> ParticleSpectrumTable:
    """Read differential spectra: columns z, energy (MeV/u) and flux (m-2 s-1 sr-1 (MeV/u)-1), any order of columns.

    A file .h5 or .hdf5 has datasets of these names, see `rows_of_hdf5`. The rows of one z stand together or apart, in
    increasing energy; each z has at least two rows. Where ions have different energies they are put on the union of all
    by the power law between points that the solver uses too; outside its own energies an ion's flux is zero. z is 1 to
    28.
    """
    path = Path(path)
    spectra: dict[int, list[tuple[float, float]]] = {}
    columns = ("z", "energy", "flux")
    rows = _rows_of_datasets(path) if path.suffix.lower() in (".h5", ".hdf5") else _rows(path, columns)
    for line, (z, energy, flux) in rows:
        if z != int(z) or not 1 <= z <= LARGEST_ATOMIC_NUMBER:
            raise _error(path, line, "z", z, f"a whole number from 1 to {LARGEST_ATOMIC_NUMBER}")
        points = spectra.setdefault(int(z), [])
        if energy <= 0.0 or (points and energy <= points[-1][0]):
            raise _error(
                path, line, "energy", energy, "above zero and above the energy before it of the same z (MeV/u)"
            )
        if flux < 0.0:
            raise _error(path, line, "flux", flux, "zero or more (m-2 s-1 sr-1 (MeV/u)-1)")
        points.append((energy, flux))
    for z, points in spectra.items():
        if len(points) < 2:
            raise SpectrumFileError(f"{path}: z = {z} has one row; at least two energies are needed for each z")
    tables = {z: np.array(points).T for z, points in sorted(spectra.items())}
    energy = _union([table[0] for table in tables.values()])
    flux = np.array([_power_law(energy, *table) for table in tables.values()])
    return ParticleSpectrumTable(np.array(list(tables)), energy, flux)


def read_let_spectrum(path: str | Path) -> LetSpectrumTable:
    """Read an integral LET spectrum of ions of z >= 2: columns let (MeV cm2/mg) and flux (m-2 s-1 sr-1).

    flux is that of all particles above the row's LET: it must not increase from row to row. It is the spectrum
    at the device. Below the first row it stays at its value; above the last row there is nothing.
    """
    path = Path(path)
    points: list[tuple[float, float]] = []
    for line, (let, flux) in _rows(path, ("let", "flux")):
        if let <= 0.0 or (points and let <= points[-1][0]):
            raise _error(path, line, "let", let, "above zero and above the row before it (MeV cm2/mg)")
        if flux < 0.0 or (points and flux > points[-1][1]):
            raise _error(
                path, line, "flux", flux, "zero or more and not above the row before it: it is an integral flux"
            )
        points.append((let, flux))
    if len(points) < 2:
        raise SpectrumFileError(f"{path}: {len(points)} row(s) of numbers; at least two are needed")
    let, flux = np.array(points).T
    return LetSpectrumTable(let, flux)


def _rows_of_datasets(path: Path) -> list[_Row]:
    """The rows of an HDF5 file, counted from 1."""
    from caloris.case.spectrum_hdf5 import rows_of_hdf5  # here, because most cases name no HDF5 file

    try:
        return [_Row(k, row) for k, row in enumerate(rows_of_hdf5(path), 1)]
    except ValueError as error:
        raise SpectrumFileError(f"{path}: {error}") from None


def _error(path: Path, line: int, column: str, value: object, allowed: str) -> SpectrumFileError:
    shown = f"{value:g}" if isinstance(value, float) else repr(value)
    return SpectrumFileError(f"{path}, line {line}, column {column}: {shown} is not allowed; it must be {allowed}")


def _rows(path: Path, columns: tuple[str, ...]) -> list[_Row]:
    """Numbers of the named columns, with their line numbers."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SpectrumFileError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpectrumFileError(f"{path}: not readable as text ({error})") from None
    lines = [(n, row) for n, row in enumerate(text.splitlines(), 1) if row.strip() and not row.lstrip().startswith("#")]
    if not lines:
        raise SpectrumFileError(f"{path}: empty; the first line must name the columns {', '.join(columns)}")
    header_line, header = lines[0]
    names = [name.strip().lower() for name in next(csv.reader([header]))]
    if sorted(names) != sorted(columns):
        raise SpectrumFileError(
            f"{path}, line {header_line}: columns {', '.join(names)} are not allowed; the first line must be "
            f"{','.join(columns)}"
        )
    order = [names.index(column) for column in columns]
    rows = []
    for line, content in lines[1:]:
        cells = next(csv.reader([content]))
        if len(cells) != len(columns):
            raise SpectrumFileError(f"{path}, line {line}: {len(cells)} values; there must be {len(columns)}")
        rows.append(_Row(line, tuple(_number(path, line, names[k], cells[k]) for k in order)))
    if not rows:
        raise SpectrumFileError(f"{path}: no rows of numbers below the column names")
    return rows


def _number(path: Path, line: int, column: str, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        raise _error(path, line, column, cell.strip(), "a plain number such as 1.5e-3") from None
    if not math.isfinite(value):
        raise _error(path, line, column, cell.strip(), "finite")
    return value


def _union(grids: list[np.ndarray]) -> np.ndarray:
    """All energies, with a point just outside each grid that starts later or ends earlier than the others."""
    points = np.concatenate(grids)
    lowest, highest = points.min(), points.max()
    edges = [grid[0] * (1.0 - _EDGE) for grid in grids if grid[0] > lowest]
    edges += [grid[-1] * (1.0 + _EDGE) for grid in grids if grid[-1] < highest]
    return np.unique(np.concatenate([points, edges]))


def _power_law(energy: np.ndarray, own_energy: np.ndarray, own_flux: np.ndarray) -> np.ndarray:
    """The ion's flux on the union of energies: power law between its points, linear in ln E beside a zero."""
    k = np.clip(np.searchsorted(own_energy, energy, side="right") - 1, 0, own_energy.size - 2)
    u = np.log(energy / own_energy[k]) / np.log(own_energy[k + 1] / own_energy[k])
    left, right = own_flux[k], own_flux[k + 1]
    both = (left > 0.0) & (right > 0.0)
    power = np.where(both, left, 1.0) ** (1.0 - u) * np.where(both, right, 1.0) ** u
    value = np.where(both, power, (1.0 - u) * left + u * right)
    return np.where((energy >= own_energy[0]) & (energy <= own_energy[-1]), np.maximum(value, 0.0), 0.0)
