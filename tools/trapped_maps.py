"""Pack NASA's files of the AP-8 and AE-8 maps into kernels/caloris_kernels/trapped/tables/ap8_ae8.npz.

    python tools/trapped_maps.py FOLDER [FILE]

FOLDER holds ap8min.asc, ap8max.asc, ae8min.asc and ae8max.asc as NASA's Community Coordinated Modeling Center gave
them out (modelweb/radiation_belt/radbelt/fortran_code); the same files are in the repositories nasa/radbelt
(radbelt/extern/aep8) and jacobwilliams/radbelt (data/aep8). Their format is 1X,12I6: a header of eight integers, then
the map. In the header: the second is the number of steps that log10 of the flux falls by in one decade, the third the
epoch (year), then come the scales of energy (MeV), L, B/B0 - 1 and log10 of the flux, and the number of integers that
follow.
"""

import sys
from pathlib import Path

import numpy as np

TABLE = Path(__file__).parents[1] / "kernels" / "caloris_kernels" / "trapped" / "tables" / "ap8_ae8.npz"
NAMES = ("ap8min", "ap8max", "ae8min", "ae8max")


def read(file: Path) -> np.ndarray:
    """Header and map of one file, as many integers as its header says."""
    values: list[int] = []
    for line in file.read_text().splitlines():
        numbers = line[1:]
        values += [int(numbers[i : i + 6]) for i in range(0, len(numbers), 6) if numbers[i : i + 6].strip()]
    length = 8 + values[7]
    if not length - 1 <= len(values) <= length + 12:
        raise ValueError(f"{file}: its header speaks of {values[7]} integers, there are {len(values) - 8}")
    return np.array(values[:length], np.int32)


def main(folder: Path, table: Path = TABLE) -> None:
    """All four maps under their names in capital letters."""
    np.savez_compressed(table, **{name.upper(): read(folder / f"{name}.asc") for name in NAMES})


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:3]))
