"""Differential spectra in HDF5: datasets z, energy (MeV/u) and flux (m-2 s-1 sr-1 (MeV/u)-1) at the top of the file."""

from pathlib import Path

import h5py
import numpy as np

_NAMES = ("z", "energy", "flux")
_ALLOWED = "allowed: z, energy and flux of one length, or z [ion], energy [energy] and flux [ion, energy]"


def rows_of_hdf5(path: Path) -> list[tuple[float, float, float]]:
    """Rows (z, energy, flux), ion by ion; ValueError says what is wrong.

    Either three lists of one length, as the columns of a CSV file, or one energy grid for all ions with the flux as a
    matrix. Ranges are checked by `spectrum_file`, like those of a CSV file.
    """
    try:
        with h5py.File(path, "r") as file:
            missing = [name for name in _NAMES if not isinstance(file.get(name), h5py.Dataset)]
            if missing:
                raise ValueError(f"no dataset {', '.join(missing)}; {_ALLOWED}")
            z, energy, flux = (np.asarray(file[name]) for name in _NAMES)
    except OSError as error:
        raise ValueError(f"not readable as HDF5 ({error})") from None
    for name, array in zip(_NAMES, (z, energy, flux), strict=True):
        if array.dtype.kind not in "iuf" or not np.isfinite(array).all():
            raise ValueError(f"dataset {name} must hold finite numbers")
    z, energy, flux = np.atleast_1d(z), np.atleast_1d(energy), np.atleast_1d(flux)
    if z.ndim == energy.ndim == 1 and flux.shape == (z.size, energy.size) and flux.ndim == 2:
        z, energy = np.repeat(z, energy.size), np.tile(energy, z.size)
        flux = flux.ravel()
    if not z.shape == energy.shape == flux.shape or z.ndim != 1 or z.size == 0:
        raise ValueError(f"z {z.shape}, energy {energy.shape} and flux {flux.shape} do not fit; {_ALLOWED}")
    return [(float(a), float(b), float(c)) for a, b, c in zip(z, energy, flux, strict=True)]
